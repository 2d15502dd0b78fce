"""Messages that nobody got: the last of them, and how many there were of each kind."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any, NamedTuple

KEPT = 1000
"""How many dead letters are kept to look at."""


class DeadLetter(NamedTuple):
    """One message that was told to an actor which no longer, or not yet again, lives."""

    address: str
    message: Any


class DeadLetters:
    """A ring of the last dead letters, with a count by address and message type."""

    def __init__(self) -> None:
        """Begin empty."""
        self.ring: deque[DeadLetter] = deque(maxlen=KEPT)
        self.counts: Counter[tuple[str, str]] = Counter()

    def add(self, address: str, message: Any) -> None:
        """Keep one."""
        self.ring.append(DeadLetter(address, message))
        self.counts[address, type(message).__name__] += 1
