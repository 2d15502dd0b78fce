"""Whom messages are sent to: an address with a mailbox, in a state that takes them or doesn't."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from gevent import get_hub, getcurrent

from actors.runtime.errors import (
    ActorDied,
    ActorRestarting,
    AskDeadlock,
    AskTimeout,
    MailboxFull,
    Phase,
    RuntimeFault,
)
from actors.runtime.future import Future
from actors.runtime.mailbox import Mailbox
from actors.runtime.specs import Overflow
from actors.runtime.states import DEAD, DOWN, RUNNING, STARTING
from actors.runtime.telemetry import Rejected

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
        "_stash",
        "address",
        "incarnation",
        "mailbox",
        "retry_at",
        "returning",
        "runtime",
        "spec",
        "state",
        "worker",
    )

    def __init__(self, runtime: Runtime, address: str, spec: ChildSpec) -> None:
        """Stand at ``address`` before the first life.

        ``retry_at`` is when the next life begins, while a backoff runs. ``returning`` is what the supervisor decided
        about a next life; None where it hasn't and the restart type speaks.
        """
        self.runtime = runtime
        self.address = address
        self.spec = spec
        self.mailbox = Mailbox(spec.mailbox)
        self.incarnation = 0
        self.state = DOWN
        self.retry_at: float | None = None
        self.returning: bool | None = None
        self.worker: Any = None
        self._queued = False
        self._stash: deque[Envelope] | None = None
        self._exit_reason: ExitReason | None = None

    @property
    def dead(self) -> bool:
        """Whether no life will follow."""
        return self.state is DEAD

    @property
    def ended(self) -> bool:
        """Whether this incarnation is over; another may follow."""
        return self.state is DOWN or self.state is DEAD

    @property
    def between_lives(self) -> bool:
        """Whether this incarnation is over and another follows, as far as can be known."""
        if self.state is not DOWN:
            return False
        if self.returning is not None or self._exit_reason is None:
            return bool(self.returning)
        return self.spec.restart.wants_restart(self._exit_reason)

    @property
    def class_name(self) -> str:
        """The name of the actor's class or factory."""
        return getattr(self.spec.factory, "__name__", repr(self.spec.factory))

    @property
    def waiting_on(self) -> Future[Any] | None:
        """The answer that this actor's handler waits for."""
        return self._waiting_on

    @waiting_on.setter
    def waiting_on(self, future: Future[Any] | None) -> None:
        # An abandoned handler may end its wait while the next life is waiting, too.
        if self.runtime.dispatcher.current() is self:
            self._waiting_on = future

    def run(self, worker: object) -> None:
        """Handle a bounded number of messages; called by a worker of the dispatcher."""
        raise NotImplementedError

    def deliver(self, envelope: Envelope) -> None:
        """Put a tell into the mailbox; see `ActorRef.tell` for what it raises and when it blocks."""
        if self.state is RUNNING:
            self.put(envelope)
        elif self.state is DEAD:
            raise self.died(Phase.QUEUED)
        elif self._to_be_stashed():
            self._put_by(envelope)
        elif self.state is STARTING:
            self.put(envelope)
        else:
            self.runtime.dead_letter(self.address, envelope.message)

    def deliver_ask(self, envelope: Envelope) -> None:
        """Put an ask into the mailbox; what goes wrong resolves its future."""
        future = envelope.reply_to
        assert future is not None
        if self.state is not RUNNING and self.state is not STARTING:
            future.fail(self.died(Phase.QUEUED))
            return
        try:
            self.put(envelope)
        except RuntimeFault as fault:
            if not future.done:
                future.fail(fault)

    def deliver_system(self, message: Any) -> None:
        """Put a message ahead of the mailbox: never refused while the incarnation lives."""
        if self.state is not DOWN and self.state is not DEAD:
            self.mailbox.put_system(message)
            self._wake()

    def put(self, envelope: Envelope) -> None:
        """Put a message into the mailbox of an actor that takes them; raises and blocks as `deliver` does."""
        runtime, mailbox = self.runtime, self.mailbox
        envelope.taken_at = runtime.clock.monotonic()
        # As `Mailbox.put` has it, but without a call: nearly every message finds its mailbox empty.
        if mailbox.user is None:
            mailbox.user = deque((envelope,))
        elif not mailbox.put(envelope):
            self._overflow(envelope)
        if not self._queued:
            self._queued = True
            runtime.dispatcher.schedule(self)

    def _overflow(self, envelope: Envelope) -> None:
        """Make room, or have the sender wait for it, as the spec says; raise `MailboxFull` where there is none."""
        dropped = self.mailbox.displace(envelope)
        if dropped is not None:
            self._drop(dropped, MailboxFull(self.address, self.spec.mailbox.capacity))
            return
        if self.spec.mailbox.overflow is Overflow.BLOCK and self._wait_for_room(envelope):
            return
        self.runtime.telemetry.emit(Rejected(self.address, type(envelope.message).__name__))
        raise MailboxFull(self.address, self.spec.mailbox.capacity)

    def _wait_for_room(self, envelope: Envelope) -> bool:
        """Block the sender until there is room; tell whether there was in time."""
        if getcurrent() is get_hub():
            return False  # The loop itself must not wait.
        taken: Future[None] = Future(self)  # type: ignore[arg-type]  # every addressee is a cell
        self.mailbox.park(envelope, taken)
        try:
            taken.get(timeout=self.spec.mailbox.timeout)
        except (AskTimeout, AskDeadlock):
            return False
        finally:
            self.mailbox.leave(taken)
        return True

    # Between two lives.

    def _to_be_stashed(self) -> bool:
        if not self.spec.stash:
            return False
        # A life that starts after another may fail to: until it is up, what comes waits here, too.
        return self.between_lives or (self.state is STARTING and self.incarnation > 1)

    def _put_by(self, envelope: Envelope) -> None:
        if self._stash is None:
            self._stash = deque()
        if len(self._stash) >= self.spec.stash:
            self.runtime.dead_letter(self.address, envelope.message)
            return
        envelope.taken_at = self.runtime.clock.monotonic()
        self._stash.append(envelope)

    def _unstash(self) -> None:
        """Put what was kept ahead of what came since."""
        stash, self._stash = self._stash, None
        self.mailbox.put_first(stash or ())

    def _drop_stash(self) -> None:
        stash, self._stash = self._stash, None
        for envelope in stash or ():
            self.runtime.dead_letter(self.address, envelope.message)

    def _wake(self) -> None:
        if not self._queued:
            self._queued = True
            self.runtime.dispatcher.schedule(self)

    def died(self, phase: Phase) -> ActorDied:
        """Make what somebody gets whose message this actor's death, or absence, concerns."""
        if phase is Phase.QUEUED and self.between_lives:
            until = self.runtime.clock.monotonic() if self.retry_at is None else self.retry_at
            wait = max(0.0, until - self.runtime.clock.monotonic())
            return ActorRestarting(self.address, self.incarnation, self._exit_reason, wait)
        return ActorDied(self.address, self.incarnation, self._exit_reason, phase)

    def _drop(self, envelope: Envelope, cause: RuntimeFault) -> None:
        if envelope.reply_to is None:
            self.runtime.dead_letter(self.address, envelope.message)
        elif not envelope.reply_to.done:
            envelope.reply_to.fail(cause)
            if isinstance(cause, MailboxFull):
                self.runtime.telemetry.emit(Rejected(self.address, type(envelope.message).__name__))
