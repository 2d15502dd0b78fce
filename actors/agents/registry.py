"""The agents that a server offers, by name."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoints
from inspect import isabstract
from types import MappingProxyType

from actors.agents.agent import Agent
from actors.tools.errors import PluginError, Problem
from actors.tools.plugins import load, sources

AGENTS_GROUP = "greenroom.agents"


class AgentCatalog(Mapping[str, type[Agent]]):
    """An immutable mapping from names to agent classes, in the order in which they were named.

    Args:
        agents: the classes.

    Raises:
        ValueError: two of them have one name.
    """

    def __init__(self, *agents: type[Agent]) -> None:
        twice = [name for name, count in Counter(agent.name for agent in agents).items() if count > 1]
        if twice:
            raise ValueError(f"more than one agent is named {', '.join(twice)}")
        self._agents = MappingProxyType({agent.name: agent for agent in agents})

    @classmethod
    def load(cls, paths: Sequence[str], installed: EntryPoints | None = None) -> "AgentCatalog":
        """Import every agent that the settings name or that is installed; runs the modules' code.

        Args:
            paths: ``module:Class`` each.
            installed: entry points; those of this environment where left out.

        Raises:
            PluginError: with every one that doesn't import, isn't an agent, or has another's name.
        """
        return cls(*load(sources(paths, AGENTS_GROUP, installed), _as_agent, lambda agent: agent.name).values())

    def headed_by(self, agent: type[Agent]) -> "AgentCatalog":
        """Return a catalog that has another agent in front: one made in code, which no path can name.

        Raises:
            PluginError: another agent has its name.
        """
        if agent.name in self:
            problem = f"the name {agent.name!r} is taken by {self[agent.name]!r}"
            raise PluginError([Problem(f"agent {agent.name}", problem)])
        return AgentCatalog(agent, *self.values())

    def __getitem__(self, name: str) -> type[Agent]:
        """Return the agent of that name."""
        return self._agents[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._agents)

    def __len__(self) -> int:
        """Count the agents."""
        return len(self._agents)

    def __repr__(self) -> str:
        """Show the names."""
        return f"AgentCatalog({', '.join(self._agents)})"


def _as_agent(found: object) -> type[Agent]:
    if not (isinstance(found, type) and issubclass(found, Agent)):
        raise TypeError(f"{found!r} isn't a subclass of Agent")
    if isabstract(found):
        raise TypeError(f"{found!r} leaves run() abstract")
    return found
