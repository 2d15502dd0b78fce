"""How long to wait before a child lives again."""

from __future__ import annotations

from dataclasses import dataclass

from actors.runtime.errors import SpecError
from actors.runtime.restarts import Intensity  # noqa: TC001 - small and pure; one import style for policies

MAX_FACTOR = 1000
"""How steeply delays may grow; its 64th power is still a float."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays in seconds: the first restart at once, then ``minimum`` times ``factor`` for each, up to ``maximum``.

    ``jitter`` adds up to that share on top, so that a thousand children of one fault don't return in one instant.
    """

    minimum: float = 0.1
    factor: float = 2.0
    maximum: float = 5.0
    jitter: float = 0.2

    def __post_init__(self) -> None:
        """Refuse delays that shrink or are negative.

        Raises:
            SpecError: on a contradiction between the fields.
        """
        if not (0 <= self.minimum <= self.maximum and 1 <= self.factor <= MAX_FACTOR and 0 <= self.jitter <= 1):
            raise SpecError(
                f"{self} needs 0 <= minimum <= maximum, factor from 1 to {MAX_FACTOR} and jitter from 0 to 1"
            )

    @property
    def healthy_after(self) -> float:
        """How many seconds of life make the next failure count as the first again."""
        return (self.minimum + self.maximum) / 2

    def delay(self, failures: int, draw: float) -> float:
        """Return the seconds to wait after the ``failures``-th failure in a row; ``draw`` in [0, 1) is the jitter."""
        if failures <= 1:
            return 0.0
        # Growth stops mattering long before the power overflows a float.
        exponent = min(failures - 2, 64)
        return min(self.minimum * self.factor**exponent, self.maximum) * (1 + self.jitter * draw)


def check_reachable(backoff: Backoff, intensity: Intensity) -> None:
    """Refuse a policy whose own delays keep it from ever reaching its limit: it would restart for ever.

    Raises:
        SpecError: when the delays between the failures that would exceed it are longer than the window.
    """
    # The failure that exceeds comes after max_restarts delays; each is counted when it happens.
    slowest = sum(backoff.delay(failure, draw=1.0) for failure in range(1, intensity.max_restarts + 1))
    if slowest >= intensity.within:
        raise SpecError(
            f"{intensity} can never be exceeded: its backoff waits {slowest:.1f} s over "
            f"{intensity.max_restarts} restarts; widen the window or shorten the delays"
        )
