"""How a session that has nothing to do lets go of its actors: it is passivated, and its next message revives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.runtime.actor import receives
from actors.runtime.errors import MailboxFull
from actors.session.conduct import Conduct
from actors.session.messages import Passivate, RestDue, Resting, Staying

if TYPE_CHECKING:
    from actors.runtime.clock import Timer
    from actors.runtime.ref import ActorRef
    from actors.session.receipts import Receipts


class Rest(Conduct):
    """The part of a session that knows when it isn't needed.

    It doesn't end by itself: what was on its way to it would be lost. It asks the root, which from then on keeps what
    comes for it, and whose `Passivate` arrives behind everything that came before.
    """

    root: ActorRef[Any]
    receipts: Receipts
    _idle_since = 0.0
    _rest: Timer | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody watches, nothing runs or waits, and nobody is owed an answer."""
        return self.ready and not self.audience and not self.receipts and self.runs.next_up() is None

    def consider_rest(self) -> None:
        """Begin to count the time where there is nothing left to do: called wherever that may have become so."""
        if self.idle:
            self._idle_since = self.clock.monotonic()
            self._look_again(self.environment.idle_session)

    def stay_awake(self) -> None:
        """Count no time while somebody watches: a timer takes as much memory as an actor."""
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _look_again(self, seconds: float) -> None:
        if self._rest is None:
            self._rest = self.send_after(seconds, RestDue())

    @receives(RestDue)
    def _on_rest_due(self, _: RestDue) -> None:
        self._rest = None
        if not self.idle:
            return
        left = self._idle_since + self.environment.idle_session - self.clock.monotonic()
        if left > 0:
            self._look_again(left)
            return
        try:
            self.root.tell(Resting(self.address))
        except MailboxFull:
            self._look_again(self.environment.idle_session)

    @receives(Passivate)
    def _on_passivate(self, _: Passivate) -> None:
        if self.idle:
            self.log.debug("passivated")
            self.stop()
        else:
            self.root.tell(Staying(self.address))
