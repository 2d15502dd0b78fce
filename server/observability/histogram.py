"""How values are spread: plain counts, for one thread. Pure.

The client library's own takes a lock and looks up a child for each value. Here it is a search among a few bounds, two
additions and a comparison, so that a hot path may afford it.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import NamedTuple


class Spread(NamedTuple):
    """A histogram at one moment: how many values were at most each bound, the last infinity, and their sum."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    sum: float


class Lap(NamedTuple):
    """The values between two looks, 0.0 both where there were none."""

    mean: float
    maximum: float


class Histogram:
    """Counts values, none of them negative, by the bounds that they fall between."""

    __slots__ = ("_bounds", "_counts", "_lapped", "_maximum", "_sum")

    def __init__(self, *bounds: float) -> None:
        """Begin with no value; ``bounds`` ascend, and above the last there is infinity."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = self._maximum = 0.0
        self._lapped = (0, 0.0)

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value
        if value > self._maximum:  # noqa: PLR1730 - max() would be a call for each value
            self._maximum = value

    @property
    def spread(self) -> Spread:
        """What was counted so far, added up from the lowest bound."""
        return Spread((*self._bounds, float("inf")), tuple(accumulate(self._counts)), self._sum)

    def lap(self) -> Lap:
        """Return what was counted since the last call; there is one who calls."""
        before, self._lapped = self._lapped, (sum(self._counts), self._sum)
        maximum, self._maximum = self._maximum, 0.0
        count, total = (now - then for now, then in zip(self._lapped, before, strict=True))
        return Lap(total / count if count else 0.0, maximum)
