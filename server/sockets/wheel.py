"""What must be looked at when: a timer wheel. Pure.

Looking at everything every second costs as much as there is of it: 27 ms in one piece for 15,000 connections. On the
wheel a second costs what is due in it. (Varghese and Lauck: Hashed and Hierarchical Timing Wheels, 1987.)
"""

from __future__ import annotations

from collections import defaultdict

SLOT = 0.25
"""How many seconds are one slot; by so much, at most, something is late."""


class Wheel:
    """Names in slots of time. One that is to be due earlier is put again: where it stood isn't searched for."""

    def __init__(self, now: float) -> None:
        """Begin empty; ``now`` is in monotonic seconds, as all times are."""
        self._slots: defaultdict[int, list[str]] = defaultdict(list)
        self._next = int(now / SLOT)

    def put(self, name: str, at: float) -> None:
        """Have a name be due at a time, or as soon as it can be where that is over."""
        self._slots[max(int(at / SLOT) + 1, self._next)].append(name)

    def turn(self, now: float) -> list[str]:
        """Return the names that have become due, the earliest first, and forget them."""
        last = int(now / SLOT)
        slots = [self._slots.pop(number, ()) for number in range(self._next, last + 1)]
        self._next = max(self._next, last + 1)
        return [name for slot in slots for name in slot]
