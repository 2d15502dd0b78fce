"""How long something takes, again and again: how often, on the whole and at worst, since somebody last looked. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Lap(NamedTuple):
    """What was noted between two looks, in seconds."""

    times: int = 0
    total: float = 0.0
    worst: float = 0.0

    @property
    def mean(self) -> float:
        """How long it took on average; 0.0 where nothing was noted."""
        return self.total / self.times if self.times else 0.0


class Times:
    """Notes times and gives them out in laps; there is one who looks."""

    __slots__ = ("_lap",)

    def __init__(self) -> None:
        """Begin with nothing noted."""
        self._lap = Lap()

    def note(self, seconds: float) -> None:
        """Note one."""
        times, total, worst = self._lap
        self._lap = Lap(times + 1, total + seconds, max(worst, seconds))

    def lap(self) -> Lap:
        """Return what was noted since the last look, and begin anew."""
        lap, self._lap = self._lap, Lap()
        return lap
