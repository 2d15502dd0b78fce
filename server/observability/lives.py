"""What became of actors, by their kind: how often they crashed, were killed, came back, were given up."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from actors.runtime.telemetry import Crashed, IntensityExceeded, Killed, Restarting, Unkillable
from server.observability.labels import KINDS, kind_of

if TYPE_CHECKING:
    from actors.runtime.telemetry import Event

COUNTED = (Crashed, Killed, Restarting, IntensityExceeded, Unkillable)


class Lives:
    """A subscriber of the runtime's telemetry. Ends and starts in order, which are many, it passes over."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._counts: dict[type[Event], Counter[str]] = {kind: Counter(dict.fromkeys(KINDS, 0)) for kind in COUNTED}

    def __call__(self, event: Event) -> None:
        """Count one event."""
        counts = self._counts.get(type(event))
        if counts is not None:
            counts[kind_of(event.address)] += 1

    def by_kind(self, event: type[Event]) -> Counter[str]:
        """Return how often that happened, by the kind of the actor."""
        return self._counts[event]
