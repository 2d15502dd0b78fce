"""The life of one actor, through all its incarnations.

A cell is what stays when an actor is restarted: its address, its mailbox and its place under a supervisor. It turns
messages into handler calls, contains everything that a handler can raise, and sees to it that every life ends in
exactly one `Down`.
"""

from __future__ import annotations

from contextvars import Context
from typing import TYPE_CHECKING, Any

import msgspec

from actors.runtime.errors import ActorKilled, Phase
from actors.runtime.injection import strike, strike_start
from actors.runtime.messages import SUPERVISORY, ChildExited, ChildStarted
from actors.runtime.reasons import KILLED, ExitKind, ExitReason, failed, start_failed
from actors.runtime.replies import Debtor
from actors.runtime.restarts import Restart
from actors.runtime.states import DEAD, DOWN, RUNNING, STARTING, STOPPING
from actors.runtime.telemetry import HookFailed, Started, Unkillable, ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.actor import Actor
    from actors.runtime.clock import Timer
    from actors.runtime.future import Future
    from actors.runtime.mailbox import Envelope
    from actors.runtime.runtime import Runtime
    from actors.runtime.specs import ChildSpec


class _Order(msgspec.Struct, frozen=True):
    """A move that the cell makes itself, ahead of anything that the actor handles."""

    move: Callable[[Cell, Any], None]
    argument: Any = None


