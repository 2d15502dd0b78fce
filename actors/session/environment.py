"""What every session tree of one server shares: data and a log, nothing that an event could leak through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.runtime.policies import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from actors.agents.agent import Agent
    from actors.agents.turn import Question
    from actors.session.journal import Journal
    from actors.tools.lending import Resources
    from actors.tools.provider import Provider
    from actors.tools.tool import Tool


@dataclass(frozen=True)
class Policies:
    """How much failing each kind of actor may do before its supervisor does something about it.

    Each is counted by itself. What the emitter, the tools or the agent can't mend is a failure of their session; a
    session that has used up its own is given up. An MCP server that has rests for as long as its budget counts.
    """

    session: Policy = field(default_factory=Policy)
    agent: Policy = field(default_factory=Policy)
    tools: Policy = field(default_factory=Policy)
    emitter: Policy = field(default_factory=Policy)
    mcp: Policy = field(default_factory=Policy)


@dataclass(frozen=True)
class Environment:
    """The agents there are, the log, and the limits. Durations are in seconds."""

    journal: Journal
    agents: Mapping[str, type[Agent]]
    default_agent: str
    roles_of: Callable[[str], tuple[str, ...]] = lambda _user_id: ()
    """Tells the roles of a user whose runs are taken up from the log; may block."""
    asked: Callable[[str, Question], object] = lambda _run_id, _question: None
    """Hears of each question to a model, by its run; may neither block nor raise."""
    resources: Resources = field(default_factory=dict)
    """What tools are lent, by its class."""
    run_timeout: float = 120.0
    tool_timeout: float = 30.0
    progress_after: float = 5.0
    idle_session: float = 300.0
    """How long a session that nobody watches and that has nothing to do keeps its actors."""
    queued_messages: int = 20
    sessions_per_user: int = 100
    policies: Policies = field(default_factory=Policies)
    providers: tuple[Provider, ...] = ()
    """Who shares tools with the agents that ask for it."""

    def tools_of(self, agent: str) -> tuple[Tool, ...]:
        """Return what the agent of that name may call now: its own tools, then those that are shared with it."""
        kind = self.agents[agent]
        names = {tool.name for tool in kind.tools}
        shared = (tool for provider in self._sharing_with(kind) for tool in provider.tools(agent))
        return kind.tools + tuple(tool for tool in shared if tool.name not in names)

    def find_tool(self, agent: str, name: str) -> Tool | None:
        """Return the tool that the agent means by a name; its own come first. None where there isn't one."""
        kind = self.agents.get(agent)
        if kind is None:
            return None
        for tool in kind.tools:
            if tool.name == name:
                return tool
        found = (provider.find(agent, name) for provider in self._sharing_with(kind))
        return next((tool for tool in found if tool is not None), None)

    def _sharing_with(self, agent: type[Agent]) -> tuple[Provider, ...]:
        return self.providers if agent.shared_tools else ()
