"""The door between an agent's plain code and the actors around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from actors.agents.turn import Exchange, Turn
from actors.session.events import AgentCompleted, AgentThinking, MessageAccepted, Usage, decode
from actors.session.messages import CallTool, Emit, Flush, Say
from actors.tools.errors import ToolFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actors.agents.turn import Question
    from actors.runtime.future import Future
    from actors.runtime.ref import ActorRef
    from actors.session.journal import Journal
    from actors.session.messages import StartRun
    from actors.tools.tool import Call, Tool

UNANSWERED = 100
"""How many messages to the emitter are under way at most before the agent waits for it."""

SIDE_BY_SIDE = 64
"""How many tool calls of one `use_all` are under way at once."""

HISTORY_EVENTS = 1000
"""How many of the last events are looked through for earlier messages and their answers."""


class LiveTurn(Turn):
    """A turn whose thoughts, words and tool calls go by mailbox to the session's emitter and tools."""

    def __init__(
        self,
        order: StartRun,
        session_id: str,
        journal: Journal,
        emitter: ActorRef[Any],
        tools: ActorRef[Any],
        now: Callable[[], float],
        offered: Callable[[str], Sequence[Tool]],
        heed: Callable[[str, Question], object],
    ) -> None:
        """Open the door for one attempt.

        ``now`` tells the runtime's monotonic seconds, ``offered`` what the agent of a name may call; ``heed`` hears of
        questions to models.
        """
        self._order = order
        self._session_id = session_id
        self._journal = journal
        self._emitter = emitter
        self._tools = tools
        self._now = now
        self._offered = offered
        self._heed = heed
        self._step = 0
        self._unanswered = 0
        self.counted: Usage | None = None
        self.calls_open = 0
        """How many tool calls it has begun and not seen the end of: code that gives up a wait leaves one behind."""

    @property
    def text(self) -> str:
        """The person's message."""
        return self._order.text

    @property
    def history(self) -> Sequence[Exchange]:
        """Earlier messages and their answers, oldest first; reads the log, which may block."""
        self._emitter.ask(Flush())
        record = self._journal.find(self._session_id)
        head_seq = 0 if record is None else record.head_seq
        after = max(0, head_seq - HISTORY_EVENTS)
        return exchanges(self._journal.read(self._session_id, after, HISTORY_EVENTS))

    @property
    def tools(self) -> Sequence[Tool]:
        """What the agent may call for this user now; shared tools come and go."""
        roles = set(self._order.roles)
        return [tool for tool in self._offered(self._order.agent) if not tool.roles or roles & set(tool.roles)]

    @property
    def attempt(self) -> int:
        """Which attempt at this run it is, from 1."""
        return self._order.attempt

    @property
    def deadline(self) -> float:
        """When the run's time is up, in seconds on the monotonic clock."""
        return self._order.deadline

    @property
    def remaining(self) -> float:
        """How many seconds the run has left."""
        return max(0.0, self._order.deadline - self._now())

    def think(self, thought: str) -> None:
        """Say what comes next; the person sees it. Begins a new step."""
        thought = written(thought)
        self._step += 1
        self._tell(Emit(self._order.run_id, AgentThinking(self._step, thought), self._order.attempt))

    def say(self, chunk: str) -> None:
        """Show a piece of the answer."""
        chunk = written(chunk)
        if chunk:
            self._tell(Say(self._order.run_id, self._order.attempt, chunk))

    def usage(self, input_tokens: int, output_tokens: int) -> None:
        """Add to what a model counted in this attempt."""
        before = self.counted or Usage(0, 0)
        after = Usage(before.input_tokens + input_tokens, before.output_tokens + output_tokens)
        # Checked like any text of an agent's: what is in the log must be readable for ever.
        self.counted = msgspec.convert(msgspec.to_builtins(after), Usage)

    def asked(self, question: Question) -> None:
        """Tell of one question to a model."""
        self._heed(self._order.run_id, question)

    def use(self, tool: Tool | str, /, **arguments: Any) -> Any:
        """Call a tool and return what it returns; blocks until then.

        Raises:
            ToolFailed: it didn't do it; the code says why.
        """
        return self._answer(self._call(tool, arguments))

    def use_all(self, calls: Sequence[Call]) -> list[Any]:
        """Call tools side by side; blocks until the last is done. A failed call's entry is its `ToolFailed`."""
        outcomes: list[Any] = []
        for first in range(0, len(calls), SIDE_BY_SIDE):
            batch = [self._call(*call) for call in calls[first : first + SIDE_BY_SIDE]]
            outcomes += map(self._outcome, batch)
        return outcomes

    def _tell(self, message: Emit | Say) -> None:
        self._emitter.tell(message)
        self._unanswered += 1
        if self._unanswered >= UNANSWERED:
            self._emitter.ask(Flush())
            self._unanswered = 0

    def _call(self, tool: Tool | str, arguments: dict[str, Any], problem: str | None = None) -> Future[Any]:
        order = self._order
        message = CallTool(
            order.run_id,
            order.attempt,
            order.agent,
            tool if isinstance(tool, str) else tool.name,
            arguments,
            max(1, self._step),
            order.roles,
            problem,
        )
        self.calls_open += 1
        # For ever is short here: the tools actor answers for each call when its time is up.
        return self._tools.ask(message, block=False, timeout=None)  # type: ignore[no-any-return]

    def _answer(self, future: Future[Any]) -> Any:
        try:
            return future.get()
        finally:
            self.calls_open -= future.done

    def _outcome(self, future: Future[Any]) -> Any:
        try:
            return self._answer(future)
        except ToolFailed as failure:
            return failure


def written(text: str) -> str:
    """Return a text as it can be recorded: what no UTF-8 can hold, half a surrogate pair say, is replaced.

    Raises:
        TypeError: it isn't a text. What is in the log must be readable for ever, so this is found out before.
    """
    if not isinstance(text, str):
        raise TypeError(f"expected a text, not {type(text).__name__}")
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def exchanges(frames: list[bytes]) -> list[Exchange]:
    """Pair the messages of a log's events with the answers that succeeded, in the order of the answers."""
    asked: dict[str, str] = {}
    pairs = []
    for entry in map(decode, frames):
        if isinstance(entry.data, MessageAccepted):
            asked[entry.run_id] = entry.data.text
        elif isinstance(entry.data, AgentCompleted) and entry.data.outcome == "success" and entry.run_id in asked:
            pairs.append(Exchange(asked.pop(entry.run_id), entry.data.text))
    return pairs
