"""One user's conversation: the supervisor of its emitter, tools and agent, and the only one who writes to its sockets.

It decides what runs when. It keeps nothing that its log doesn't say: after a crash of its own or of its emitter it
takes up what `LogReady` tells it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.runtime.actor import receives
from actors.runtime.specs import ChildSpec, MailboxSpec
from actors.runtime.strategies import Strategy
from actors.runtime.supervisor import Supervisor
from actors.session.agent import AgentActor
from actors.session.audience import Audience
from actors.session.commands import Commands, refuse_undelivered
from actors.session.connection import Refusal
from actors.session.emitter import Emitter
from actors.session.events import (
    AgentCompleted,
    AgentRestarted,
    AgentStarted,
    Data,
    Fault,
    MessageAccepted,
    MessageDequeued,
    Progress,
    Recorded,
    ToolCompleted,
    ToolExecuting,
    Usage,
    encode,
)
from actors.session.lifecycle import Phase
from actors.session.messages import (
    AbortRun,
    AgentLost,
    ConnectionGone,
    ConnectionReady,
    DeadlineReached,
    Describe,
    Drain,
    Emit,
    Logged,
    LogReady,
    ProgressDue,
    Retire,
    RunFinished,
    Shown,
    StartRun,
)
from actors.session.receipts import Receipts
from actors.session.runs import LiveRun, RunQueue
from actors.session.tools import Tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.runtime.reasons import ExitReason
    from actors.session.environment import Environment

INTERNAL_MAILBOX = MailboxSpec(capacity=10_000)
"""For mailboxes that the session's own actors fill: each of their senders is bounded by itself."""

AGENT_SHUTDOWN = 0.2
"""How many seconds an agent has to end its work when its session, or what it stands on, stops."""

DELETED = Refusal("not_found", "The session was deleted.")


