"""Whom messages are sent to: an address with a mailbox, in a state that takes them or doesn't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.runtime.errors import ActorDied, ActorRestarting, MailboxFull, Phase, RuntimeFault
from actors.runtime.mailbox import Mailbox
from actors.runtime.states import ACCEPTING, ENDED, State

if TYPE_CHECKING:
    from actors.runtime.mailbox import Envelope
    from actors.runtime.reasons import ExitReason
    from actors.runtime.runtime import Runtime
    from actors.runtime.specs import ChildSpec


class Addressee:
    """The side of an actor that its senders see; `actors.runtime.cell.Cell` gives it a life."""

    __slots__ = (
        "__weakref__",
        "_exit_reason",
        "_queued",
        "address",
        "incarnation",
        "mailbox",
        "retry_at",
        "runtime",
        "spec",
        "state",
        "worker",
    )

    def __init__(self, runtime: Runtime, address: str, spec: ChildSpec) -> None:
        """Stand at ``address`` before the first life; ``retry_at`` is when the next begins, while a backoff runs."""
        self.runtime = runtime
        self.address = address
        self.spec = spec
        self.mailbox = Mailbox(spec.mailbox)
        self.incarnation = 0
        self.state = State.DOWN
        self.retry_at: float | None = None
        self.worker: Any = None
        self._queued = False
        self._exit_reason: ExitReason | None = None

    @property
    def dead(self) -> bool:
        """Whether no life will follow."""
        return self.state is State.DEAD

    @property
    def ended(self) -> bool:
        """Whether this incarnation is over; another may follow."""
        return self.state in ENDED

    def run(self, worker: object) -> None:
        """Handle a bounded number of messages; called by a worker of the dispatcher."""
        raise NotImplementedError

    def deliver(self, envelope: Envelope) -> None:
        """Put a tell into the mailbox; see `ActorRef.tell` for what it raises."""
        if self.state not in ACCEPTING:
            if self.dead:
                raise self._died(Phase.QUEUED)
            self.runtime.dead_letter(self.address, envelope.message)
            return
        taken, dropped = self.mailbox.put(envelope)
        if not taken:
            raise MailboxFull(self.address, self.spec.mailbox.capacity)
        if dropped is not None:
            self._drop(dropped, MailboxFull(self.address, self.spec.mailbox.capacity))
        self._wake()

    def deliver_ask(self, envelope: Envelope) -> None:
        """Put an ask into the mailbox; what goes wrong resolves its future."""
        future = envelope.reply_to
        assert future is not None
        if self.state not in ACCEPTING:
            future.fail(self._died(Phase.QUEUED))
            return
        try:
            self.deliver(envelope)
        except MailboxFull as full:
            future.fail(full)

    def deliver_system(self, message: Any) -> None:
        """Put a message ahead of the mailbox: never refused while the incarnation lives."""
        if not self.ended:
            self.mailbox.put_system(message)
            self._wake()

    def _wake(self) -> None:
        if not self._queued:
            self._queued = True
            self.runtime.dispatcher.schedule(self)

    def _died(self, phase: Phase) -> ActorDied:
        if self.state is State.DOWN and self.retry_at is not None:
            wait = max(0.0, self.retry_at - self.runtime.clock.monotonic())
            return ActorRestarting(self.address, self.incarnation, self._exit_reason, wait)
        return ActorDied(self.address, self.incarnation, self._exit_reason, phase)

    def _drop(self, envelope: Envelope, cause: RuntimeFault) -> None:
        if envelope.reply_to is None:
            self.runtime.dead_letter(self.address, envelope.message)
        elif not envelope.reply_to.done:
            envelope.reply_to.fail(cause)
