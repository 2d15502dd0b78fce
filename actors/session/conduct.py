"""How a session conducts its runs: one at a time, each to its end, whatever becomes of the agent on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from actors.runtime.actor import receives
from actors.runtime.supervisor import Supervisor
from actors.session.alarm import Alarm
from actors.session.events import AgentCompleted, AgentRestarted, AgentStarted, Data, Fault, Progress, Usage, encode
from actors.session.messages import (
    AbortRun,
    AgentLost,
    AlarmRang,
    Emit,
    RunFinished,
    StartRun,
)

if TYPE_CHECKING:
    from actors.runtime.clock import Clock
    from actors.runtime.reasons import ExitReason
    from actors.runtime.ref import ActorRef
    from actors.session.audience import Audience
    from actors.session.environment import Environment
    from actors.session.runs import LiveRun, RunQueue


class Conduct(Supervisor):
    """The part of a session that works through its runs.

    While ``ready`` is false the log is being read: what the runs are isn't known, and nothing is decided. Where it
    can't even be written, ``interrupted`` is true as well.
    """

    environment: Environment
    clock: Clock
    session_id: str
    audience: Audience
    runs: RunQueue
    early: list[Any]
    head_seq = 0
    ready = False
    interrupted = False
    draining = False
    _alarm: Alarm
    # From the first event on: most sessions are only watched, and a reference takes 150 bytes.
    _emitter: ActorRef[Any] | None = None

    def hire(self) -> None:
        """Begin to start the tools and the agent, who were never there."""
        raise NotImplementedError

    def record(self, run_id: str, data: Data) -> None:
        """Have an event recorded."""
        if self._emitter is None:
            self._emitter = self.child("emitter")
        self._emitter.tell(Emit(run_id, data))

    def go_on(self) -> None:
        """Begin what is next: a waiting run, or the next attempt at the active one; once the agent is up."""
        if not self.ready:
            return
        if self.is_up("agent"):
            if not self.draining:
                self.runs.promote()
            run = self.runs.active
            if run is not None and run.attempt_due:
                self._begin_attempt(run)
        elif not self.has_child("agent") and self.runs.next_up() is not None:
            self._alarm = Alarm(self)
            self.hire()

    def _begin_attempt(self, run: LiveRun) -> None:
        now, now_ms = self.clock.monotonic(), self.clock.epoch_ms()
        run.attempt_due = False
        run.attempt += 1
        run.started = now if run.started is None else run.started
        run.last_event = now
        run.deadline = run.started + self.environment.run_timeout
        left = max(0.0, run.deadline - now)
        queued_ms = max(0, now_ms - run.accepted_ms - round((now - run.started) * 1000))
        self.record(run.run_id, AgentStarted(run.agent, run.attempt, queued_ms, round(left * 1000)))
        order = StartRun(run.run_id, run.attempt, run.agent, run.text, now + left, run.roles)
        self.child("agent").tell(order)
        self._await(run, now)

    # How runs end.

    @receives(RunFinished)
    def _on_run_finished(self, message: RunFinished) -> None:
        if not self.ready:
            if not self.interrupted:
                self.early.append(message)
            return
        self.finish_run(message)
        self.go_on()

    def finish_run(self, message: RunFinished) -> None:
        """Record what an attempt came to, if it is the one under way."""
        run = self.runs.active
        if run is None or (run.run_id, run.attempt) != (message.run_id, message.attempt):
            return
        if message.error is not None:
            self.complete(run, "error", fault=message.error, usage=message.usage)
        else:
            self.complete(run, "success", message.text, usage=message.usage)
        if message.calls_open or run.attempt > 1:  # What became of an earlier attempt's calls, the last can't know.
            self.call_off(run)

    def complete(
        self, run: LiveRun, outcome: Any, text: str = "", *, fault: Fault | None = None, usage: Usage | None = None
    ) -> None:
        """Record the end of the active run and free the place of the next.

        The text of one that didn't succeed is what was shown of it; the emitter knows that.
        """
        assert run.started is not None
        duration_ms = max(0, round((self.clock.monotonic() - run.started) * 1000))
        error = UNSET if fault is None else fault
        counted = UNSET if usage is None else usage
        self.record(run.run_id, AgentCompleted(outcome, text, duration_ms, run.attempt, error, counted))
        self.runs.active = None

    def call_off(self, run: LiveRun) -> None:
        """Have the tools end what they do for a run; one that a life before began has none yet."""
        if self.has_child("tools"):
            self.child("tools").tell(AbortRun(run.run_id))

    def break_off(self, run: LiveRun, outcome: Any, fault: Fault | None = None) -> None:
        """End the active run whatever its agent is doing; the agent is killed and comes back for the next run."""
        busy = not run.attempt_due
        self.complete(run, outcome, fault=fault)
        self.call_off(run)
        if busy:
            self.replace_child("agent")

    def retry_or_end(self, run: LiveRun, cause: str, retry_in: float, fault: Fault) -> None:
        """Decide what the death of the active run's agent means: another attempt, or the end with ``fault``."""
        if run.may_retry(self.environment.agents.get(run.agent)):
            run.attempt_due = True
            run.open_calls.clear()
            self.record(run.run_id, AgentRestarted(run.attempt + 1, cause, round(retry_in * 1000)))
        else:
            self.complete(run, "error", fault=fault)
        self.call_off(run)

    # Time.

    def _await(self, run: LiveRun, now: float) -> None:
        """Look at the active run again when it is silent for too long or out of time, whichever comes first."""
        moment = run.progress_due(self.environment.progress_after)
        if self.ready and run.deadline is not None:
            moment = min(moment, run.deadline)
        self._alarm.ring_by(moment, now)

    @receives(AlarmRang)
    def _on_alarm(self, _: AlarmRang) -> None:
        self._alarm.rang()
        run, now = self.runs.active, self.clock.monotonic()
        if run is None or run.deadline is None:
            return
        if self.ready and run.out_of_time(now):
            self.break_off(run, "timed_out", Fault("timed_out", "The run took too long and was stopped."))
            self.go_on()
            return
        if now >= run.progress_due(self.environment.progress_after):
            self._show_progress(run, now)
        self._await(run, now)

    def _show_progress(self, run: LiveRun, now: float) -> None:
        assert run.started is not None
        run.last_progress = now
        elapsed_ms = round((now - run.started) * 1000)
        waiting_on = run.waiting_on(self.environment.agents.get(run.agent))
        frame = encode(Progress(self.session_id, run.run_id, elapsed_ms, waiting_on))
        self.audience.show_live(frame, self.head_seq)

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
        self.retry_or_end(run, lost.cause, lost.retry_in, Fault("agent_crashed", f"Sorry: {lost.cause}."))
        self.go_on()


def _cause(child_id: str, reason: ExitReason) -> str:
    what = type(reason.error).__name__ if reason.error is not None else reason.kind.value
    return f"the {child_id} crashed ({what})" if child_id == "agent" else f"its tools crashed ({what})"
