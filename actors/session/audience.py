"""Who watches a session: its subscriptions, each a cursor into the log.

A subscription that keeps up gets each event as it is committed. One whose socket is full is left where it stands and
costs nothing; when there is room again it reads on from the journal until it has caught up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.session.connection import Refusal
from actors.session.journal import JournalUnavailable, LogPruned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from actors.session.connection import Connection
    from actors.session.events import Recorded
    from actors.session.journal import Journal

READ_AT_ONCE = 100
"""How many events a subscription that is behind reads from the journal before it looks at its socket again."""

UNREADABLE = Refusal("internal", "The session's log can't be read now. Try again later.", temporary=True)


class Subscription:
    """One connection's place in one session's log: ``cursor`` is the last seq that was written to it.

    It outlives the session actor, so that the next incarnation goes on where the last one stopped.
    """

    __slots__ = ("connection", "cursor", "session_id")

    def __init__(self, connection: Connection, session_id: str) -> None:
        """Stand nowhere yet."""
        self.connection = connection
        self.session_id = session_id
        self.cursor = 0

    def write(self, frames: Sequence[bytes]) -> bool:
        """Write the events that are next, as far as the socket has room; tell whether it had room for all."""
        written = self.connection.forward(frames)
        self.cursor += written
        return written == len(frames)

    def __eq__(self, other: object) -> bool:
        """Compare by connection and session: two frames may each have brought one before the first took its place."""
        return (
            isinstance(other, Subscription)
            and other.connection is self.connection
            and other.session_id == self.session_id
        )

    def __hash__(self) -> int:
        """Hash by what makes equal."""
        return hash((id(self.connection), self.session_id))


class Audience:
    """The subscriptions of one session."""

    __slots__ = ("_journal", "_session_id", "_subscriptions")

    def __init__(self, journal: Journal, session_id: str) -> None:
        """Begin with nobody."""
        self._journal = journal
        self._session_id = session_id
        # Keyed by themselves: one that only equals the one that is here must not move a cursor of its own.
        self._subscriptions: dict[Subscription, Subscription] = {}

    def __iter__(self) -> Iterator[Subscription]:
        """Go over a copy, so that the loop may remove."""
        return iter(tuple(self._subscriptions))

    def __len__(self) -> int:
        """Count them."""
        return len(self._subscriptions)

    def __contains__(self, subscription: Subscription) -> bool:
        """Tell whether it is here."""
        return subscription in self._subscriptions

    def add(self, subscription: Subscription, cursor: int) -> None:
        """Write to ``subscription`` what comes after ``cursor``."""
        self.remove(subscription)
        subscription.cursor = cursor
        self._subscriptions[subscription] = subscription

    def remove(self, subscription: Subscription) -> None:
        """Write no more to it."""
        self._subscriptions.pop(subscription, None)

    def show(self, entries: Sequence[Recorded]) -> None:
        """Write committed events, of which there are some, to everybody who has all that came before them."""
        first_seq, frames = entries[0].event.seq, [entry.frame for entry in entries]
        for subscription in self._subscriptions:
            missing = subscription.cursor + 1 - first_seq
            if 0 <= missing < len(frames):
                subscription.write(frames[missing:] if missing else frames)

    def show_live(self, frame: bytes, head_seq: int) -> None:
        """Write what isn't recorded to everybody who is up to date; the others can do without."""
        for subscription in self._subscriptions:
            if subscription.cursor >= head_seq:
                subscription.connection.forward((frame,))

    def catch_up(self, subscription: Subscription, head_seq: int) -> None:
        """Write what the subscription lacks of the log up to ``head_seq``, as far as its socket has room.

        Blocks as long as the journal reads.
        """
        subscription = self._subscriptions[subscription]
        try:
            while self._write_more(subscription, head_seq):
                pass
        except LogPruned:
            self.remove(subscription)
            subscription.connection.outrun()
        except JournalUnavailable:
            self.remove(subscription)
            subscription.connection.gone(self._session_id, UNREADABLE)

    def _write_more(self, subscription: Subscription, head_seq: int) -> bool:
        """Write the next events that the subscription lacks; tell whether there is more to write, and room for it."""
        limit = min(READ_AT_ONCE, head_seq - subscription.cursor)
        if limit <= 0 or not subscription.connection.writable:
            return False
        frames = self._journal.read(self._session_id, subscription.cursor, limit)
        return bool(frames) and subscription.write(frames)
