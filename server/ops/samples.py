"""How fast it goes, as a ring of samples: enough to see what changed in the last ten minutes. Pure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERY = 2.0
"""How many seconds a sample covers."""

KEPT = 300


class Count(NamedTuple):
    """What has been counted since the start; runs by how they ended."""

    events: int = 0
    runs_success: int = 0
    runs_error: int = 0
    runs_cancelled: int = 0
    runs_timed_out: int = 0
    crashes: int = 0
    restarts: int = 0
    dead_letters: int = 0


class Gauge(NamedTuple):
    """What is measured at one moment, or was at worst since the last one. Times are in milliseconds."""

    connections: int = 0
    actors: int = 0
    commit_ms: float = 0.0
    commit_worst_ms: float = 0.0
    hub_worst_ms: float = 0.0


Sample = dict[str, float]
"""Of each field of `Count` how many a second, and each field of `Gauge`."""


def sample(before: Count, now: Count, gauge: Gauge, seconds: float) -> Sample:
    """Return what happened between two counts that are ``seconds`` apart."""
    pairs = zip(Count._fields, before, now, strict=True)
    rates = {name: round((new - old) / seconds, 2) for name, old, new in pairs}
    return rates | {name: round(value, 2) for name, value in gauge._asdict().items()}


class Ring:
    """The last samples, numbered from 1."""

    def __init__(self) -> None:
        """Begin empty."""
        self._samples: deque[Sample] = deque(maxlen=KEPT)
        self.last = 0
        """The number of the newest; 0 where there is none."""

    def add(self, one: Sample) -> None:
        """Keep one."""
        self.last += 1
        self._samples.append(one)

    def after(self, number: int) -> Mapping[str, list[float]]:
        """Return what is kept of those behind ``number``, oldest first, by field: a number of another life is 0."""
        behind = number if 0 <= number <= self.last else 0
        wanted = list(self._samples)[max(0, len(self._samples) - (self.last - behind)) :]
        return {name: [one[name] for one in wanted] for name in (*Count._fields, *Gauge._fields)}
