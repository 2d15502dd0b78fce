"""What happened lately that somebody should know of."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from actors.runtime.reasons import ExitKind
from actors.runtime.telemetry import (
    Crashed,
    FaultInjected,
    HookFailed,
    HubBlocked,
    IntensityExceeded,
    Restarting,
    StormBegan,
    StormEnded,
    Unkillable,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from actors.runtime.clock import Clock
    from actors.runtime.telemetry import Event

KEPT = 200


class Incident(NamedTuple):
    """One event of the telemetry in few words; ``incarnation`` is 0 where it isn't about a life, ``at`` epoch ms."""

    number: int
    at: int
    kind: str
    address: str
    incarnation: int
    detail: str


class Incidents:
    """A ring, filled by the telemetry; without dead letters, a flood of which would wash away what caused it."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing."""
        self._clock = clock
        self._ring: deque[Incident] = deque(maxlen=KEPT)
        self.last = 0
        """The number of the newest incident; 0 where there is none."""

    def hear(self, event: Event) -> None:
        """Keep an event that is one."""
        told = _TOLD.get(type(event))
        if told is not None:
            kind, detail = told
            self.add(kind, event.address, getattr(event, "incarnation", 0), detail(event))

    def add(self, kind: str, address: str, incarnation: int, detail: str) -> None:
        """Keep what isn't of the telemetry: an operator's order."""
        self.last += 1
        self._ring.append(Incident(self.last, self._clock.epoch_ms(), kind, address, incarnation, detail))

    def after(self, number: int) -> tuple[Incident, ...]:
        """Return what is kept of those behind ``number``, oldest first; a number of another life is 0."""
        behind = number if 0 <= number <= self.last else 0
        return tuple(incident for incident in self._ring if incident.number > behind)


def _restart(event: Restarting) -> str:
    """Tell when it lives again; that it was killed is told here: most kills are by order, and nothing to be told."""
    killed = "killed; back " if event.reason.kind is ExitKind.KILLED else ""
    return killed + (f"in {event.delay:.1f} s" if event.delay else "at once")


# What an error says stays out: it may be what people wrote.
_TOLD: dict[type[Event], tuple[str, Callable[[Any], str]]] = {
    Crashed: ("crashed", lambda event: event.reason.summary),
    Unkillable: ("unkillable", lambda _: "it swallowed its kill and was abandoned"),
    HookFailed: ("hook_failed", lambda _: "on_terminate raised"),
    Restarting: ("restarting", _restart),
    IntensityExceeded: ("given_up", lambda event: f"by {event.supervisor}: {event.reason.summary}"),
    StormBegan: ("overloaded", lambda event: f"{event.restarts} restarts: no new sessions for now"),
    StormEnded: ("overload_ended", lambda _: "new sessions are taken again"),
    HubBlocked: ("hub_blocked", lambda event: f"for {event.seconds:g} s or more"),
    FaultInjected: ("fault_injected", lambda event: f"{event.action} at {event.message_type}"),
}
