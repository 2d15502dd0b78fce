"""What a supervisor keeps of its children: each one's record, and who is next to go down or to come up."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actors.runtime.actor import Reply
    from actors.runtime.cell import Cell
    from actors.runtime.specs import ChildSpec


class Child:
    """What a supervisor keeps of one child.

    ``rank`` grows in the order of starts. ``settled`` is the last incarnation whose end needs no more mending.
    ``unwanted`` means that it is forgotten when it has ended, ``shelved`` that only its spec stays then.
    """

    __slots__ = (
        "cell",
        "failures",
        "rank",
        "settled",
        "shelved",
        "start_replies",
        "started_at",
        "stop_replies",
        "stop_sent",
        "unwanted",
        "window",
    )

    def __init__(self, cell: Cell, rank: int) -> None:
        """Begin without failures."""
        self.cell = cell
        self.rank = rank
        self.window: tuple[float, ...] = ()
        self.failures = 0
        self.started_at = 0.0
        self.settled = 0
        self.stop_sent = False
        self.unwanted = False
        self.shelved = False
        self.start_replies: tuple[Reply[Any], ...] = ()
        self.stop_replies: tuple[Reply[Any], ...] = ()

    @property
    def id(self) -> str:
        """The id, unique under the supervisor."""
        return self.cell.spec.id

    @property
    def spec(self) -> ChildSpec:
        """The spec; that of a temporary child has no arguments any more once it lives."""
        return self.cell.spec

    @property
    def leaving(self) -> bool:
        """Whether no life follows this one, by order."""
        return self.unwanted or self.shelved


class Lineup:
    """A set of children that knows who is first: the oldest where they come up, the youngest where they go down.

    A scan over all children at each event would make many of them cost the square of their number.
    It is empty for most of its life, and holds nothing then.
    """

    __slots__ = ("_heap", "_members", "_sign")

    def __init__(self, *, youngest_first: bool) -> None:
        """Begin empty."""
        self._sign = -1 if youngest_first else 1
        self._members: set[Child] | None = None
        self._heap: list[tuple[int, Child]] | None = None

    def __contains__(self, child: Child) -> bool:
        """Tell whether the child is there."""
        return self._members is not None and child in self._members

    def __len__(self) -> int:
        """Count the children."""
        return 0 if self._members is None else len(self._members)

    def add(self, child: Child) -> None:
        """Put a child in; harmless where it is in already."""
        if self._members is None or self._heap is None:
            self._members, self._heap = set(), []
        if child not in self._members:
            self._members.add(child)
            # Ranks are unique but for the same child's: two entries never make the heap compare children.
            heapq.heappush(self._heap, (self._sign * child.rank, child))

    def discard(self, child: Child) -> None:
        """Take a child out, if it is in; its place in the heap is cleared when it comes to the front."""
        if self._members is not None:
            self._members.discard(child)
            if not self._members:
                self.clear()

    def clear(self) -> None:
        """Take everybody out."""
        self._members = self._heap = None

    def first(self) -> Child | None:
        """Return who is first, or None."""
        while self._heap and self._heap[0][1] not in self:
            heapq.heappop(self._heap)
        return self._heap[0][1] if self._heap else None
