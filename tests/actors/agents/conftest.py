"""A turn of the tests' own: it runs tools for real, in line, and keeps what was done."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from actors.agents import Agent, Exchange, Turn
from actors.agents.errors import ToolCrash
from actors.tools import BadArguments, Call, Tool, ToolFailed, ToolUser
from actors.tools.lending import Resources
from actors.tools.performing import perform


class RecordingTurn(Turn):
    """Serves one agent's tools; `done` lists what was asked for, in order, as (verb, what)."""

    def __init__(
        self,
        text: str,
        tools: Sequence[Tool] = (),
        attempt: int = 1,
        user: str = "u_1",
        resources: Resources | None = None,
    ) -> None:
        self.done: list[tuple[str, Any]] = []
        self._text = text
        self._tools = {tool.name: tool for tool in tools}
        self._attempt = attempt
        self._user = ToolUser(user)
        self._resources = resources or {}

    @property
    def text(self) -> str:
        return self._text

    @property
    def history(self) -> Sequence[Exchange]:
        return ()

    @property
    def tools(self) -> Sequence[Tool]:
        return tuple(self._tools.values())

    @property
    def attempt(self) -> int:
        return self._attempt

    @property
    def deadline(self) -> float:
        return float("inf")

    @property
    def remaining(self) -> float:
        return float("inf")

    def think(self, thought: str) -> None:
        self.done.append(("think", thought))

    def use(self, tool: Tool | str, /, **arguments: Any) -> Any:
        name = tool if isinstance(tool, str) else tool.name
        self.done.append(("use", (name, arguments)))
        try:
            return self._called(name, arguments)
        except ToolFailed as failure:
            self.done.append(("failed", failure.code))
            raise

    def use_all(self, calls: Sequence[Call]) -> list[Any]:
        return [self._outcome(call) for call in calls]

    def say(self, chunk: str) -> None:
        self.done.append(("say", chunk))

    def usage(self, input_tokens: int, output_tokens: int) -> None:
        self.done.append(("usage", (input_tokens, output_tokens)))

    def all_of(self, verb: str) -> list[Any]:
        return [what for done, what in self.done if done == verb]

    def _called(self, name: str, arguments: dict[str, Any]) -> Any:
        if name not in self._tools:
            raise ToolFailed("not_found", f"no tool {name!r}", name)
        try:
            tool = self._tools[name]
            return perform(tool, tool.bind(arguments), self._user, self._resources)
        except BadArguments as error:
            raise ToolFailed("bad_arguments", str(error), name) from error
        except ToolCrash as crash:
            raise ToolFailed("crashed", str(crash), name) from crash

    def _outcome(self, call: Call) -> Any:
        if call.problem is not None:
            return ToolFailed("bad_arguments", call.problem, str(call.tool))
        try:
            return self.use(call.tool, **call.arguments)
        except ToolFailed as failure:
            return failure


@pytest.fixture
def turn_of() -> Callable[..., RecordingTurn]:
    """Return what makes a turn of an agent with a text."""

    def turn_of(agent: type[Agent], text: str, attempt: int = 1, **lent: Any) -> RecordingTurn:
        return RecordingTurn(text, agent.tools, attempt, **lent)

    return turn_of
