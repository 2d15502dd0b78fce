"""A disk that takes its time, fails and stalls: where a simulated log's commits go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.session.journal import JournalUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from actors.runtime.clock import Clock
    from actors.session.journal import Done


class Disk:
    """Commits up to ``lag`` seconds late, one at a time; while it fails none, while it stalls none yet."""

    def __init__(self, clock: Clock, random: Random, lag: float) -> None:
        """Begin well."""
        self._clock = clock
        self._random = random
        self._lag = lag
        self._fails_until = 0.0
        self._stalls_until = 0.0
        self._power = object()

    def commit(self, _entries: Sequence[Any], done: Done) -> None:
        """Decide, now or later, whether the entries are on record."""
        stalled = max(0.0, self._stalls_until - self._clock.monotonic())
        seconds = stalled + (self._random.uniform(0, self._lag) if self._lag else 0.0)
        if not seconds:
            self._decide(done)
            return
        power = self._power

        def decide() -> None:
            if self._power is power:
                self._decide(done)

        self._clock.call_later(seconds, decide)

    def _decide(self, done: Done) -> None:
        failing = self._clock.monotonic() < self._fails_until
        done(JournalUnavailable("the simulated disk fails") if failing else None)

    def fail(self, seconds: float) -> None:
        """Commit nothing for so long."""
        self._fails_until = self._clock.monotonic() + seconds

    def stall(self, seconds: float) -> None:
        """Answer nothing for so long."""
        self._stalls_until = self._clock.monotonic() + seconds

    def cut(self) -> None:
        """Answer nobody who waits for a commit: they are gone."""
        self._power = object()
