"""What is made of measurements: medians, ratios with their spread, and whether a promise holds. Pure."""

from __future__ import annotations

from enum import Enum
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Better(Enum):
    """Which way is better."""

    HIGHER = "at least"
    LOWER = "at most"

    def best(self, values: Sequence[float]) -> float:
        """Return the best of some values."""
        return max(values) if self is Better.HIGHER else min(values)

    def reached(self, value: float, bound: float) -> bool:
        """Tell whether ``value`` is no worse than ``bound``."""
        return value >= bound if self is Better.HIGHER else value <= bound


class Spread(NamedTuple):
    """A value over all rounds: its median, and the lowest and highest one."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Take them together; there is at least one."""
        return cls(median(values), min(values), max(values))


class Verdict(Enum):
    """What became of a promise."""

    AIM = "reaches its aim"
    HOLDS = "holds"
    SHORT = "falls short"


def ratios(subject: Sequence[float], references: Sequence[Sequence[float]], better: Better) -> list[float]:
    """Return the ratio of each round: the subject's value over that of the best of the references in the same round."""
    best = [better.best(values) for values in zip(*references, strict=True)]
    return [value / reference for value, reference in zip(subject, best, strict=True)]


def verdict(value: float, better: Better, bound: float, aim: float | None) -> Verdict:
    """Judge a value by what was promised, and by what was hoped for."""
    if aim is not None and better.reached(value, aim):
        return Verdict.AIM
    return Verdict.HOLDS if better.reached(value, bound) else Verdict.SHORT
