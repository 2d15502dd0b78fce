"""How values are spread: plain counts, for one thread. Pure.

The client library's own takes a lock and looks up a child for each value. Here it is a search among a few bounds and
two additions, so that a hot path may afford it.
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


class Histogram:
    """Counts values by the bounds that they fall between."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, *bounds: float) -> None:
        """Begin with no value; ``bounds`` ascend, and above the last there is infinity."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    @property
    def spread(self) -> Spread:
        """What was counted so far, added up from the lowest bound."""
        return Spread((*self._bounds, float("inf")), tuple(accumulate(self._counts)), self._sum)
