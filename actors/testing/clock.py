"""Time that a test moves by hand."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

from actors.testing.settling import settle

if TYPE_CHECKING:
    from collections.abc import Callable

START_MS = 1_760_000_000_000
"""Where the wall stands at first, in milliseconds since 1970 UTC: some day in 2025."""


TICK = 1e-6
"""How finely time goes, in seconds: with less, what is due in 1e-17 s would be due for ever without time going on."""


class _Due:
    """A call that is due at ``at``, in virtual seconds."""

    __slots__ = ("at", "call")

    def __init__(self, at: float, call: Callable[[], object]) -> None:
        self.at = at
        self.call: Callable[[], object] | None = call

    def cancel(self) -> None:
        """Make sure that the call doesn't happen."""
        self.call = None


class ManualClock:
    """A clock that stands still until `advance`. Its two times, monotonic and wall, move together."""

    def __init__(self, start_ms: int = START_MS) -> None:
        """Stand at 0 s, which is ``start_ms`` on the wall."""
        self._now = 0.0
        self._start_ms = start_ms
        self._order = itertools.count()
        self._timers: list[tuple[float, int, _Due]] = []

    def monotonic(self) -> float:
        """Return the seconds that it was advanced in all."""
        return self._now

    def epoch_ms(self) -> int:
        """Return milliseconds since 1970 UTC."""
        return self._start_ms + round(self._now * 1000)

    def call_later(self, seconds: float, call: Callable[[], object]) -> _Due:
        """Have ``call`` called by the `advance` that passes its time."""
        due = _Due(self._now + (max(seconds, TICK) if seconds > 0 else 0.0), call)
        heapq.heappush(self._timers, (due.at, next(self._order), due))
        return due

    def advance(self, seconds: float) -> None:
        """Move on, calling what falls due in order, each at its time; what actors do about it is done before the next.

        Blocks until the actors have come to rest.
        """
        end = self._now + seconds
        settle()
        while self.fire_next(end):
            settle()
        self._now = end

    def next_due(self) -> float | None:
        """Return when the next call is due, in seconds on this clock, or None."""
        while self._timers and self._timers[0][2].call is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def fire_next(self, until: float = float("inf")) -> bool:
        """Move to the next call that is due by ``until`` and make it; tell whether there was one. Doesn't block."""
        at = self.next_due()
        if at is None or at > until:
            return False
        due = heapq.heappop(self._timers)[2]
        self._now = max(self._now, at)
        call, due.call = due.call, None
        assert call is not None
        call()
        return True
