"""Messages that nobody got: the last of them, and how many there were of each kind."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = 1000
"""How many dead letters are kept to look at."""

COUNTED = 10_000
"""Of how many addresses and types the counts are kept: each tool call has an address of its own."""


class DeadLetter(NamedTuple):
    """One message that was told to an actor which no longer, or not yet again, lives."""

    address: str
    message: Any


class DeadLetters:
    """A ring of the last dead letters, with a count by address and message type, of which the oldest are forgotten."""

    def __init__(self) -> None:
        """Begin empty."""
        self.ring: deque[DeadLetter] = deque(maxlen=KEPT)
        self.counts: Counter[tuple[str, str]] = Counter()
        self._listeners: list[Callable[[DeadLetter], object]] = []

    def listen(self, listener: Callable[[DeadLetter], object]) -> None:
        """Have ``listener`` called with each dead letter from now on; it may neither block nor raise."""
        self._listeners.append(listener)

    def add(self, address: str, message: Any) -> None:
        """Keep one."""
        letter = DeadLetter(address, message)
        self.ring.append(letter)
        self.counts[address, type(message).__name__] += 1
        if len(self.counts) > COUNTED:
            del self.counts[next(iter(self.counts))]
        for listener in self._listeners:
            listener(letter)
