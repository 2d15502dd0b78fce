"""What can be wrong about a tool, named by whose fault it is.

::

    Exception
     ├─ ToolError
     │   ├─ BadArguments   the caller's: the arguments don't fit the signature
     │   └─ ToolFailed     the call's: it ran, or was to run, and gave no result
     └─ PluginError        the settings': something named there doesn't load
"""

from collections.abc import Sequence
from typing import NamedTuple


class ToolError(Exception):
    """The root of what a tool or its caller can do wrong."""


class BadArguments(ToolError):
    """The arguments don't fit the tool's signature; the message is for people."""


class ToolFailed(ToolError):
    """A call that gave no result, as the agent sees it.

    The server's own codes are ``bad_arguments``, ``not_found``, ``forbidden``, ``timeout``, ``cancelled``,
    ``crashed``, ``failed`` and ``unavailable`` (who has the tool is down, and nothing was done). A tool may raise this
    with a code of its own.

    Args:
        code: one lower-case word for programs.
        message: one sentence for people.
        tool: the tool's name; empty where a tool raises, since the server knows whom it called.
    """

    def __init__(self, code: str, message: str, tool: str = "") -> None:
        # All three go into args, so that the error survives the pickle to and from another process.
        super().__init__(code, message, tool)
        self.code = code
        self.message = message
        self.tool = tool

    def __str__(self) -> str:
        """Return the sentence for people."""
        return self.message


class Problem(NamedTuple):
    """One plug-in that doesn't load: where it was named, and its error."""

    source: str
    error: str


class PluginError(Exception):
    """The settings or an entry point name things that don't load; every one is listed.

    Args:
        problems: all of them, so that the operator mends them in one go.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        """Return one line for each problem."""
        return "\n".join(f"{problem.source}: {problem.error}" for problem in self.problems)
