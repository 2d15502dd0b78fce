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
    """Taps a client. Its connections begin with a welcome, each."""

    def __init__(self, life: Callable[[], int]) -> None:
        """Begin before the first connection; ``life`` tells the number of the server's life of now."""
        self.passages: list[Passage] = []
        self._life = life

    @property
    def life(self) -> int:
        """The life of the last connection; 0 before the first."""
        return self.passages[-1].life if self.passages else 0

    def __call__(self, sent: bool, text: str) -> None:  # noqa: FBT001 - as the library calls it
        """Take what crosses the socket."""
        entry = Entry.of(text, sent=sent)
        if not sent and entry.frame["type"] == "welcome":
            self.passages.append(Passage(self._life(), []))
        self.passages[-1].entries.append(entry)
