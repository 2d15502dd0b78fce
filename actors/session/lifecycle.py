"""What may follow what in a session's log: the life of a run as a table, and the fold that checks it.

::

    message_accepted            agent_started                 agent_completed
    ───────────────► QUEUED ─────────────────► RUNNING ──────────────────────────► (over)
                       │                        │    ▲                                ▲
      message_dequeued │        agent_restarted │    │ agent_started                  │ agent_completed
                       ▼                        ▼    │                                │
                     (over)                   RESTARTING ─────────────────────────────┘
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from actors.session.events import (
    AgentCompleted,
    AgentRestarted,
    AgentStarted,
    AgentThinking,
    Data,
    Event,
    MessageAccepted,
    MessageDequeued,
    ToolCompleted,
    ToolExecuting,
)


class IllegalEvent(Exception):
    """An event that may not come now; its sender has a bug, or is late."""


class Phase(Enum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    RESTARTING = "restarting"
    OVER = "over"


MOVES: dict[tuple[Phase, type[Data]], Phase] = {
    (Phase.QUEUED, MessageDequeued): Phase.OVER,
    (Phase.QUEUED, AgentStarted): Phase.RUNNING,
    (Phase.RUNNING, AgentThinking): Phase.RUNNING,
    (Phase.RUNNING, ToolExecuting): Phase.RUNNING,
    (Phase.RUNNING, ToolCompleted): Phase.RUNNING,
    (Phase.RUNNING, AgentRestarted): Phase.RESTARTING,
    (Phase.RUNNING, AgentCompleted): Phase.OVER,
    (Phase.RESTARTING, AgentStarted): Phase.RUNNING,
    (Phase.RESTARTING, AgentCompleted): Phase.OVER,
}


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A tool call without its end."""

    tool: str
    since: int
    """When it began, in epoch ms."""


@dataclass(slots=True)
class Run:
    """What the log says of a run that isn't over."""

    run_id: str
    text: str
    agent: str
    client_msg_id: str | None
    accepted_at: int
    phase: Phase = Phase.QUEUED
    attempt: int = 0
    started_at: int | None = None
    last_at: int = 0
    """When the last event of it was recorded, in epoch ms."""
    open_calls: dict[str, OpenCall] = field(default_factory=dict)
    tools_used: set[str] = field(default_factory=set)


class Conversation:
    """The unfinished runs of one session, folded from its log, event by event.

    ``queue`` holds what waits, in the order it will run; ``active`` is the run under way, or None.
    """

    def __init__(self, head_seq: int = 0) -> None:
        """Begin after ``head_seq`` with nothing unfinished."""
        self.head_seq = head_seq
        self.active: Run | None = None
        self.queue: list[Run] = []

    def find(self, run_id: str | None) -> Run | None:
        """Return the unfinished run of that id, or None."""
        if self.active is not None and self.active.run_id == run_id:
            return self.active
        return next((run for run in self.queue if run.run_id == run_id), None)

    def check(self, run_id: str, data: Data) -> Phase:
        """Return the phase that the run would be in after ``data``; changes nothing.

        Raises:
            IllegalEvent: it may not come now.
        """
        run = self.find(run_id)
        if isinstance(data, MessageAccepted):
            if run is not None:
                raise IllegalEvent(f"run {run_id} was accepted before")
            return Phase.QUEUED
        phase = run.phase if run is not None else Phase.OVER
        after = MOVES.get((phase, type(data)))
        if run is None or after is None:
            raise IllegalEvent(f"{type(data).__name__} can't come to run {run_id}, which is {phase.value}")
        self._check_details(run, data, after)
        return after

    def _check_details(self, run: Run, data: Data, after: Phase) -> None:
        if isinstance(data, AgentStarted) and (data.attempt != run.attempt + 1 or self.active not in (None, run)):
            raise IllegalEvent(f"attempt {data.attempt} of {run.run_id} can't start now")
        if isinstance(data, ToolExecuting) and data.tool_call_id in run.open_calls:
            raise IllegalEvent(f"tool call {data.tool_call_id} is open already")
        if isinstance(data, ToolCompleted) and data.tool_call_id not in run.open_calls:
            raise IllegalEvent(f"tool call {data.tool_call_id} isn't open")
        if after is not Phase.RUNNING and run.open_calls:
            raise IllegalEvent(f"run {run.run_id} still has open tool calls")

    def apply(self, event: Event) -> None:
        """Take one event of the log into account.

        Raises:
            IllegalEvent: it isn't the next one, or may not come now.
        """
        if event.seq != self.head_seq + 1:
            raise IllegalEvent(f"seq {event.seq} follows {self.head_seq}")
        after = self.check(event.run_id, event.data)
        self.head_seq = event.seq
        if isinstance(event.data, MessageAccepted):
            self._accept(event, event.data)
            return
        run = self.find(event.run_id)
        assert run is not None
        self._change(run, event)
        run.phase, run.last_at = after, event.ts
        if after is Phase.OVER:
            self._drop(run)

    def pass_over(self, seq: int) -> None:
        """Take note of an event of a run that is known to be over.

        Raises:
            IllegalEvent: it isn't the next one.
        """
        if seq != self.head_seq + 1:
            raise IllegalEvent(f"seq {seq} follows {self.head_seq}")
        self.head_seq = seq

    def _accept(self, event: Event, data: MessageAccepted) -> None:
        run = Run(event.run_id, data.text, data.agent, data.client_msg_id, event.ts)
        # Position 0 while others wait is an interrupt: it runs next.
        self.queue.insert(0 if data.position == 0 else len(self.queue), run)

    def _change(self, run: Run, event: Event) -> None:
        data = event.data
        if isinstance(data, AgentStarted):
            if run in self.queue:
                self.queue.remove(run)
            self.active = run
            run.attempt = data.attempt
            run.started_at = run.started_at or event.ts
        elif isinstance(data, ToolExecuting):
            run.open_calls[data.tool_call_id] = OpenCall(data.tool, event.ts)
            run.tools_used.add(data.tool)
        elif isinstance(data, ToolCompleted):
            del run.open_calls[data.tool_call_id]

    def _drop(self, run: Run) -> None:
        if run is self.active:
            self.active = None
        else:
            self.queue.remove(run)
