"""Which tools an agent may call: its own, and what is shared with those that ask."""

from actors.agents import Agent
from actors.agents.registry import AgentCatalog
from actors.session.environment import Environment
from actors.tools import tool
from server.journal.memory import MemoryJournal


@tool
def read() -> str:
    """Read."""
    return "own"


@tool(name="read")
def other_read() -> str:
    """Read elsewhere."""
    return "shared"


@tool
def write() -> str:
    """Write."""
    return "shared"


class Shelf:
    """Shares two tools with everybody."""

    def tools(self, agent):
        return (other_read, write)

    def find(self, agent, name):
        return next((tool for tool in self.tools(agent) if tool.name == name), None)


class Sociable(Agent):
    name = "sociable"
    tools = (read,)
    shared_tools = True

    def run(self, turn):
        return ""


class Loner(Sociable):
    name = "loner"
    shared_tools = False


ENVIRONMENT = Environment(MemoryJournal(), AgentCatalog(Sociable, Loner), "loner", providers=(Shelf(),))


def test_an_agent_that_asks_for_shared_tools_has_them_behind_its_own():
    assert ENVIRONMENT.tools_of("sociable") == (read, write)
    assert ENVIRONMENT.find_tool("sociable", "read") is read
    assert ENVIRONMENT.find_tool("sociable", "write") is write
    assert ENVIRONMENT.find_tool("sociable", "nothing") is None


def test_an_agent_that_does_not_ask_has_its_own_alone():
    assert ENVIRONMENT.tools_of("loner") == (read,)
    assert ENVIRONMENT.find_tool("loner", "write") is None


def test_an_agent_that_is_not_there_any_more_has_none():
    assert ENVIRONMENT.find_tool("gone", "read") is None
