"""One timer for all the moments that an actor waits for, most of which are never reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.session.messages import AlarmRang

if TYPE_CHECKING:
    from actors.runtime.actor import Actor
    from actors.runtime.clock import Timer

RANG = AlarmRang()


class Alarm:
    """Tells its actor, by `AlarmRang`, once the earliest of the moments has come that were asked for.

    Nearly everything is over long before its time is up, and a timer of its own costs 3 µs to make and to cancel. So
    nothing is cancelled: this one rings once, for nothing most of the time, and who hears it looks at what there is
    and asks for the next moment.
    """

    __slots__ = ("_actor", "_at", "_timer")

    def __init__(self, actor: Actor) -> None:
        """Ask for nothing yet."""
        self._actor = actor
        self._at = 0.0
        self._timer: Timer | None = None

    def ring_by(self, moment: float, now: float) -> None:
        """Ring at ``moment`` at the latest; both are in seconds on the runtime's monotonic clock."""
        if self._timer is not None:
            if self._at <= moment:
                return
            self._timer.cancel()
        self._at = moment
        self._timer = self._actor.send_after(moment - now, RANG)

    def rang(self) -> None:
        """Note that it rang: called by who heard it, before asking for the next moment."""
        self._timer = None
