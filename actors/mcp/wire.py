"""What an actor and the process that talks to its MCP server tell each other: a line of JSON each."""

from __future__ import annotations

from typing import Any

import msgspec

MAX_LINE = 1024 * 1024
"""How many bytes a line from the process has at most: reading more would stall the hub for more than 10 ms."""


class Open(msgspec.Struct, frozen=True, tag="open"):
    """Connect: to a command that is run, or else to a URL. Always the first line."""

    command: tuple[str, ...] = ()
    env: dict[str, str] = {}
    url: str = ""
    headers: dict[str, str] = {}


class ListTools(msgspec.Struct, frozen=True, tag="list"):
    """Ask the server for its tools."""


class CallRemote(msgspec.Struct, frozen=True, tag="call"):
    """Call a tool."""

    number: int
    tool: str
    arguments: dict[str, Any]


class CancelRemote(msgspec.Struct, frozen=True, tag="cancel"):
    """Nobody waits for that call any more."""

    number: int


Order = Open | ListTools | CallRemote | CancelRemote


class Launched(msgspec.Struct, frozen=True, tag="launched"):
    """A child process was started; it leads a process group of its own."""

    pid: int


class Described(msgspec.Struct, frozen=True):
    """One tool of a server, whose schema is known to be one."""

    name: str
    description: str
    parameters: dict[str, Any]
    idempotent: bool


class Listed(msgspec.Struct, frozen=True, tag="listed"):
    """The server's tools; ``unfit`` are the names of those that can't be offered, with the reason."""

    tools: tuple[Described, ...]
    unfit: dict[str, str] = {}


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """A call's result."""

    number: int
    value: Any


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """A call gave no result."""

    number: int
    code: str
    message: str


class Lost(msgspec.Struct, frozen=True, tag="lost"):
    """There is no connection to the server (any more). Always the last line."""

    reason: str


News = Launched | Listed | Answered | Refused | Lost

_encoder = msgspec.json.Encoder()
_orders: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
_news: msgspec.json.Decoder[News] = msgspec.json.Decoder(News)


def encode(message: Order | News) -> bytes:
    """Return the message as one line."""
    return _encoder.encode(message) + b"\n"


def order(line: bytes) -> Order:
    """Read a line from the actor."""
    return _orders.decode(line)


def news(line: bytes) -> News:
    """Read a line from the process.

    Raises:
        msgspec.DecodeError: it isn't one.
    """
    return _news.decode(line)
