"""What became of actors, by their kind: how often each event of the telemetry was one of theirs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from server.observability.labels import KINDS, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.runtime.telemetry import Event


class Lives:
    """A subscriber of the runtime's telemetry, for events that are about an actor."""

    def __init__(self, counted: Iterable[type[Event]]) -> None:
        """Begin with nothing; events that aren't ``counted`` are passed over."""
        self._counts: dict[type[Event], Counter[str]] = {event: Counter(dict.fromkeys(KINDS, 0)) for event in counted}

    def __call__(self, event: Event) -> None:
        """Count one event."""
        counts = self._counts.get(type(event))
        if counts is not None:
            counts[kind_of(event.address)] += 1

    def by_kind(self, event: type[Event]) -> Counter[str]:
        """Return how often that happened, by the kind of the actor."""
        return self._counts[event]
