"""The tree of a server's actors: what its sessions are given, and the two that stand on nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.mcp.offer import Offer
from actors.mcp.supervisor import Servers
from actors.runtime.errors import RuntimeFault
from actors.runtime.specs import ChildSpec
from actors.session.environment import Environment
from actors.session.messages import Describe
from actors.session.root import Root
from actors.session.session import Session
from actors.session.staff import INTERNAL_MAILBOX
from server.offer import default_agent
from server.policies import restart_policies

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.agents.registry import AgentCatalog
    from actors.agents.turn import Question
    from actors.runtime.ref import ActorRef
    from actors.runtime.runtime import Runtime
    from actors.tools.lending import Resources
    from config.settings import Settings
    from server.kept import Kept


def environment(
    settings: Settings,
    agents: AgentCatalog,
    kept: Kept,
    resources: Resources,
    asked: Callable[[str, Question], object],
) -> Environment:
    """Put together what every session is given."""

    def roles_of(user_id: str) -> tuple[str, ...]:
        account = kept.accounts.by_id(user_id)
        return () if account is None else account.roles

    return Environment(
        kept.journal,
        agents,
        default_agent(settings, agents),
        roles_of,
        asked,
        resources,
        run_timeout=settings.timeouts.run,
        tool_timeout=settings.timeouts.tool,
        idle_session=settings.timeouts.idle_session,
        queued_messages=settings.limits.queued_messages,
        sessions_per_user=settings.limits.sessions_per_user,
        policies=restart_policies(settings.restart),
        providers=tuple(Offer(name, server) for name, server in settings.mcp.items()),
    )


def plant(runtime: Runtime, environment: Environment) -> ActorRef[Any]:
    """Start the actors that are there for as long as the server is; return the root of the sessions."""
    if environment.providers:
        # Before the sessions, and so stopped after them: their calls end first.
        runtime.supervise(ChildSpec("mcp", Servers, (environment.providers, environment.policies.mcp)))
    return runtime.supervise(ChildSpec("root", Root, (environment,), mailbox=INTERNAL_MAILBOX))


def at_work(runtime: Runtime) -> bool:
    """Tell whether a run is under way in any session; blocks until each has said so, for a second each at most."""
    sessions = [ref for ref in runtime.refs() if ref.actor_class is Session]
    return any(_state(session) == "running" for session in sessions)


def _state(session: ActorRef[Any]) -> str:
    try:
        return str(session.ask(Describe(), timeout=1.0))
    except RuntimeFault:
        return "idle"
