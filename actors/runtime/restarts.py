"""Restart types and restart intensity: when an ended child comes back, and when its supervisor gives up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from actors.runtime.errors import SpecError

if TYPE_CHECKING:
    from actors.runtime.reasons import ExitReason


class Restart(Enum):
    """Which ends of a child are followed by a new life (OTP: restart types)."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"

    def wants_restart(self, reason: ExitReason) -> bool:
        """Tell whether a child that ended for ``reason`` should live again."""
        if self is Restart.TEMPORARY:
            return False
        return self is Restart.PERMANENT or not reason.clean


@dataclass(frozen=True, slots=True)
class Intensity:
    """How many restarts within how many seconds are still mending; one more is giving up."""

    max_restarts: int = 3
    within: float = 30.0

    def __post_init__(self) -> None:
        """Refuse a window that can't be counted in.

        Raises:
            SpecError: on a negative count or an empty window.
        """
        if self.max_restarts < 0 or self.within <= 0:
            raise SpecError(f"{self} needs max_restarts of at least 0 and a window longer than 0 s")


class Charge(NamedTuple):
    """The window after one more restart, and whether that was one too many."""

    window: tuple[float, ...]
    exceeded: bool


def charge(window: tuple[float, ...], now: float, intensity: Intensity) -> Charge:
    """Count one restart at ``now`` (monotonic seconds) into the sliding ``window`` of earlier ones."""
    recent = (*(at for at in window if now - at < intensity.within), now)
    return Charge(recent, exceeded=len(recent) > intensity.max_restarts)


class Budget(NamedTuple):
    """How many restarts are still mending, of how many."""

    left: int
    allowed: int


def budget(window: tuple[float, ...], now: float, intensity: Intensity) -> Budget:
    """Return what is left of a budget at ``now``."""
    recent = sum(now - at < intensity.within for at in window)
    return Budget(max(0, intensity.max_restarts - recent), intensity.max_restarts)
