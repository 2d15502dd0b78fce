"""What a server with some settings offers: its agents and their tools, and where each came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.agents.registry import AGENTS_GROUP, AgentCatalog
from actors.tools.origins import BUILT_IN, origin
from actors.tools.plugins import TOOLS_GROUP, load_tools, sources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoints

    from actors.tools.tool import Tool
    from config.settings import Settings

REHEARSAL = "actors.agents.rehearsal:Rehearsal"


def catalog(settings: Settings, installed: EntryPoints | None = None) -> AgentCatalog:
    """Load the agents; with a model there is the assistant, ahead of the others, with every registered tool.

    Raises:
        PluginError: an agent or a tool of the settings can't be had.
    """
    named = AgentCatalog.load(_agent_paths(settings), installed)
    if settings.model.name is None:
        return named
    # Half a second to import, and only here: who sets no model needn't wait for it.
    from actors.agents.assistant.agent import assistant  # noqa: PLC0415

    return named.headed_by(assistant(settings.model, tuple(load_tools(settings.tools, installed).values())))


def default_agent(settings: Settings, agents: AgentCatalog) -> str:
    """Return the name of the agent that answers where a message names none."""
    return settings.default_agent or next(iter(agents))


def offered(settings: Settings, installed: EntryPoints | None = None) -> dict[str, list[dict[str, Any]]]:
    """Describe the agents and the tools, as JSON has it.

    A tool that is registered says where; one that only an agent brings along comes from that agent.

    Raises:
        PluginError: an agent or a tool of the settings can't be had.
    """
    agents = catalog(settings, installed)
    places = _origins(_agent_paths(settings), AGENTS_GROUP, installed)
    registered = load_tools(settings.tools, installed)
    tools = {id(tool): (tool, _of(tool.function, settings.tools, installed)) for tool in registered.values()}
    for agent in agents.values():
        for tool in agent.tools:
            tools.setdefault(id(tool), (tool, f"agent {agent.name}"))
    default = default_agent(settings, agents)
    return {
        "agents": [
            {
                "name": agent.name,
                "description": agent.description,
                "default": agent.name == default,
                "from": places.get(f"{agent.__module__}:{agent.__qualname__}", BUILT_IN),
                "tools": [tool.name for tool in agent.tools],
            }
            for agent in agents.values()
        ],
        "tools": [_described(tool, place) for tool, place in tools.values()],
    }


def _agent_paths(settings: Settings) -> tuple[str, ...]:
    paths = (*settings.agents, REHEARSAL) if settings.demo else settings.agents
    return tuple(dict.fromkeys(paths))


def _of(function: Any, paths: tuple[str, ...], installed: EntryPoints | None) -> str:
    places = _origins(paths, TOOLS_GROUP, installed)
    return places.get(f"{function.__module__}:{function.__qualname__}", f"module {function.__module__}")


def _origins(paths: tuple[str, ...], group: str, installed: EntryPoints | None) -> Mapping[str, str]:
    return {point.value: origin(point) for point in sources(paths, group, installed)}


def _described(tool: Tool, place: str) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "from": place,
        "parameters": tool.parameters,
        "timeout": tool.timeout,
        "idempotent": tool.idempotent,
        "isolation": tool.isolation,
        "roles": sorted(tool.roles),
    }
