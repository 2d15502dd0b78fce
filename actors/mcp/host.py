"""The process that talks to one MCP server: ``python -m actors.mcp.host``, with orders on standard input.

The library is asyncio's, and the server's standard library is gevent's: subprocesses, selectors, sockets and threads
all are. Here nothing is patched, nothing that the library does holds the hub, and a kill ends all of it.

It ends when its standard input does, and takes the server's command with it: so nothing stays where whoever started
it is killed.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import anyio
import httpx2
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CONNECTION_CLOSED, INVALID_PARAMS, Implementation

from actors.mcp import wire
from actors.mcp.results import LONGEST_ERROR, error_of, value_of
from actors.mcp.schemas import misfit, problem
from config.version import VERSION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from anyio.abc import ObjectReceiveStream
    from mcp.client import Transport
    from mcp.client._transport import ReadStream, TransportStreams
    from mcp.shared.message import SessionMessage
    from mcp.types import CallToolResult, Tool

LONGEST_ORDER = 64 * 1024 * 1024
MOST_PAGES = 100
WHO = Implementation(name="greenroom", version=VERSION)
PATIENCE = httpx2.Timeout(connect=10.0, read=None, write=30.0, pool=None)
"""A call's deadline is the actor's business: a stream may be silent for as long as the call may take."""


class Connection:
    """One session with one MCP server."""

    def __init__(self, client: Client, tell: Callable[[wire.News], None]) -> None:
        """Begin without calls; the client is connected already."""
        self._client = client
        self._tell = tell
        self._calls: dict[int, anyio.CancelScope] = {}
        self._schemas: dict[str, Mapping[str, Any]] = {}

    def cancel(self, number: int) -> None:
        """End a call, and have the server told so."""
        if number in self._calls:
            self._calls[number].cancel()

    async def list_tools(self) -> None:
        """Ask for the tools, page by page, and tell of them."""
        tools: list[Tool] = []
        cursor = None
        for _ in range(MOST_PAGES):
            page = await self._client.list_tools(cursor=cursor)
            tools += page.tools
            cursor = page.next_cursor
            if cursor is None:
                break
        problems = {tool.name: problem(tool.input_schema) for tool in tools}
        fit = [tool for tool in tools if not problems[tool.name]]
        self._schemas = {tool.name: tool.input_schema for tool in fit}
        self._tell(wire.Listed(tuple(map(described, fit)), {name: why for name, why in problems.items() if why}))

    async def call(self, order: wire.CallRemote) -> None:
        """Make one call and tell what came of it, unless it is cancelled; then see whether a failure is the server's.

        Raises:
            Exception: the server is lost.
        """
        with anyio.CancelScope() as self._calls[order.number]:
            try:
                self._tell(await self._outcome(order))
            except Exception as error:  # noqa: BLE001 - the library raises many kinds; each is this call's answer
                self._tell(_refusal(order.number, error))
                await self.list_tools()
        del self._calls[order.number]

    async def _outcome(self, order: wire.CallRemote) -> wire.News:
        wrong = misfit(self._schemas.get(order.tool, {}), order.arguments)
        if wrong:
            return wire.Refused(order.number, "bad_arguments", wrong)
        result: CallToolResult = await self._client.call_tool(order.tool, order.arguments)
        if result.is_error:
            return wire.Refused(order.number, "failed", error_of(result))
        return wire.Answered(order.number, value_of(result))


def described(tool: Tool) -> wire.Described:
    """Return what the actor is to know of a tool. A hint that isn't given promises nothing."""
    hints = tool.annotations
    idempotent = hints is not None and bool(hints.read_only_hint or hints.idempotent_hint)
    return wire.Described(tool.name, tool.description or "", tool.input_schema, idempotent)


def _refusal(number: int, error: Exception) -> wire.Refused:
    if isinstance(error, MCPError) and error.code != CONNECTION_CLOSED:
        code = "bad_arguments" if error.code == INVALID_PARAMS else "failed"
        return wire.Refused(number, code, error.message[:LONGEST_ERROR])
    return wire.Refused(number, "crashed", "The connection to the tool's server broke during the call.")


