"""A client of ``greenroom.v1`` on the `websockets` library: it asks, waits for frames, and keeps all that it saw."""

import asyncio
import base64
import itertools
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from actors.session.promises import TERMINAL, check_log, line
from actors.testing.views import Entry, check_connection
from tests.system.process import Login, ServerProcess

PATIENCE = 15.0
"""How many seconds a frame is awaited: long, for busy machines; a test that passes never waits so long."""

Frame = dict[str, Any]

OPEN: list["Client"] = []
"""The connections of the test under way, for its runner to close whatever a failed test left open."""


def script(*steps: dict[str, Any]) -> str:
    """Return the text of a message for the rehearsal agent."""
    return json.dumps({"steps": steps}, ensure_ascii=False)


def bearer_protocol(token: str) -> str:
    """Return the subprotocol that carries a token."""
    return "bearer." + base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


class Closed(AssertionError):
    """The connection was closed before what was awaited came."""


class Client:
    """One connection. ``entries`` is all that crossed it, both ways, in order."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.entries: list[Entry] = []
        self.closed: tuple[int, str] | None = None
        self._ids = itertools.count(1)
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        OPEN.append(self)

    async def _read(self) -> None:
        try:
            while True:
                self.entries.append(Entry.of(await self.socket.recv(), sent=False))
                self._news.set()
        except ConnectionClosed:
            self.closed = (self.socket.close_code or 0, self.socket.close_reason or "")
            self._news.set()

    @property
    def frames(self) -> list[Frame]:
        """The frames of the server, in order."""
        return [entry.frame for entry in self.entries if not entry.sent]

    @property
    def welcome(self) -> Frame:
        return next(frame for frame in self.frames if frame["type"] == "welcome")

    def events(self, run_id: str | None = None, session_id: str | None = None) -> list[Frame]:
        """Return the log's events that were seen: of one run or of one session where it is named."""
        events = [frame for frame in self.frames if "seq" in frame]
        return [
            event for event in events if run_id in (None, event["run_id"]) and session_id in (None, event["session_id"])
        ]

    async def wait_for(self, wanted: Callable[[Frame], bool], *, since: int = 0, patience: float = PATIENCE) -> Frame:
        """Return the first frame of the server, seen or coming, that is wanted; `since` is an index of `entries`."""
        deadline = time.monotonic() + patience
        place = since
        while True:
            while place < len(self.entries):
                entry = self.entries[place]
                place += 1
                if not entry.sent and wanted(entry.frame):
                    return entry.frame
            if self.closed is not None:
                raise Closed(f"closed with {self.closed} before it came; {self._shown()}")
            left = deadline - time.monotonic()
            assert left > 0, f"it didn't come within {patience} s; {self._shown()}"
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), left)

    def _shown(self) -> str:
        return "\n".join(["the last frames were:", *(line(entry.frame) for entry in self.entries[-40:])])

    async def event(self, kind: str, run_id: str | None = None, **options: Any) -> Frame:
        """Return the first frame of that type, and of that run where it is named."""
        return await self.wait_for(
            lambda frame: frame["type"] == kind and run_id in (None, frame.get("run_id")), **options
        )

    async def ended(self, run_id: str, **options: Any) -> Frame:
        """Return a run's last event."""
        return await self.wait_for(lambda frame: frame["type"] in TERMINAL and frame.get("run_id") == run_id, **options)

    async def close_code(self, patience: float = PATIENCE) -> int:
        """Wait until the server has closed the connection and return its code."""
        await asyncio.wait_for(asyncio.shield(self._reader), patience)
        assert self.closed is not None
        return self.closed[0]

    # Saying.

    async def send_raw(self, raw: str | bytes) -> None:
        """Send anything at all."""
        self.entries.append(Entry.of(raw, sent=True))
        await self.socket.send(raw)

    async def send(self, frame_type: str, **fields: Any) -> None:
        """Send a frame; without an ``id`` it isn't answered unless it is refused."""
        await self.send_raw(json.dumps({"type": frame_type, **fields}))

    async def ask(self, frame_type: str, **fields: Any) -> str:
        """Send a frame with an id and return the id, waiting for nothing."""
        frame_id = str(next(self._ids))
        await self.send(frame_type, id=frame_id, **fields)
        return frame_id

    async def answer(self, frame_id: str, **options: Any) -> Frame:
        """Return the answer to a frame."""
        return await self.wait_for(lambda frame: frame.get("re") == frame_id, **options)

    async def request(self, frame_type: str, **fields: Any) -> Frame:
        """Send a frame and return its ack.

        Raises:
            AssertionError: it was refused, or not answered.
        """
        answer = await self.answer(await self.ask(frame_type, **fields))
        assert answer["type"] != "error", answer
        return answer

    async def refused(self, frame_type: str, **fields: Any) -> Frame:
        """Send a frame that must be refused, and return the error."""
        answer = await self.answer(await self.ask(frame_type, **fields))
        assert answer["type"] == "error", answer
        return answer

    async def message(self, *steps: dict[str, Any], **fields: Any) -> Frame:
        """Send a script to the rehearsal agent and return the ack."""
        return await self.request("message", text=script(*steps), agent="rehearsal", **fields)

    async def perform(self, *steps: dict[str, Any], **fields: Any) -> list[Frame]:
        """Send a script, wait for its end, and return the run's events."""
        ack = await self.message(*steps, **fields)
        await self.ended(ack["run_id"])
        return self.events(ack["run_id"])

    async def close(self) -> None:
        """Close as a page does."""
        if self in OPEN:
            OPEN.remove(self)
        await self.socket.close()
        await self._reader


async def close_all() -> None:
    """Close what is still open."""
    while OPEN:
        client = OPEN[0]
        client.socket.transport.resume_reading()
        await client.close()


async def dial(server: ServerProcess, path: str = "", token: str | None = None, **options: Any) -> Client:
    """Open a socket; with a `token` it goes into the Authorization header. Nothing is awaited beyond the upgrade."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    headers |= options.pop("headers", {})
    options = {
        "compression": None,
        "ping_interval": None,
        "max_size": None,
        "proxy": None,
        "close_timeout": 5,
        "ssl": server.trust,
        **options,
    }
    return Client(await connect(server.ws_url + path, additional_headers=headers, **options))


async def dial_narrowly(server: ServerProcess, login: Login) -> Client:
    """Open a socket for which the kernel keeps little: one that isn't read falls behind soon."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", server.port))
    return await dial(server, token=login.token, sock=narrow, max_queue=1)


@asynccontextmanager
async def on_stage(server: ServerProcess, who: Login | str = "demo", **options: Any) -> AsyncIterator[Client]:
    """Connect as a user, by name or by login; at the end everything that was seen is checked for the promises."""
    login = server.known(who) if isinstance(who, str) else who
    client = await dial(server, token=login.token, **options)
    try:
        await client.event("welcome")
        yield client
    finally:
        await client.close()
    check_connection(client.entries, answered=False)


@asynccontextmanager
async def seat(server: ServerProcess, name: str) -> AsyncIterator[tuple[Client, str]]:
    """Give a user a new session and a connection that watches it, both checked at the end."""
    login = await asyncio.to_thread(server.known, name)
    session_id = await asyncio.to_thread(server.new_session, login)
    client = await dial(server, token=login.token)
    await client.request("subscribe", session_id=session_id, after={"seq": 0})
    yield client, session_id
    await client.close()
    check_connection(client.entries, owned=[session_id])
    check_log(session_id, client.events(session_id=session_id))
