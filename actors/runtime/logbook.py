"""What of the telemetry goes to the log, and how loudly."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from actors.runtime.muting import MUTED_SECONDS, Mute, once_more
from actors.runtime.reasons import ExitReason
from actors.runtime.telemetry import (
    Crashed,
    DeadLettered,
    FaultInjected,
    HookFailed,
    HubBlocked,
    IntensityExceeded,
    LateReply,
    Rejected,
    StormBegan,
    StormEnded,
    Unkillable,
)

if TYPE_CHECKING:
    from actors.runtime.clock import Clock
    from actors.runtime.telemetry import Event

log = structlog.get_logger(__name__)
# The same logger to the standard library, which remembers the answer: structlog takes five calls to ask for it.
_routine = logging.getLogger(__name__)

NAMES: dict[type[Any], tuple[str, int]] = {
    Crashed: ("crashed", logging.WARNING),
    Unkillable: ("unkillable", logging.WARNING),
    HookFailed: ("terminate_failed", logging.WARNING),
    IntensityExceeded: ("intensity_exceeded", logging.WARNING),
    StormBegan: ("overloaded", logging.ERROR),
    StormEnded: ("overload_ended", logging.WARNING),
    Rejected: ("mailbox_full", logging.INFO),
    LateReply: ("late_reply", logging.INFO),
    HubBlocked: ("hub_blocked", logging.WARNING),
    FaultInjected: ("fault_injected", logging.WARNING),
}
"""Events that are news; of the others, ends and starts in order, only who looks closely hears."""


class Logbook:
    """A subscriber that writes events to the log. Dead letters are muted where they are many."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing muted."""
        self._clock = clock
        self._dead_letters = Mute()

    def __call__(self, event: Event) -> None:
        """Write down one event."""
        if isinstance(event, DeadLettered):
            self._dead_letter(event)
            return
        news = NAMES.get(type(event))
        if news is not None:
            name, level = news
            log.log(level, name, **_shown(event))
        elif _routine.isEnabledFor(logging.DEBUG):
            # Most events are of ordered starts and ends; what nobody hears isn't put into words.
            log.debug(type(event).__name__.lower(), **_shown(event))

    def _dead_letter(self, event: DeadLettered) -> None:
        verdict = once_more(self._dead_letters, self._clock.monotonic())
        self._dead_letters = verdict.mute
        if not verdict.say:
            return
        more: dict[str, Any] = {"skipped": verdict.skipped} if verdict.skipped else {}
        if verdict.last:
            more["muted_for"] = MUTED_SECONDS
        log.info("dead_letter", **_shown(event), **more)


def _said(value: Any) -> Any:
    # What an error says may be what people wrote, which is no business of the log's; its bundle says where it was.
    if isinstance(value, ExitReason):
        return value.summary
    return value if isinstance(value, int | float) else str(value)


def _shown(event: Event) -> dict[str, Any]:
    shown = {name: _said(value) for name, value in msgspec.structs.asdict(event).items()}
    shown["actor"] = shown.pop("address")
    return shown
