"""What crossed the sockets of one client, connection by connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from actors.testing.views import Entry

if TYPE_CHECKING:
    from collections.abc import Callable


class Passage(NamedTuple):
    """One connection: which life of the server it was with, and all its frames."""

    life: int
    entries: list[Entry]


class Recorder:
    """Taps a client, whose connections begin with a welcome each; ``unanswered`` are ids of the last one's frames."""

    def __init__(self, life: Callable[[], int], on_frame: Callable[[], object]) -> None:
        """Begin before the first connection; ``life`` tells the number of the server's life of now."""
        self.passages: list[Passage] = []
        self.unanswered: set[str] = set()
        self._life = life
        self._on_frame = on_frame

    @property
    def life(self) -> int:
        """The life of the last connection; 0 before the first."""
        return self.passages[-1].life if self.passages else 0

    def __call__(self, sent: bool, text: str) -> None:  # noqa: FBT001 - as the library calls it
        """Take what crosses the socket."""
        entry = Entry.of(text, sent=sent)
        if not sent and entry.frame["type"] == "welcome":
            self.passages.append(Passage(self._life(), []))
            self.unanswered = set()
        self.passages[-1].entries.append(entry)
        if sent and "id" in entry.frame:
            self.unanswered.add(entry.frame["id"])
        self.unanswered.discard(entry.frame.get("re"))
        self._on_frame()
