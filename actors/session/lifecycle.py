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

from enum import Enum
from typing import TYPE_CHECKING, ClassVar

import msgspec

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

if TYPE_CHECKING:
    from collections.abc import Callable


class IllegalEvent(Exception):
    """An event that may not come now; its sender has a bug, or is late."""


class Phase(Enum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    RESTARTING = "restarting"
    OVER = "over"

    # By identity: an enumeration's own hash is a call in Python, and `MOVES` is looked up at every event.
    __hash__ = object.__hash__


# Taken from the class, each would be looked up in Python.
QUEUED, RUNNING, RESTARTING, OVER = Phase


MOVES: dict[tuple[Phase, type[Data]], Phase] = {
    (QUEUED, MessageDequeued): OVER,
    (QUEUED, AgentStarted): RUNNING,
    (RUNNING, AgentThinking): RUNNING,
    (RUNNING, ToolExecuting): RUNNING,
    (RUNNING, ToolCompleted): RUNNING,
    (RUNNING, AgentRestarted): RESTARTING,
    (RUNNING, AgentCompleted): OVER,
    (RESTARTING, AgentStarted): RUNNING,
    (RESTARTING, AgentCompleted): OVER,
}


class OpenCall(msgspec.Struct, frozen=True):
    """A tool call without its end."""

    tool: str
    since: int
    """When it began, in epoch ms."""


class Run(msgspec.Struct, eq=False):
    """What the log says of a run that isn't over."""

    run_id: str
    text: str
    agent: str
    client_msg_id: str | None
    accepted_at: int
    phase: Phase = QUEUED
    attempt: int = 0
    started_at: int | None = None
    last_at: int = 0
    """When the last event of it was recorded, in epoch ms."""
    open_calls: dict[str, OpenCall] = msgspec.field(default_factory=dict)
    tools_used: set[str] = msgspec.field(default_factory=set)


class Conversation:
    """The unfinished runs of one session, folded from its log, event by event.

    ``queue`` holds what waits, in the order it will run; ``active`` is the run under way, or None.
    """

    def __init__(self, head_seq: int = 0) -> None:
        """Begin after ``head_seq`` with nothing unfinished."""
        self.head_seq = head_seq
        self.active: Run | None = None
        self.queue: list[Run] = []

    def find(self, run_id: str) -> Run | None:
        """Return the unfinished run of that id, or None."""
        active = self.active
        if active is not None and active.run_id == run_id:
            return active
        for run in self.queue:
            if run.run_id == run_id:
                return run
        return None

    def apply(self, event: Event) -> None:
        """Take one event of the log into account; an illegal one changes nothing.

        Raises:
            IllegalEvent: it isn't the next one, or may not come now.
        """
        if event.seq != self.head_seq + 1:
            raise IllegalEvent(f"seq {event.seq} follows {self.head_seq}")
        run, kind = self.find(event.run_id), type(event.data)
        if kind is MessageAccepted:
            self._accept(run, event)
        else:
            self._move(run, kind, event)
        self.head_seq = event.seq

    def pass_over(self, seq: int) -> None:
        """Take note of an event of a run that is known to be over.

        Raises:
            IllegalEvent: it isn't the next one.
        """
        if seq != self.head_seq + 1:
            raise IllegalEvent(f"seq {seq} follows {self.head_seq}")
        self.head_seq = seq

    def _accept(self, known: Run | None, event: Event) -> None:
        if known is not None:
            raise IllegalEvent(f"run {known.run_id} was accepted before")
        data = event.data
        run = Run(event.run_id, data.text, data.agent, data.client_msg_id, event.ts)
        # Position 0 while others wait is an interrupt: it runs next.
        self.queue.insert(0 if data.position == 0 else len(self.queue), run)

    def _move(self, run: Run | None, kind: type[Data], event: Event) -> None:
        phase = OVER if run is None else run.phase
        after = MOVES.get((phase, kind))
        if run is None or after is None:
            raise IllegalEvent(f"{kind.__name__} can't come to run {event.run_id}, which is {phase.value}")
        step = self._steps.get(kind)
        if step is not None:
            step(self, run, event)
        run.phase, run.last_at = after, event.ts

    def _start(self, run: Run, event: Event) -> None:
        attempt = event.data.attempt
        if attempt != run.attempt + 1 or self.active not in (None, run):
            raise IllegalEvent(f"attempt {attempt} of {run.run_id} can't start now")
        if self.active is None:
            self.queue.remove(run)
            self.active = run
        run.attempt = attempt
        run.started_at = run.started_at or event.ts

    def _open_call(self, run: Run, event: Event) -> None:
        data = event.data
        if data.tool_call_id in run.open_calls:
            raise IllegalEvent(f"tool call {data.tool_call_id} is open already")
        run.open_calls[data.tool_call_id] = OpenCall(data.tool, event.ts)
        run.tools_used.add(data.tool)

    def _close_call(self, run: Run, event: Event) -> None:
        if run.open_calls.pop(event.data.tool_call_id, None) is None:
            raise IllegalEvent(f"tool call {event.data.tool_call_id} isn't open")

    def _leave(self, run: Run, _event: Event) -> None:
        if run.open_calls:
            raise IllegalEvent(f"run {run.run_id} still has open tool calls")

    def _end(self, run: Run, event: Event) -> None:
        self._leave(run, event)
        if run is self.active:
            self.active = None
        else:
            self.queue.remove(run)

    _steps: ClassVar[dict[type[Data], Callable[[Conversation, Run, Event], None]]] = {
        AgentStarted: _start,
        ToolExecuting: _open_call,
        ToolCompleted: _close_call,
        AgentRestarted: _leave,
        AgentCompleted: _end,
        MessageDequeued: _end,
    }
    """What each kind of event checks and changes beside the move itself; a thought does neither."""
