"""One user's conversation: the supervisor of its emitter, tools and agent, and the only one who writes to its sockets.

It decides what runs when. It keeps nothing that its log doesn't say: after a crash of its own or of its emitter it
takes up what `LogReady` tells it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.runtime.actor import receives
from actors.runtime.strategies import Strategy
from actors.session import staff
from actors.session.audience import Audience
from actors.session.commands import Commands
from actors.session.connection import Refusal
from actors.session.events import (
    AgentCompleted,
    AgentStarted,
    Fault,
    MessageAccepted,
    MessageDequeued,
    Recorded,
    ToolCompleted,
    ToolExecuting,
    decode,
)
from actors.session.journal import JournalUnavailable, LogPruned
from actors.session.lifecycle import Phase
from actors.session.messages import (
    ConnectionGone,
    ConnectionReady,
    Describe,
    Drain,
    Logged,
    LogLost,
    LogReady,
    LossNoted,
    Retire,
    RunFinished,
    Shown,
)
from actors.session.receipts import Receipts
from actors.session.runs import LiveRun, RunQueue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from actors.runtime.reasons import ExitReason
    from actors.runtime.ref import ActorRef
    from actors.runtime.specs import ChildSpec
    from actors.session.environment import Environment
    from actors.session.events import Event
    from actors.session.lifecycle import Run
    from actors.session.receipts import Acceptance

READ_AT_ONCE = 1000
DELETED = Refusal("not_found", "The session was deleted.")
RESTARTED = Fault("server_restarted", "This was being worked on when its session was restarted.")
UNRECORDED = Fault("journal_unavailable", "The server couldn't record what was being done, so it was stopped.")


class Session(Commands):
    """The tree of one session."""

    strategy = Strategy.REST_FOR_ONE
    forsaken = False
    """Whether this life has refused what it owed: from then on it has nothing to say."""

    def __init__(self, environment: Environment, user_id: str, session_id: str, root: ActorRef[Any]) -> None:
        """Begin without a log; the emitter brings it."""
        self.root = root
        self.environment = environment
        self.clock = self.runtime.clock
        self.user_id = user_id
        self.session_id = session_id
        self.audience = Audience(environment.journal, session_id)
        self.receipts = Receipts()
        self.runs = RunQueue()
        self.early = []

    def children(self) -> Iterator[ChildSpec]:
        """Give the emitter alone: who works on runs is hired when there is work."""
        yield staff.emitter(self.environment, self.session_id, self.actor_ref)

    def hire(self) -> None:
        """Begin to start the tools, and the agent, which needs them: most sessions are only watched, and do without."""
        environment, emitter = self.environment, self.child("emitter")
        tools = self.start_child(staff.tools(environment, self.user_id, emitter))
        self.start_child(staff.agent(environment, self.session_id, self.actor_ref, emitter, tools))

    # Taking up the log.

    @receives(LogReady)
    def _on_log_ready(self, log: LogReady) -> None:
        if not self.is_up("emitter") or log.incarnation != self.child("emitter").incarnation:
            return  # That emitter is dead already; its successor will tell.
        self._show_missed(log.epoch, log.head_seq)
        self.epoch, self.head_seq = log.epoch, log.head_seq
        self.environment.journal.release_claims(self.session_id)
        self._take_up(log)
        interrupted, self.interrupted = self.interrupted, False
        self.ready = True
        self.receipts.settle(lambda run_id: self.runs.find(run_id) is not None)
        self._finish_what_ended()
        run = self.runs.active
        if run is not None and log.active is not None and log.active.phase is Phase.RUNNING:
            if interrupted:
                self.complete(run, "error", fault=UNRECORDED)
                self.call_off(run)
            else:
                self.retry_or_end(run, "the session was restarted", 0.0, RESTARTED)
        self.go_on()
        while self.ready and self.early:
            # Taken out only when it is done: until then `on_terminate` answers for it.
            self._handle_receive(self.early[0])
            self.early.pop(0)
        self.consider_rest()

    @receives(LogLost)
    def _on_log_lost(self, lost: LogLost) -> None:
        """Stop what works on a run, since nothing of it would be shown; the run is ended once that can be recorded."""
        if not self.is_up("emitter") or lost.incarnation != self.child("emitter").incarnation:
            return
        self.ready, self.interrupted = False, True
        self.child("emitter").tell(LossNoted())
        self.receipts.lose()
        run = self.runs.active
        if run is not None:
            run.deadline = None
            self.call_off(run)
            if not run.attempt_due:
                self.replace_child("agent")

    def _show_missed(self, epoch: str, head_seq: int) -> None:
        """Show and answer what an emitter recorded and didn't live to tell; a session in a new life has nobody yet."""
        while self.epoch == epoch and self.head_seq < head_seq:
            frames = self.environment.journal.read(self.session_id, self.head_seq, READ_AT_ONCE)
            self._show([Recorded(decode(frame), frame) for frame in frames])

    def _take_up(self, log: LogReady) -> None:
        unfinished = [*([] if log.active is None else [log.active]), *log.queue]
        roles = self.environment.roles_of(self.user_id) if unfinished else ()
        self.runs = RunQueue()
        self.runs.waiting = [self._live(run, roles) for run in log.queue]
        self.runs.active = None if log.active is None else self._live(log.active, roles)

    def _live(self, run: Run, roles: tuple[str, ...]) -> LiveRun:
        return LiveRun.from_log(run, roles, self.clock.monotonic())

    def _finish_what_ended(self) -> None:
        """Carry through what was decided before the log had to be read again: ends, cancels and dequeues."""
        for message in [message for message in self.early if isinstance(message, RunFinished)]:
            self.early.remove(message)
            self.finish_run(message)
        for run_id in self.receipts.awaited_ends():
            self.end_early(run_id)

    # What the log says.

    @receives(Logged)
    def _on_logged(self, message: Logged) -> None:
        if self.ready:  # Else it is from an emitter that is gone: what it recorded is read from the log.
            self._show(message.entries)

    def _show(self, entries: Sequence[Recorded]) -> None:
        acceptances = self._accepted(entries) if self.receipts.acceptances else ()
        self.head_seq = entries[-1].event.seq
        self.audience.show(entries)
        for acceptance, run_id in acceptances:
            acceptance.give(self.session_id, run_id)
        now = self.clock.monotonic()
        for entry in entries:
            self._note(entry.event, now)

    def _accepted(self, entries: Sequence[Recorded]) -> list[tuple[Acceptance, str]]:
        """Take out what is owed for the messages among these, and let who sent them watch from there on."""
        taken = []
        for event in [entry.event for entry in entries if type(entry.event.data) is MessageAccepted]:
            for acceptance in self.receipts.accepted(event.run_id):
                self.watch(acceptance.subscription, event.seq - 1)
                taken.append((acceptance, event.run_id))
        return taken

    def _note(self, event: Event, now: float) -> None:
        data, kind = event.data, type(event.data)
        if kind is AgentCompleted or kind is MessageDequeued:
            for ending in self.receipts.ended(event.run_id):
                ending.give()
            self.consider_rest()
        run = self.runs.find(event.run_id)
        if run is None:
            return
        run.last_event = now
        if kind is AgentStarted:
            # Here and not where it is sent off: words of the last attempt may still be on their way.
            run.said.clear()
        elif kind is ToolExecuting:
            run.open_calls[data.tool_call_id] = data.tool
            run.tools_used.add(data.tool)
        elif kind is ToolCompleted:
            run.open_calls.pop(data.tool_call_id, None)

    @receives(Shown)
    def _on_shown(self, delta: Shown) -> None:
        if not self.ready:
            return  # From an emitter that is gone: the events before it were left to the log, so it would come early.
        run = self.runs.active
        if run is not None and run.run_id == delta.run_id:
            run.said.append(delta.text)
            run.last_event = self.clock.monotonic()
        self.audience.show_live(delta.frame, self.head_seq)

    # Connections and the root.

    @receives(ConnectionReady)
    def _on_connection_ready(self, message: ConnectionReady) -> None:
        if self.ready and message.subscription in self.audience:
            self.audience.catch_up(message.subscription, self.head_seq)

    @receives(ConnectionGone)
    def _on_connection_gone(self, message: ConnectionGone) -> None:
        self.audience.remove(message.subscription)
        self.consider_rest()

    @receives(Describe)
    def _on_describe(self, _: Describe) -> str:
        # While nothing can be recorded nothing works on the run, and a drain would wait for it in vain.
        return "idle" if self.runs.active is None or self.interrupted else "running"

    @receives(Drain)
    def _on_drain(self, _: Drain) -> None:
        self.draining = True

    @receives(Retire)
    def _on_retire(self, _: Retire) -> None:
        for subscription in self.audience:
            subscription.connection.gone(self.session_id, DELETED)
        self.stop()

    def on_terminate(self, _reason: ExitReason) -> None:
        """See to it that nobody waits for this life's answers: what it owed, no other will know of.

        Blocks, within the bounds of every last hook, until what it had recorded is decided: a message that is on record
        must not be refused.
        """
        try:
            if self.receipts:
                self._answer_by_the_log()
        finally:
            self.on_abandoned()

    def _answer_by_the_log(self) -> None:
        self.ready = False
        try:
            opening = self.environment.journal.open(self.session_id)
            if opening is not None and not self.forsaken:
                self._show_missed(opening.record.epoch, opening.record.head_seq)
        except (JournalUnavailable, LogPruned) as unavailable:
            self.log.warning("unanswered", problem=str(unavailable))

    def on_abandoned(self) -> None:
        """See to the same where this life couldn't end well; once, though its last hook may end after all."""
        if self.forsaken:
            return
        self.forsaken = True
        self.receipts.forsake()
        undone = self.early if self.under_way is None else [self.under_way, *self.early]
        for command in undone:
            self.runtime.dead_letter(self.address, command)
