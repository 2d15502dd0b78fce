"""Messages that nobody got: the last of them, and how many there were of each kind."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.clock import Clock

KEPT = 1000
"""How many dead letters are kept to look at."""

COUNTED = 10_000
"""Of how many addresses and types the counts are kept: each tool call has an address of its own."""


class DeadLetter(NamedTuple):
    """One message that was told to an actor which no longer, or not yet again, lives; ``at_ms`` is epoch ms."""

    address: str
    message: Any
    at_ms: int

    @property
    def message_type(self) -> str:
        """What the message is, without what is in it."""
        return type(self.message).__name__


class DeadLetters:
    """A ring of the last dead letters, and how many there were.

    Attributes:
        ring: the last ones, the newest last.
        counts: how many, by address and message type; of these the oldest are forgotten.
        types: how many, by message type.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin empty."""
        self._clock = clock
        self.ring: deque[DeadLetter] = deque(maxlen=KEPT)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.types: Counter[str] = Counter()
        self._listeners: list[Callable[[DeadLetter], object]] = []

    def listen(self, listener: Callable[[DeadLetter], object]) -> None:
        """Have ``listener`` called with each dead letter from now on; it may neither block nor raise."""
        self._listeners.append(listener)

    def add(self, address: str, message: Any) -> None:
        """Keep one."""
        letter = DeadLetter(address, message, self._clock.epoch_ms())
        kind = letter.message_type
        self.ring.append(letter)
        self.types[kind] += 1
        self.counts[address, kind] += 1
        if len(self.counts) > COUNTED:
            del self.counts[next(iter(self.counts))]
        for listener in self._listeners:
            listener(letter)