class Session(Commands, Supervisor):
    """The tree of one session."""

    strategy = Strategy.REST_FOR_ONE

    def __init__(self, environment: Environment, user_id: str, session_id: str) -> None:
        """Begin without a log; the emitter brings it."""
        self.environment = environment
        self.user_id = user_id
        self.session_id = session_id
        self.intensity = environment.session_intensity
        self.audience = Audience(environment.journal, session_id)
        self.receipts = Receipts()
        self.runs = RunQueue()
        self.epoch = ""
        self.head_seq = 0
        self.ready = False
        self.draining = False
        self.early: list[Any] = []

    def log_fields(self) -> dict[str, Any]:
        """Name the user and the session in each log line."""
        return {"user_id": self.user_id, "session_id": self.session_id}

    def children(self) -> Iterator[ChildSpec]:
        """Give emitter, tools and agent, in the order in which each needs the ones before."""
        environment, me = self.environment, self.actor_ref
        log = (environment.journal, self.session_id, me)
        yield ChildSpec("emitter", Emitter, log, mailbox=INTERNAL_MAILBOX)
        emitter = self.child("emitter")
        yield ChildSpec("tools", Tools, (environment, emitter), mailbox=INTERNAL_MAILBOX)
        tools = self.child("tools")
        # What an agent does can be done again or is known not to be: little is gained by waiting for it.
        work = (environment, self.session_id, me, emitter, tools)
        yield ChildSpec("agent", AgentActor, work, shutdown=AGENT_SHUTDOWN)

    # What the log says.

    @receives(LogReady)
    def _on_log_ready(self, log: LogReady) -> None:
        if not self.is_up("emitter") or log.incarnation != self.child("emitter").incarnation:
            return  # It died meanwhile; what its next life reads may be more.
        now, now_ms = self.runtime.clock.monotonic(), self.runtime.clock.epoch_ms()
        self.epoch, self.head_seq = log.epoch, log.head_seq
        self.environment.journal.release_claims(self.session_id)
        self.runs = RunQueue()
        self.runs.waiting = [LiveRun.from_log(run, now, now_ms) for run in log.queue]
        if log.active is not None:
            self.runs.active = LiveRun.from_log(log.active, now, now_ms)
        self.ready = True
        unfinished = [*([] if log.active is None else [log.active]), *log.queue]
        accepted = {run.run_id: run.accepted_seq for run in unfinished}
        self.receipts.settle(self.session_id, accepted, self.watch)
        for subscription in self.audience:
            self.audience.catch_up(subscription, self.head_seq)
        if self.runs.active is not None and log.active is not None and log.active.phase is Phase.RUNNING:
            fault = Fault("server_restarted", "This was being worked on when its session was restarted.")
            self._retry_or_end(self.runs.active, "the session was restarted", 0.0, fault)
        self.go_on()
        while self.early:
            self._handle_receive(self.early.pop(0))

    @receives(Logged)
    def _on_logged(self, message: Logged) -> None:
        if not self.ready:
            return  # From an emitter that is gone: what it recorded is read from the log.
        for entry in message.entries:
            acceptances = []
            if isinstance(entry.event.data, MessageAccepted):
                acceptances = self.receipts.accepted(entry.event.run_id)
            for acceptance in acceptances:
                self.watch(acceptance.subscription, entry.event.seq - 1)
            self.head_seq = entry.event.seq
            self.audience.show((entry,))
            for acceptance in acceptances:
                acceptance.give(self.session_id, entry.event.run_id)
            self._note(entry)

    def _note(self, entry: Recorded) -> None:
        data, run_id = entry.event.data, entry.event.run_id
        if isinstance(data, AgentCompleted | MessageDequeued):
            for ending in self.receipts.ended(run_id):
                ending.give(run_id)
        run = self.runs.find(run_id)
        if run is None:
            return
        run.last_event = self.runtime.clock.monotonic()
        if isinstance(data, AgentStarted):
            # Here and not where it is sent off: words of the last attempt may still be on their way.
            run.said.clear()
        elif isinstance(data, ToolExecuting):
            run.open_calls[data.tool_call_id] = data.tool
            run.tools_used.add(data.tool)
        elif isinstance(data, ToolCompleted):
            run.open_calls.pop(data.tool_call_id, None)

    @receives(Shown)
    def _on_shown(self, delta: Shown) -> None:
        run = self.runs.active
        if run is not None and run.run_id == delta.run_id:
            run.said.append(delta.text)
            run.last_event = self.runtime.clock.monotonic()
        self.audience.show_live(delta.frame, self.head_seq)

    # The run under way.

    def record(self, run_id: str, data: Data) -> None:
        """Have an event recorded."""
        self.child("emitter").tell(Emit(run_id, data))

    def go_on(self) -> None:
        """Begin what is next: a waiting run, or the next attempt at the active one; once the agent is up."""
        if not self.ready or not self.is_up("agent"):
            return
        if not self.draining:
            self.runs.next()
        run = self.runs.active
        if run is not None and run.attempt_due:
            self._begin_attempt(run)

    def _begin_attempt(self, run: LiveRun) -> None:
        now, now_ms = self.runtime.clock.monotonic(), self.runtime.clock.epoch_ms()
        run.attempt_due = False
        run.attempt += 1
        run.started = now if run.started is None else run.started
        run.last_event = now
        left = max(0.0, run.started + self.environment.run_timeout - now)
        queued_ms = max(0, now_ms - run.accepted_ms - round((now - run.started) * 1000))
        self.record(run.run_id, AgentStarted(run.agent, run.attempt, queued_ms, round(left * 1000)))
        order = StartRun(run.run_id, run.attempt, run.agent, run.text, now + left, run.roles)
        self.child("agent").tell(order)
        run.cancel_timers()
        run.timers.append(self.send_after(left, DeadlineReached(run.run_id)))
        run.timers.append(self.send_after(self.environment.progress_after, ProgressDue(run.run_id)))

    @receives(RunFinished)
    def _on_run_finished(self, message: RunFinished) -> None:
        run = self.runs.active
        # While the log is read anew nothing may be added to it: what is under way is taken up as the log has it.
        if not self.ready or run is None or (run.run_id, run.attempt) != (message.run_id, message.attempt):
            return
        if message.error is not None:
            self.complete(run, "error", fault=message.error, usage=message.usage)
        else:
            self.complete(run, "success", message.text, usage=message.usage)
        self.go_on()

    def complete(
        self, run: LiveRun, outcome: Any, text: str = "", *, fault: Fault | None = None, usage: Usage | None = None
    ) -> None:
        """Record the end of the active run and free the place of the next.

        The text of one that didn't succeed is what was shown of it; the emitter knows that.
        """
        assert run.started is not None
        duration_ms = max(0, round((self.runtime.clock.monotonic() - run.started) * 1000))
        completed = AgentCompleted(outcome, text, duration_ms, run.attempt, **_present(error=fault, usage=usage))
        self.record(run.run_id, completed)
        self.child("tools").tell(AbortRun(run.run_id))
        run.cancel_timers()
        self.runs.active = None

    def break_off(self, run: LiveRun, outcome: Any, fault: Fault | None = None) -> None:
        """End the active run whatever its agent is doing; the agent is killed and comes back for the next run."""
        busy = not run.attempt_due
        self.complete(run, outcome, fault=fault)
        if busy:
            self.replace_child("agent")

    def said(self, run: LiveRun) -> str:
        """Return the answer as far as it was written."""
        return "".join(run.said)

    @receives(DeadlineReached)
    def _on_deadline(self, message: DeadlineReached) -> None:
        run = self.runs.active
        if self.ready and run is not None and run.run_id == message.run_id:
            self.break_off(run, "timed_out", Fault("timed_out", "The run took too long and was stopped."))
            self.go_on()

    @receives(ProgressDue)
    def _on_progress_due(self, message: ProgressDue) -> None:
        run = self.runs.active
        if run is None or run.run_id != message.run_id or run.started is None:
            return
        now, every = self.runtime.clock.monotonic(), self.environment.progress_after
        silent = now - run.last_event
        if silent >= every:
            elapsed_ms = round((now - run.started) * 1000)
            frame = encode(Progress(self.session_id, run.run_id, elapsed_ms, run.waiting_on))
            self.audience.show_live(frame, self.head_seq)
            silent = 0.0
        run.timers[-1] = self.send_after(every - silent, message)

    # The children.

    def child_started(self, child_id: str, _incarnation: int) -> None:
        """Go on once the agent is there."""
        if child_id == "agent":
            self.go_on()

    def child_exited(self, child_id: str, reason: ExitReason, retry_in: float | None) -> None:
        """Note what the death of a child means for the run under way."""
        if child_id == "emitter":
            self.ready = False
            return
        run = self.runs.active
        if run is not None and not run.attempt_due:
            cause = _cause(child_id, reason)
            self.actor_ref.tell(AgentLost(run.run_id, run.attempt, cause, retry_in or 0.0))

    @receives(AgentLost)
    def _on_agent_lost(self, lost: AgentLost) -> None:
        run = self.runs.active
        if not self.ready or run is None or (run.run_id, run.attempt) != (lost.run_id, lost.attempt):
            return
        self._retry_or_end(run, lost.cause, lost.retry_in, Fault("agent_crashed", f"Sorry: {lost.cause}."))
        self.go_on()

    def _retry_or_end(self, run: LiveRun, cause: str, retry_in: float, fault: Fault) -> None:
        if run.may_retry(self.environment.agents.get(run.agent)):
            run.attempt_due = True
            run.open_calls.clear()
            self.record(run.run_id, AgentRestarted(run.attempt + 1, cause, round(retry_in * 1000)))
            self.child("tools").tell(AbortRun(run.run_id))
        else:
            self.complete(run, "error", fault=fault)

    # Connections and the root.

    @receives(ConnectionReady)
    def _on_connection_ready(self, message: ConnectionReady) -> None:
        if self.ready and message.subscription in self.audience:
            self.audience.catch_up(message.subscription, self.head_seq)

    @receives(ConnectionGone)
    def _on_connection_gone(self, message: ConnectionGone) -> None:
        self.audience.remove(message.subscription)

    @receives(Describe)
    def _on_describe(self, _: Describe) -> str:
        return "idle" if self.runs.active is None else "running"

    @receives(Drain)
    def _on_drain(self, _: Drain) -> None:
        self.draining = True

    def on_terminate(self, _reason: ExitReason) -> None:
        """Answer whoever still waits for one: what this life owed, no other will know of."""
        for command in self.early:
            refuse_undelivered(command)
        self.receipts.forsake()

    @receives(Retire)
    def _on_retire(self, _: Retire) -> None:
        for subscription in self.audience:
            subscription.connection.gone(self.session_id, DELETED)
        self.stop()


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _cause(child_id: str, reason: ExitReason) -> str:
    what = type(reason.error).__name__ if reason.error is not None else reason.kind.value
    return f"the {child_id} crashed ({what})" if child_id == "agent" else f"its tools crashed ({what})"
