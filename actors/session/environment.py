"""What every session tree of one server shares: data and a log, nothing that an event could leak through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.runtime.policies import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from actors.agents.agent import Agent
    from actors.session.journal import Journal
    from actors.tools.lending import Resources


@dataclass(frozen=True)
class Policies:
    """How much failing each kind of actor may do before its supervisor does something about it.

    Each is counted by itself. What the emitter, the tools or the agent can't mend is a failure of their session; a
    session that has used up its own is given up.
    """

    session: Policy = field(default_factory=Policy)
    agent: Policy = field(default_factory=Policy)
    tools: Policy = field(default_factory=Policy)
    emitter: Policy = field(default_factory=Policy)


@dataclass(frozen=True)
class Environment:
    """The agents there are, the log, and the limits. Durations are in seconds."""

    journal: Journal
    agents: Mapping[str, type[Agent]]
    default_agent: str
    roles_of: Callable[[str], tuple[str, ...]] = lambda _user_id: ()
    """Tells the roles of a user whose runs are taken up from the log; may block."""
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
