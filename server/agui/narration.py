"""A run told as AG-UI has it: what the log says, one event after another, becomes events that its clients accept.

::

    agent_started               RUN_STARTED, of the first attempt
    agent_thinking              STEP_FINISHED of the step before, STEP_STARTED, REASONING_… with the thought
    tool_executing              TOOL_CALL_START, TOOL_CALL_ARGS, TOOL_CALL_END
    tool_completed              TOOL_CALL_RESULT
    message_delta               TEXT_MESSAGE_START before the first, TEXT_MESSAGE_CONTENT
    agent_restarted             TEXT_MESSAGE_END, STEP_FINISHED, CUSTOM; the next attempt's answer is another message
    agent_completed             what is still missing of the answer, TEXT_MESSAGE_END, STEP_FINISHED, then
        success, cancelled      RUN_FINISHED, with that outcome
        error, timed_out        RUN_ERROR
    message_dequeued            RUN_STARTED, RUN_FINISHED: cancelled

Pure. What was told before a position is told again without being said: so a client that comes back gets exactly what
it lacks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ag_ui.core import (
    BaseEvent,
    CustomEvent,
    ReasoningEndEvent,
    ReasoningMessageContentEvent,
    ReasoningMessageEndEvent,
    ReasoningMessageStartEvent,
    ReasoningStartEvent,
    RunErrorEvent,
    RunFinishedCancelledOutcome,
    RunFinishedEvent,
    RunFinishedSuccessOutcome,
    RunStartedEvent,
    StepFinishedEvent,
    StepStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    TokenUsage,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)
from msgspec import UNSET, to_builtins

from actors.session.events import (
    AgentCompleted,
    AgentRestarted,
    AgentStarted,
    AgentThinking,
    MessageDequeued,
    ToolCompleted,
    ToolExecuting,
)
from server.agui.position import Position, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from actors.session.events import Event

PROTOCOL_VERSION = "1.0"
RESTARTED = "greenroom.agent_restarted"


class Told(NamedTuple):
    """An event of AG-UI, and where its reader stands then."""

    event: BaseEvent
    position: Position


class Narration:
    """The telling of one run.

    Attributes:
        over: whether all is told.
        position: where its reader stands.
    """

    def __init__(self, thread_id: str, run_id: str, epoch: str, start: Position | None) -> None:
        """Tell what comes after ``start``, or all; the ids are the client's own."""
        self.over = False
        self._thread_id = thread_id
        self._run_id = run_id
        self._silent_until = -1 if start is None else start.seq
        self._start = start
        self._attempt = 0
        self._step: str | None = None
        self.position = Position(epoch, 0)

    def hear(self, event: Event) -> list[Told]:
        """Tell the run's next event of the log; those that were told already must come again, and are not told."""
        before = self._placed(event.seq)
        tell = _TELLERS.get(type(event.data))
        told = [] if tell is None else list(tell(self, event.data))
        if event.seq <= self._silent_until:
            return []
        self.position = Position(before.epoch, event.seq, self.position.said)
        places = [*(before._replace(part=number) for number in range(1, len(told))), self.position]
        return [Told(*pair) for pair in zip(told, places[: len(told)], strict=True)][before.part :]

    def _placed(self, seq: int) -> Position:
        """Return where the reader stands before the event of that seq: the first time, where it was when it left."""
        if self._start is not None and seq > self._silent_until:
            self.position, self._start = self._start, None
        return self.position

    def hear_delta(self, offset: int, text: str) -> list[Told]:
        """Tell a piece of the answer, as far as it is new and follows what was told."""
        said = self._placed(self._silent_until + 1).said or Said()
        new = text[max(0, said.length - offset) :]
        if self.over or offset > said.length or not new:
            return []
        told = []
        if self.position.said is None:
            opening = self._open()
            told.append(Told(opening, self.position))
        content = self._say(new)
        return [*told, Told(content, self.position)]

    # The answer.

    @property
    def _message_id(self) -> str:
        return f"{self._run_id}-{self._attempt}"

    def _open(self) -> BaseEvent:
        self.position = self.position._replace(said=Said(), part=0)
        return TextMessageStartEvent(message_id=self._message_id, role="assistant")

    def _say(self, text: str) -> BaseEvent:
        assert self.position.said is not None
        self.position = self.position._replace(said=self.position.said.and_then(text), part=0)
        return TextMessageContentEvent(message_id=self._message_id, delta=text)

    def _end_message(self) -> Iterator[BaseEvent]:
        if self.position.said is not None:
            yield TextMessageEndEvent(message_id=self._message_id)
            self.position = self.position._replace(said=None)

    def _finish(self, text: str) -> Iterator[BaseEvent]:
        """Tell what is missing of the answer; one that doesn't begin with what was told is told as another message."""
        said = self.position.said
        if said is not None and said.begins(text):
            if text[said.length :]:
                yield self._say(text[said.length :])
            yield from self._end_message()
            return
        yield from self._end_message()
        if text:
            message_id = self._message_id if said is None else f"{self._message_id}-whole"
            yield TextMessageStartEvent(message_id=message_id, role="assistant")
            yield TextMessageContentEvent(message_id=message_id, delta=text)
            yield TextMessageEndEvent(message_id=message_id)

    # What the log says.

    def _started(self, data: AgentStarted) -> Iterator[BaseEvent]:
        self._attempt = data.attempt
        if data.attempt == 1:
            yield self._run_started()

    def _run_started(self) -> BaseEvent:
        return RunStartedEvent(thread_id=self._thread_id, run_id=self._run_id, protocol_version=PROTOCOL_VERSION)

    def _thinking(self, data: AgentThinking) -> Iterator[BaseEvent]:
        yield from self._end_step()
        self._step = f"step {data.step}"
        yield StepStartedEvent(step_name=self._step)
        if data.thought:
            thought_id = f"{self._message_id}-thought-{data.step}"
            yield ReasoningStartEvent(message_id=thought_id)
            yield ReasoningMessageStartEvent(message_id=thought_id, role="reasoning")
            yield ReasoningMessageContentEvent(message_id=thought_id, delta=data.thought)
            yield ReasoningMessageEndEvent(message_id=thought_id)
            yield ReasoningEndEvent(message_id=thought_id)

    def _end_step(self) -> Iterator[BaseEvent]:
        if self._step is not None:
            yield StepFinishedEvent(step_name=self._step)
            self._step = None

    def _executing(self, data: ToolExecuting) -> Iterator[BaseEvent]:
        call_id = data.tool_call_id
        yield ToolCallStartEvent(tool_call_id=call_id, tool_call_name=data.tool)
        yield ToolCallArgsEvent(tool_call_id=call_id, delta=_written(data.arguments))
        yield ToolCallEndEvent(tool_call_id=call_id)

    def _completed_tool(self, data: ToolCompleted) -> Iterator[BaseEvent]:
        content = data.result if data.ok else {"error": to_builtins(data.error)}
        yield ToolCallResultEvent(
            message_id=f"{data.tool_call_id}-result",
            tool_call_id=data.tool_call_id,
            content=content if isinstance(content, str) else _written(content),
            role="tool",
        )

    def _restarted(self, data: AgentRestarted) -> Iterator[BaseEvent]:
        yield from self._end_message()
        yield from self._end_step()
        yield CustomEvent(name=RESTARTED, value=to_builtins(data))

    def _dequeued(self, _: MessageDequeued) -> Iterator[BaseEvent]:
        self.over = True
        yield self._run_started()
        yield self._run_finished(RunFinishedCancelledOutcome())

    def _completed(self, data: AgentCompleted) -> Iterator[BaseEvent]:
        self.over = True
        yield from self._finish(data.text)
        yield from self._end_step()
        if data.outcome in {"success", "cancelled"}:
            outcome = RunFinishedSuccessOutcome() if data.outcome == "success" else RunFinishedCancelledOutcome()
            usage = None if data.usage is UNSET else [TokenUsage(**to_builtins(data.usage))]
            yield self._run_finished(outcome, usage)
        elif data.error is UNSET:
            yield RunErrorEvent(message="The run failed.", code=data.outcome)
        else:
            yield RunErrorEvent(message=data.error.message, code=data.error.code)

    def _run_finished(self, outcome: Any, usage: Any = None) -> BaseEvent:
        return RunFinishedEvent(thread_id=self._thread_id, run_id=self._run_id, outcome=outcome, usage=usage)


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_TELLERS: dict[type, Callable[[Narration, Any], Iterator[BaseEvent]]] = {
    AgentStarted: Narration._started,  # noqa: SLF001 - the table of this module's own handlers
    AgentThinking: Narration._thinking,  # noqa: SLF001
    ToolExecuting: Narration._executing,  # noqa: SLF001
    ToolCompleted: Narration._completed_tool,  # noqa: SLF001
    AgentRestarted: Narration._restarted,  # noqa: SLF001
    MessageDequeued: Narration._dequeued,  # noqa: SLF001
    AgentCompleted: Narration._completed,  # noqa: SLF001
}