class Host:
    """The process: reads orders, has them done side by side, and tells what came of them."""

    def __init__(self, orders: asyncio.StreamReader, answers: IO[bytes]) -> None:
        """Take over both pipes."""
        self._orders = orders
        self._answers = answers

    async def run(self) -> None:
        """Do as ordered until the orders or the connection end."""
        opened = wire.order(await self._orders.readline())
        assert isinstance(opened, wire.Open)
        # The queue has no bound: there are as many orders as calls under way.
        send, receive = anyio.create_memory_object_stream[wire.Order](float("inf"))
        async with anyio.create_task_group() as tasks:

            async def converse() -> None:
                try:
                    await self._converse(opened, receive)
                except Exception as error:  # noqa: BLE001 - whatever it is, there is no connection
                    self._tell(wire.Lost(explained(error)))
                tasks.cancel_scope.cancel()

            tasks.start_soon(converse)
            async for line in self._orders:
                send.send_nowait(wire.order(line))
            tasks.cancel_scope.cancel()

    async def _converse(self, opened: wire.Open, orders: ObjectReceiveStream[wire.Order]) -> None:
        ended = anyio.Event()
        async with AsyncExitStack() as stack:
            way = self._watched(transport(opened, stack), ended)
            client = await stack.enter_async_context(Client(way, client_info=WHO, cache=None))
            connection = Connection(client, self._tell)
            await connection.list_tools()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_lost_after, ended)
                async for order in orders:
                    match order:
                        case wire.CallRemote():
                            tasks.start_soon(connection.call, order)
                        case wire.CancelRemote(number):
                            connection.cancel(number)
                        case wire.ListTools():
                            tasks.start_soon(connection.list_tools)

    @asynccontextmanager
    async def _watched(self, way: Transport, ended: anyio.Event) -> AsyncIterator[TransportStreams]:
        async with way as (read, write):
            for pid in _children():
                self._tell(wire.Launched(pid))
            yield Ending(read, ended), write

    def _tell(self, news: wire.News) -> None:
        line = wire.encode(news)
        if len(line) > wire.MAX_LINE:
            line = wire.encode(_too_long(news))
        # One write to a pipe that is always read: the actor does nothing else.
        self._answers.write(line)
        self._answers.flush()


def _too_long(news: wire.News) -> wire.News:
    if isinstance(news, wire.Answered | wire.Refused):
        return wire.Refused(news.number, "bad_result", f"The result is longer than {wire.MAX_LINE} bytes.")
    return wire.Lost("it has too many tools, or describes them at too great a length")


def transport(opened: wire.Open, stack: AsyncExitStack) -> Transport:
    """Return the library's way to the server."""
    if opened.command:
        command, *arguments = opened.command
        return stdio_client(StdioServerParameters(command=command, args=arguments, env=opened.env))
    client = httpx2.AsyncClient(headers=opened.headers, timeout=PATIENCE)
    stack.push_async_callback(client.aclose)
    return streamable_http_client(opened.url, http_client=client)


class Ending:
    """A stream from a server, which sets ``ended`` at its end: the library would tell of that at the next call."""

    def __init__(self, stream: ReadStream[SessionMessage | Exception], ended: anyio.Event) -> None:
        """Stand in for ``stream``."""
        self._stream = stream
        self._ended = ended

    @property
    def last_context(self) -> Any:
        """The context of whoever sent the last item, where it is known."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        """Return the next item."""
        return await self._stream.receive()

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()

    def __aiter__(self) -> Ending:
        """Iterate over the items."""
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        """Return the next item."""
        try:
            return await self._stream.__anext__()
        except StopAsyncIteration:
            self._ended.set()
            raise

    async def __aenter__(self) -> Self:
        """Enter the stream."""
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> bool | None:
        """Leave the stream."""
        return await self._stream.__aexit__(*error)  # type: ignore[arg-type] # as it came


async def _lost_after(ended: anyio.Event) -> None:
    await ended.wait()
    raise ConnectionError("the server ended the connection")


def _children() -> list[int]:
    """Return the processes that this one has started, where the system tells: on Linux."""
    told = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in told.read_text().split()] if told.exists() else []


def explained(error: BaseException) -> str:
    """Say why there is no connection, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, FileNotFoundError):
        return f"there is no command {error.filename!r}"
    said = " ".join(str(error).split())[:LONGEST_ERROR]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _own_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Take standard input and output for orders and answers alone; what a library prints goes to the log."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    return orders, answers


async def _serve() -> None:
    orders, answers = _own_pipes()
    reader = asyncio.StreamReader(limit=LONGEST_ORDER)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), orders)
    await Host(reader, answers).run()


def main() -> None:
    """Serve until standard input ends, or the connection."""
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(_serve())


if __name__ == "__main__":
    main()
