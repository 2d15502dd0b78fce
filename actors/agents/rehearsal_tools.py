"""The rehearsal's tools: each does one thing that a real tool may do, on purpose."""

from typing import Annotated, Any

from msgspec import Meta

from actors.agents.errors import ToolCrash
from actors.runtime.pause import sleep
from actors.tools import ToolFailed, tool

_LARGEST = 64 * 1024 * 1024


@tool(idempotent=True)
def echo(value: Any) -> Any:
    """Return the value."""
    return value


@tool(idempotent=True)
def wait(seconds: Annotated[float, Meta(ge=0)]) -> float:
    """Wait for so many seconds, yielding, and return how many."""
    sleep(seconds)
    return seconds


@tool(idempotent=True)
def fail(message: str) -> None:
    """Raise, with that message.

    Raises:
        ToolFailed: always, with code ``failed``.
    """
    raise ToolFailed(code="failed", message=message)


@tool(idempotent=True)
def crash() -> None:
    """Kill the actor that makes this call.

    Raises:
        ToolCrash: always.
    """
    raise ToolCrash("the script asked for it")


@tool(idempotent=True)
def big(bytes: Annotated[int, Meta(ge=0, le=_LARGEST)]) -> str:  # noqa: A002 - the argument's name in the protocol
    """Return a text of that size, at most 64 MiB."""
    return "x" * bytes


@tool
def charge(amount: float) -> float:
    """Charge an amount to nobody: the tool that isn't to be called twice."""
    return amount
