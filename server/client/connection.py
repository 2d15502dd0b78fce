"""One life of the socket, from its opening to its close: frames out, frames in, and each answer to who asked."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from server.client.errors import ClientFault, Disconnected, Refused, Unreachable
from server.client.frames import Ack, Frame, read, write
from server.client.http import refusal, stranger, unreachable
from server.client.reconnecting import LOST, Ending
from server.protocol import NAME, Auth, Bye, Cancel, Dequeue, Error, Message, Pong, ServerPing, Subscribe, Welcome

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from server.client.address import Address

WELCOME_WITHIN = 15.0
"""How many seconds the server may take for the upgrade, and again for its welcome."""

HEARTBEAT = 20.0
"""After how many seconds a ping goes out, and again within how many its pong must be here."""

LARGEST = 16 * 1024 * 1024
"""How many bytes a frame of the server may have; far beyond what one sends."""

Asked = Auth | Subscribe | Message | Cancel | Dequeue

Answered = Callable[[Ack | Error | None], None]
"""Hears the answer in its place among the frames; None where the connection ended before."""

Tap = Callable[[bool, str], object]
"""Sees every frame as it crosses the socket: whether it was sent, and its text."""


class Connection:
    """An open socket past its welcome. Iterate over it for the frames that answer nothing; they end with it."""

    def __init__(self, socket: ClientConnection, tap: Tap) -> None:
        """Take a socket; `dial` makes one, and waits for the welcome."""
        self.welcome: Welcome | None = None
        self._socket = socket
        self._tap = tap
        self._bye: Bye | None = None
        self._since = time.monotonic()
        self._ids = itertools.count(1)
        self._asked: dict[str, Answered] = {}
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    # Out.

    def ask(self, frame: Asked, answered: Answered) -> None:
        """Send a frame; ``answered`` is called once. Doesn't block."""
        frame_id = str(next(self._ids))
        self._asked[frame_id] = answered
        self._outgoing.put_nowait(write(replace(frame, id=frame_id)).decode())

    def request(self, frame: Asked) -> asyncio.Future[Ack]:
        """Send a frame and return what becomes its ack, or raises `Refused` or `Disconnected`."""
        future: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self.ask(frame, lambda answer: settle(future, answer))
        return future

    async def _write(self) -> None:
        while True:
            text = await self._outgoing.get()
            self._tap(True, text)  # noqa: FBT003 - a tap has one question: sent or received
            try:
                await self._socket.send(text)
            except ConnectionClosed:
                return

    # In.

    async def __aiter__(self) -> AsyncIterator[Frame]:
        """Yield what comes, in its order, and return at the close.

        Raises:
            Stranger: something else than the protocol came.
        """
        while (frame := await self._next()) is not None:
            yield frame

    async def _next(self) -> Frame | None:
        while True:
            try:
                text = await self._socket.recv(decode=True)
            except ConnectionClosed:
                return None
            self._tap(False, text)  # noqa: FBT003 - as above
            frame = read(text)
            if not self._took(frame):
                return frame

    def _took(self, frame: Frame) -> bool:
        match frame:
            case Ack() | Error() if isinstance(frame.re, str) and frame.re in self._asked:
                self._asked.pop(frame.re)(frame)
            case ServerPing():
                self._outgoing.put_nowait(write(Pong(t=frame.t)).decode())
            case Bye():
                self._bye = frame
            case _:
                return False
        return True

    async def greeted(self) -> None:
        """Wait for the welcome.

        Raises:
            Unreachable: it doesn't come.
        """
        async with asyncio.timeout(WELCOME_WITHIN):
            frame = await self._next()
        if not isinstance(frame, Welcome):
            raise Unreachable(f"the server closed the connection ({self.ending.code} {self.ending.reason})".rstrip())
        self.welcome = frame
        self._since = time.monotonic()

    # The end.

    @property
    def ending(self) -> Ending:
        """How it ended. Some proxies lose the code of a close; `bye` said it before."""
        code, bye = self._socket.close_code or LOST, self._bye
        lasted = time.monotonic() - self._since
        if bye is None:
            return Ending(code, self._socket.close_reason or "", lasted=lasted)
        return Ending(bye.code if code == LOST else code, bye.reason, bye.reconnect, bye.retry_after_ms, lasted)

    def abort(self) -> None:
        """Drop the link without a word, as a laptop does that falls asleep."""
        self._socket.transport.abort()

    async def close(self) -> None:
        """Close as a client that goes away, and tell all who still wait that nothing will come."""
        await self._socket.close()
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)
        asked, self._asked = self._asked, {}
        for answered in asked.values():
            answered(None)


def settle(future: asyncio.Future[Ack], answer: Ack | Error | None) -> None:
    """Hand an answer to who waits for it, if anybody still does."""
    if future.done():
        return
    if isinstance(answer, Ack):
        future.set_result(answer)
    elif answer is None:
        future.set_exception(Disconnected("the connection was lost before the answer"))
    else:
        future.set_exception(refused(answer))


def refused(error: Error) -> Refused:
    """Return what an error frame says."""
    after = error.retry_after_ms if isinstance(error.retry_after_ms, int) else 0
    return Refused(error.code, error.message, temporary=error.temporary, retry_after_ms=after)


async def dial(address: Address, token: str, trust: ssl.SSLContext | None, tap: Tap) -> Connection:
    """Open a socket and wait for its welcome.

    Raises:
        Unauthorized: the token doesn't count.
        Refused: the server doesn't want this client, or not now.
        Unreachable: there is no server.
    """
    try:
        socket = await connect(
            address.socket,
            additional_headers={"Authorization": f"Bearer {token}"},
            subprotocols=[Subprotocol(NAME)],
            ssl=trust,
            proxy=None if address.is_here else True,
            open_timeout=WELCOME_WITHIN,
            ping_interval=HEARTBEAT,
            ping_timeout=HEARTBEAT,
            close_timeout=5,
            max_size=LARGEST,
            max_queue=None,
        )
    except InvalidStatus as error:
        raise _turned_away(address, error) from error
    except InvalidHandshake as error:
        raise stranger(address) from error
    except (OSError, TimeoutError, EOFError) as error:
        raise unreachable(address, error) from error
    connection = Connection(socket, tap)
    try:
        await connection.greeted()
    except BaseException as error:
        await connection.close()
        if isinstance(error, TimeoutError):
            raise unreachable(address, error) from error
        raise
    return connection


def _turned_away(address: Address, error: InvalidStatus) -> ClientFault:
    response = error.response
    try:
        return refusal(response.status_code, json.loads(response.body or b"")["error"])
    except (ValueError, TypeError, LookupError):
        return stranger(address)
