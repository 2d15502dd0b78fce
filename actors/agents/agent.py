"""An agent: a name, its tools, and a blocking function from a turn to an answer."""

import abc
import re
from collections import Counter
from typing import ClassVar

from actors.agents.turn import Turn
from actors.tools import Tool

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


class Agent(abc.ABC):
    """What answers a message. A new instance is made for every attempt at a run, with no arguments.

    Attributes:
        name: what a message's ``agent`` field calls it.
        description: one sentence for people who choose an agent.
        tools: what it may call.
        shared_tools: whether it may also call what the server shares with its agents, such as MCP servers' tools.
        max_attempts: how often a run that crashes is tried in all, unless a tool that isn't idempotent already ran.
        waits_on: what a run waits for while it uses no tool, as ``progress`` names it: ``agent`` or ``model``.
    """

    name: ClassVar[str]
    description: ClassVar[str] = ""
    tools: ClassVar[tuple[Tool, ...]] = ()
    shared_tools: ClassVar[bool] = False
    max_attempts: ClassVar[int] = 2
    waits_on: ClassVar[str] = "agent"

    def __init_subclass__(cls, **options: object) -> None:
        """Check the class where it is written, rather than where a user first meets it.

        Raises:
            TypeError: the name, the tools or the attempts won't do; a class that leaves `run` abstract isn't checked.
        """
        super().__init_subclass__(**options)
        if not getattr(cls.run, "__isabstractmethod__", False):
            _check_name(cls)
            _check_tools(cls)
            _check_attempts(cls)

    @abc.abstractmethod
    def run(self, turn: Turn) -> str:
        """Answer the turn's message; may block for as long as the turn has time.

        Returns:
            The whole answer, streamed or not.

        Raises:
            AgentError: there is no answer, and the user is to read why.
        """


def _check_name(cls: type[Agent]) -> None:
    name = getattr(cls, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        rule = "1 to 64 letters, digits, _ . and -, starting with a letter"
        raise TypeError(f"agent {cls.__qualname__}: name is {name!r}; it must be {rule}")


def _check_tools(cls: type[Agent]) -> None:
    tools: object = cls.tools
    if not isinstance(tools, tuple) or not all(isinstance(tool, Tool) for tool in tools):
        raise TypeError(f"agent {cls.__qualname__}: tools must be a tuple of functions decorated with @tool")
    twice = [name for name, count in Counter(tool.name for tool in cls.tools).items() if count > 1]
    if twice:
        raise TypeError(f"agent {cls.__qualname__}: more than one tool is named {', '.join(twice)}")


def _check_attempts(cls: type[Agent]) -> None:
    if type(cls.max_attempts) is not int or cls.max_attempts < 1:
        raise TypeError(f"agent {cls.__qualname__}: max_attempts is {cls.max_attempts!r}; it must be 1 or more")
