"""The agent whose turns are measured: one thought, one tool, one answer."""

from actors.agents import Agent, Turn
from actors.tools import tool


@tool(idempotent=True)
def echo(value: str) -> str:
    """Return the value."""
    return value


class Bench(Agent):
    """Does the least that shows all five events."""

    name = "bench"
    tools = (echo,)

    def run(self, turn: Turn) -> str:
        """Think, use the tool, and answer with what it gave."""
        turn.think("Looking it up")
        return str(turn.use(echo, value=turn.text))
