"""A turn: what an agent sees of a run, and its only door to the outside."""

import abc
from collections.abc import Sequence
from typing import Any, NamedTuple

from actors.tools import Call, Tool


class Exchange(NamedTuple):
    """One earlier message of the session, and its answer; empty where the run gave none."""

    text: str
    answer: str


class Question(NamedTuple):
    """One question to a model: how long it took, in seconds, what it counted, and the kind of error it ended in."""

    model: str
    seconds: float
    input_tokens: int = 0
    output_tokens: int = 0
    error: str | None = None


class Turn(abc.ABC):
    """One attempt at answering one message.

    Every method may block, and any of them ends the attempt by an exception that is no Exception when the run is
    cancelled or out of time; an agent lets that pass.
    """

    @property
    @abc.abstractmethod
    def text(self) -> str:
        """The message."""

    @property
    @abc.abstractmethod
    def history(self) -> Sequence[Exchange]:
        """The session's earlier messages and answers, oldest first."""

    @property
    @abc.abstractmethod
    def tools(self) -> Sequence[Tool]:
        """What the agent may call now: its own tools, and those that are shared with it, as far as the user may."""

    @property
    @abc.abstractmethod
    def attempt(self) -> int:
        """The attempt at this run, from 1."""

    @property
    @abc.abstractmethod
    def deadline(self) -> float:
        """When the run is out of time, in seconds of the monotonic clock."""

    @property
    @abc.abstractmethod
    def remaining(self) -> float:
        """The seconds until the deadline, never below 0."""

    @abc.abstractmethod
    def think(self, thought: str) -> None:
        """Show a thought; returns once it is recorded."""

    @abc.abstractmethod
    def use(self, tool: Tool | str, /, **arguments: Any) -> Any:
        """Call a tool and wait for its result.

        Args:
            tool: one of the agent's tools, or the name of one.
            arguments: by name, as JSON would bring them.

        Raises:
            ToolFailed: the call gave no result; its code says why.
        """

    @abc.abstractmethod
    def use_all(self, calls: Sequence[Call]) -> list[Any]:
        """Make calls side by side and wait for all of them.

        Returns:
            The results in the calls' order; a failed call's entry is its `ToolFailed`, which isn't raised.
        """

    @abc.abstractmethod
    def say(self, chunk: str) -> None:
        """Stream a piece of the answer; what `Agent.run` returns is the whole."""

    @abc.abstractmethod
    def usage(self, input_tokens: int, output_tokens: int) -> None:
        """Add to what the run has used of a model."""

    def asked(self, question: Question) -> None:  # noqa: B027 - who doesn't watch needn't hear
        """Tell of one question to a model once it is answered, or has failed: for who watches the server."""