class Cell(Debtor):
    """One actor's life. Only the runtime's own modules touch it."""

    __slots__ = (
        "_abandoned",
        "_deadline",
        "_doomed",
        "_waiting_on",
        "actor",
        "handed",
        "handling",
        "last_exit",
        "parent",
    )

    def __init__(self, runtime: Runtime, address: str, spec: ChildSpec, parent: Cell | None) -> None:
        """Make a cell with no life in it yet."""
        super().__init__(runtime, address, spec)
        self.parent = parent
        self.actor: Actor | None = None
        self.last_exit: str | None = None
        self._waiting_on: Future[Any] | None = None
        self._doomed = False
        self._abandoned = False
        self._deadline: Timer | None = None
        self.handling: Any = None
        self.handed = 0

    # What others may ask.

    def living_actor(self) -> Any:
        """Return the actor of the current incarnation, or None between lives."""
        return self.actor

    # Running: called by a worker of the dispatcher.

    def run(self, worker: object) -> None:
        """Handle as many messages as the dispatcher gives one actor. Raises nothing, whatever the handlers do."""
        self.worker = worker
        mailbox, left = self.mailbox, self.runtime.dispatcher.messages_per_run
        while left and (mailbox.system is not None or (mailbox.user is not None and self.state is RUNNING)):
            left -= 1
            if mailbox.system is not None:
                self._handle_system(mailbox.get_system())
            else:
                self._handle(mailbox.get())  # type: ignore[arg-type]  # there is one
            if self.worker is not worker:
                return  # Abandoned meanwhile: the address may live on without this greenlet.
        self.worker = None
        self._queued = False
        if not left and (mailbox.system is not None or (mailbox.user is not None and self.state is RUNNING)):
            self._wake()

    def _handle(self, envelope: Envelope) -> None:
        worker, runtime, future, message = self.worker, self.runtime, envelope.reply_to, envelope.message
        if future is not None and future.abandoned:
            return
        self.handed += 1
        runtime.recorder.note(self.address, self.incarnation, message)
        self._due = future
        self.handling = message
        try:
            if runtime.faults is not None and strike(self, envelope):
                self.handling = None
                return
            actor: Any = self.actor
            handler = actor._handlers.get(type(message))  # noqa: SLF001 - the runtime's own
            if handler is not None:
                reply = envelope.context.run(handler, actor, message)
            else:
                reply = envelope.context.run(actor._handle_receive, message)  # noqa: SLF001 - pykka's seam, pinned by a contract test
        except BaseException as error:  # noqa: BLE001 - containment is the point
            if self.worker is worker:
                self._contain(error, future)
            return
        if self.worker is worker:
            self.handling = None
            due, self._due = self._due, None
            if due is not None and not due.answer(reply):
                runtime.late_reply(self.address)

    def _handle_system(self, message: Any) -> None:
        if isinstance(message, _Order):
            message.move(self, message.argument)
        elif self.state is not STOPPING or isinstance(message, SUPERVISORY):
            worker = self.worker
            try:
                Context().run(self.actor._handle_receive, message)  # type: ignore[union-attr]  # noqa: SLF001 - as above
            except BaseException as error:  # noqa: BLE001 - as above
                if self.worker is worker:
                    self._contain(error, None)

    def _contain(self, error: BaseException, future: Future[Any] | None) -> None:
        """Turn what a handler raised into a reply, and into this actor's end unless it was declared as expected."""
        expected = future is not None and isinstance(error, self.spec.expected)
        if not expected:
            self._exit_reason = self._reason_of(error)
        if future is not None:
            # Whatever isn't an Exception was meant for this greenlet: raised at the asker, it would end that one too.
            self._reply(future, None, error if isinstance(error, Exception) else self.died(Phase.IN_FLIGHT))
        self._due = None
        if self._exit_reason is not None:
            self.end(self._exit_reason)

    def _reason_of(self, error: BaseException) -> ExitReason:
        if isinstance(error, ActorKilled):
            return KILLED
        return start_failed(error) if self.state is STARTING else failed(error)

    # Beginning a life.

    def revive(self) -> None:
        """Begin the next incarnation; the one before must have ended."""
        self._begin()
        self._launch()

    def revive_here(self) -> None:
        """Begin the first life with an actor that is constructed here; what the constructor raises is raised here."""
        self._begin()
        try:
            self.actor = self._construct()
        except BaseException as error:
            self.end(start_failed(error))
            raise
        self._launch()

    def _begin(self) -> None:
        assert self.ended, self
        self.incarnation += 1
        self.state = STARTING
        self.handed = 0
        self.retry_at = None
        self._doomed = False
        self._abandoned = False
        self._exit_reason = None
        self._waiting_on = None
        self.returning = None

    def _launch(self) -> None:
        if not self.ended:
            # Ahead of what the constructor has had delivered meanwhile.
            self.mailbox.put_system(_BEGIN, first=True)
            self._wake()

    def _construct(self) -> Actor:
        factory: Any = self.spec.factory
        actor: Any = factory.__new__(factory)
        # Before __init__, so that it may use the actor's own address and clock.
        actor._cell = self  # noqa: SLF001
        actor.__init__(*self.spec.args, **self.spec.kwargs)
        if self.spec.restart is Restart.TEMPORARY:
            self.spec = self.spec.without_arguments()
        return actor  # type: ignore[no-any-return]

    def _on_start(self, _: None) -> None:
        worker = self.worker
        try:
            ready = Context().run(self._bring_up)
        except BaseException as error:  # noqa: BLE001 - containment is the point
            if self.worker is worker:
                self.end(self._reason_of(error))
            return
        if self.worker is worker and ready and self.state is STARTING:
            self.started()

    def _bring_up(self) -> bool:
        if self.runtime.faults is not None:
            strike_start(self)
        worker, actor = self.worker, self.actor or self._construct()
        if self.worker is not worker:
            return False  # Abandoned in the constructor: another life may have begun.
        self.actor = actor
        actor.on_start()
        return self.worker is worker and actor._start_children()  # noqa: SLF001 - the supervisor's part of a start

    def started(self) -> None:
        """Open the mailbox: the actor, and where it is a supervisor its first children, are up."""
        self.state = RUNNING
        if self._stash is not None:
            self._unstash()
        self.runtime.telemetry.emit(Started(self.address, self.incarnation))
        if self.parent is not None:
            self.parent.deliver_system(ChildStarted(self.spec.id, self, self.incarnation))

    # Ending a life.

    def stop(self, reason: ExitReason, within: float | None, waiter: Future[Any] | None = None) -> None:
        """Ask the actor to end, ahead of its mailbox; kill it when it hasn't after ``within`` seconds (None: never)."""
        if self.ended:
            if waiter is not None:
                waiter.set(False)
            return
        if waiter is not None:
            self._await_end(waiter)
        if within == 0:
            self.kill()
            return
        self.deliver_system(_Order(Cell.end, reason))
        if within is not None and not self._doomed:
            self._arm(within, self.kill)

    def kill(self) -> None:
        """End the actor now; abandon it when it hasn't ended after its ``kill_grace``."""
        if self.ended or self._doomed:
            return
        self._doomed = True
        self._arm(self.spec.kill_grace, self.abandon)
        # For a busy one, too: its handler may return before the interrupt comes, or swallow it and return then.
        self.mailbox.put_system(_END_KILLED, first=True)
        self._wake()
        if self.worker is not None:
            self.runtime.dispatcher.interrupt(self, ActorKilled(self.address))

    def abandon(self) -> None:
        """Give up on a handler that swallows its kill: seal the actor and let its greenlet be."""
        if self.ended:
            return
        if self.worker is None:
            # No handler keeps it; it waits for its children, each of which ends within a grace of its own.
            self._arm(self.spec.kill_grace, self.abandon)
            return
        self.runtime.telemetry.emit(Unkillable(self.address, self.incarnation))
        if self.actor is not None:
            self._run_hook(self.actor.on_abandoned)
        # From here on, what runs in that greenlet runs as somebody dead: it waits and is waited for as nobody else.
        self.worker.cell = self._tombstone()
        self.worker = None
        self._queued = False
        self._abandoned = True
        self._exit_reason = KILLED
        self.end(KILLED)
        if self.mailbox.system is not None:
            self._wake()

    def _tombstone(self) -> Cell:
        stone = Cell(self.runtime, self.address, self.spec, parent=None)
        stone.state, stone.incarnation, stone._exit_reason = DEAD, self.incarnation, KILLED
        return stone

    def end(self, reason: ExitReason) -> None:
        """Leave the running state; the hooks run once the children, where there are any, are gone."""
        if self.ended:
            return
        first = self.state is not STOPPING
        if first:
            self.state = STOPPING
            self._exit_reason = reason
            self._drop_waiting()
        if self.actor is None or self.actor._release_children(killed=self._doomed):  # noqa: SLF001 - the supervisor's part of an end
            self.finish()

    def finish(self) -> None:
        """Run the actor's last hook, bounded, and close."""
        worker, reason = self.worker, self._exit_reason
        assert reason is not None
        if self.actor is not None and self.actor.has_last_hook and not self._abandoned:
            if self._deadline is None and self.spec.shutdown is not None:
                self._arm(self.spec.shutdown or self.spec.kill_grace, self.kill)
            self._run_hook(self.actor.on_terminate, reason)
        if self.worker is worker:
            self._close()

    def _run_hook(self, hook: Callable[..., None], *args: Any) -> None:
        try:
            Context().run(hook, *args)
        except BaseException as error:  # noqa: BLE001 - a hook's failure must not keep the actor alive
            self.runtime.telemetry.emit(HookFailed(self.address, self.incarnation, failed(error).summary))

    def _close(self) -> None:
        """Settle everything that this incarnation owes, and tell everybody who asked to be told."""
        if self._deadline is not None:
            self._disarm()
        reason = self._exit_reason
        assert reason is not None
        self._report(reason)
        self.state = DOWN if self.parent is not None and not self.parent.ended else DEAD
        if self.parent is not None and self.parent.state is STOPPING:
            self.returning = False
        self._settle_debts()
        if self._abandoned and self.actor is not None:
            # Its handler may run for ever. Nothing that it does through itself may reach the next life.
            self.actor._cell = self._tombstone()  # noqa: SLF001 - as in `_construct`
        self.actor = None
        if self.dead:
            self.bury()
        else:
            assert self.parent is not None
            self.parent.deliver_system(ChildExited(self.spec.id, self, self.incarnation, reason))
        self._notify(reason)

    def _report(self, reason: ExitReason) -> None:
        runtime, event = self.runtime, ended(self.address, self.incarnation, reason)
        self.last_exit = reason.summary
        runtime.telemetry.emit(event)
        if not reason.clean and reason.kind is not ExitKind.KILLED:
            at_ms = runtime.clock.epoch_ms()
            runtime.recorder.keep(
                self.address, self.incarnation, self.actor, self.class_name, reason, at_ms, handed=self.handed
            )

    def _settle_debts(self) -> None:
        if self._due is not None or self._deferred is not None:
            for future in self._take_debts():
                future.fail(self.died(Phase.IN_FLIGHT))
        self.handling = None
        self._drop_waiting()
        self.mailbox.clear_system()

    def _drop_waiting(self) -> None:
        if self.mailbox.user is not None:
            for envelope in self.mailbox.drain():
                self._drop(envelope, self.died(Phase.QUEUED))
        if self.mailbox.parked is not None:
            for parked in self.mailbox.turn_away():
                parked.taken.fail(self.died(Phase.QUEUED))

    def bury(self) -> None:
        """Make the end final: the address is free."""
        self.state = DEAD
        if self._stash is not None:
            self._drop_stash()
        self.runtime.forget(self)

    def _arm(self, seconds: float, call: Callable[[], object]) -> None:
        self._disarm()
        self._deadline = self.runtime.clock.call_later(seconds, call)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def __repr__(self) -> str:
        """Show address, incarnation and state."""
        return f"<Cell {self.address}#{self.incarnation} {self.state.value}>"


_BEGIN = _Order(Cell._on_start)  # noqa: SLF001 - this module's own
_END_KILLED = _Order(Cell.end, KILLED)
