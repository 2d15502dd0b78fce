"""A client that stays connected: one connection after another, and nothing lost or doubled in between."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
import ssl
import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from actors.session.events import Event, MessageDelta, Progress
from server.client.address import Address
from server.client.connection import refused
from server.client.credentials import Credentials
from server.client.cursor import Cursor
from server.client.errors import ClientFault, Closed, Disconnected, HistoryLost, Refused
from server.client.frames import Ack, Frame, read, write
from server.client.http import Http
from server.client.line import Line, State
from server.client.outbox import UNDECIDED, Outbox, Outgoing
from server.client.reconnecting import delay
from server.client.run import Run
from server.client.session import Session, Standing
from server.protocol import Cancel, Dequeue, Draining, Error, Message, Subscribe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from server.client.connection import Asked, Connection, Tap
    from server.client.session import OnBusy, Queue

FRAME_ID = 80
"""How many bytes a frame's id takes at most."""

PAGE = 1000
"""How many events of a log are asked for at once."""


def ignore(*_: Any) -> None:
    """Be told, and do nothing."""


class Client:
    """A user's line to the server. `connect` makes one that is logged in."""

    def __init__(self, credentials: Credentials, line: Line) -> None:
        """Prepare; `open` connects. ``credentials`` must be logged in."""
        self.default_session_id = ""
        self._credentials = credentials
        self._line = line
        self._sessions: dict[str, Session] = {}
        self._outbox: Outbox[asyncio.Future[Run]] = Outbox()
        self._connection: Connection | None = None
        self._held = False
        self._largest = 0
        self._beside: set[asyncio.Task[None]] = set()
        self._fault: ClientFault | None = None

    # The user's sessions.

    async def session(self, session_id: str | None = None, *, after: tuple[int, str | None] | None = None) -> Session:
        """Follow a session, the default one where none is named.

        Args:
            session_id: which.
            after: the seq and epoch to go on from, ``(0, None)`` for everything; left out for what comes from now on.
                It counts where the session isn't followed yet.
        """
        if self._fault is not None:
            raise self._fault
        chosen = session_id or self.default_session_id
        session = self._sessions.get(chosen)
        if session is None:
            session = self._sessions[chosen] = Session(self, chosen, Cursor(*(after or ())))
            self._subscribe(session)
        return session

    async def send(self, text: str, *, session_id: str | None = None, **options: Any) -> Run:
        """Send a message to a session. Options and errors are those of `Session.send`."""
        return await (await self.session(session_id)).send(text, **options)

    async def sessions(self) -> list[dict[str, Any]]:
        """Return the user's sessions, as the protocol has them. Raises as `Http.call`."""
        found: list[dict[str, Any]] = (await self.call("GET", "/v1/sessions"))["sessions"]
        return found

    async def new_session(self, title: str = "") -> str:
        """Make a session and return its id. Raises as `Http.call`."""
        made: str = (await self.call("POST", "/v1/sessions", {"title": title}))["session_id"]
        return made

    async def log(self, session_id: str, after: int = 0) -> list[Event]:
        """Return all events of a session that are kept, from those after a seq on. Raises as `Http.call`."""
        events: list[Event] = []
        while True:
            after = events[-1].seq if events else after
            page = await self.call("GET", f"/v1/sessions/{session_id}/events?after={after}&limit={PAGE}")
            read_events = [read(msgspec.json.encode(frame)) for frame in page["events"]]
            events += [event for event in read_events if isinstance(event, Event)]
            if len(page["events"]) < PAGE:
                return events

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make any call of the protocol as this user. Raises as `Http.call`."""
        return await self._credentials.call(method, path, body)

    # Coming and going.

    async def open(self) -> None:
        """Connect, once; from then on connections that are lost are followed by others.

        Raises:
            ClientFault: it didn't work.
        """
        welcome = await self._line.open(self)
        self.default_session_id, self._largest = welcome.default_session_id, welcome.max_message_bytes

    async def close(self) -> None:
        """Hang up for good. All that waits raises `Closed`."""
        self.ended(Closed("the client was closed"))
        beside = list(self._beside)
        for task in beside:
            task.cancel()
        await asyncio.gather(self._line.close(), *beside, return_exceptions=True)

    def abort(self) -> None:
        """Drop the link, if there is one, without a word; the client comes back over another."""
        self._line.abort()

    def hurry(self) -> None:
        """Try to connect now, if the next attempt is waited for: the machine woke up, say, or found its network."""
        self._line.hurry()

    # What the line tells.

    def connected(self, connection: Connection) -> None:
        """Go on where the last connection left."""
        assert connection.welcome is not None
        self._connection, self._held = connection, False
        self._largest = connection.welcome.max_message_bytes
        for session in self._sessions.values():
            self._subscribe(session)

    def disconnected(self) -> None:
        """Keep what is to be sent for the next connection."""
        self._connection = None
        for session in self._sessions.values():
            session.disconnected()

    def ended(self, fault: ClientFault) -> None:
        """Tell all who wait."""
        if self._fault is not None:
            return
        self._fault = fault
        for session in self._sessions.values():
            session.fail(fault)
        for entry in self._outbox:
            self._settle(entry, fault)

    def received(self, frame: Frame) -> None:
        """Take what comes to whom it is for."""
        match frame:
            case Event() | MessageDelta() | Progress():
                session = self._sessions.get(frame.session_id)
                if session is not None:
                    session.received(frame)
            case Draining():
                self._held = True
            case Error(session_id=str()):
                self._unsubscribed(self._sessions.get(str(frame.session_id)), frame)

    def _subscribe(self, session: Session) -> None:
        if self._connection is None or session.fault is not None:
            return

        def answered(answer: Ack | Error | None) -> None:
            if isinstance(answer, Ack):
                session.subscribed(msgspec.convert(answer.fields, Standing))
            elif answer is not None:
                self._unsubscribed(session, answer)

        self._connection.ask(Subscribe(session_id=session.session_id, after=session.after), answered)

    def _unsubscribed(self, session: Session | None, error: Error) -> None:
        if session is None:
            return
        session.disconnected()
        if error.temporary or error.code == "internal":
            self._later(error, lambda: self._subscribe(session))
            return
        fault = refused(error)
        self._sessions.pop(session.session_id, None)
        session.fail(fault)
        for entry in self._outbox:
            if entry.message.session_id == session.session_id:
                self._settle(entry, fault)

    def _later(self, error: Error, action: Callable[[], None]) -> None:
        """Do it after as long as the server asks for, if the connection is then the same one."""
        connection = self._connection
        seconds = delay(1, random.random(), refused(error).retry_after_ms / 1000)  # noqa: S311 - as above

        async def wait() -> None:
            await asyncio.sleep(seconds)
            if self._connection is connection:
                action()

        self._start(wait())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    # What goes.

    async def deliver(
        self,
        session: Session,
        text: str,
        agent: str | None,
        on_busy: OnBusy,
        queue: Queue,
        client_msg_id: str | None,
    ) -> Run:
        """Send a message until the server has it. See `Session.send`."""
        if session.fault is not None:
            raise session.fault
        message = Message(
            text=text,
            session_id=session.session_id,
            client_msg_id=client_msg_id or str(uuid.uuid4()),
            agent=agent,
            on_busy=on_busy,
            queue=queue,
        )
        if len(write(message)) + FRAME_ID > self._largest:
            # The server would close the connection over it, and over every next one.
            raise Refused("too_large", f"A message has up to {self._largest:,} bytes, all told.")
        entry = self._outbox.add(message, asyncio.get_running_loop().create_future())
        self.pump()
        try:
            return await entry.waiter
        finally:
            self._outbox.remove(entry)

    def pump(self) -> None:
        """Send what is due and may be sent now."""
        live = frozenset(session_id for session_id, session in self._sessions.items() if session.live)
        while self._connection is not None and not self._held and (entry := self._outbox.next(live)) is not None:
            entry.asked = True
            self._connection.ask(entry.message, functools.partial(self._answered, entry))

    def _answered(self, entry: Outgoing[asyncio.Future[Run]], answer: Ack | Error | None) -> None:
        entry.asked = False
        if isinstance(answer, Ack):
            self._taken(entry, answer)
        elif answer is not None and answer.code in UNDECIDED:
            self._hold(answer)
        elif answer is not None:
            self._settle(entry, refused(answer))
        if answer is not None:
            self.pump()

    def _hold(self, error: Error) -> None:
        """Send nothing for a while; a server that drains gets nothing more at all."""
        self._held = True
        if error.code != "draining":
            self._later(error, self._release)

    def _release(self) -> None:
        self._held = False
        self.pump()

    def _taken(self, entry: Outgoing[asyncio.Future[Run]], ack: Ack) -> None:
        if entry.waiter.done():
            return
        session = self._sessions.get(ack.fields["session_id"])
        run = (
            Run(ack.fields["session_id"], ack.fields["run_id"])
            if session is None
            else session.run(ack.fields["run_id"])
        )
        run.duplicate = ack.fields["duplicate"]
        if run.duplicate and run.unseen:
            # It was accepted before this client began to follow the session.
            self._start(self._recall(run))
        self._settle(entry, run)

    async def _recall(self, run: Run) -> None:
        try:
            events = [event for event in await self.log(run.session_id) if event.run_id == run.run_id]
        except ClientFault as fault:
            run.fail(fault)
            return
        for event in events if run.unseen else ():
            run.take(event)
        if run.over and run.session_id in self._sessions:
            self._sessions[run.session_id].forget(run)
        if not events:
            run.fail(HistoryLost("the server no longer has the events of this run"))

    def recorded(self, client_msg_id: str, run: Run) -> None:
        """Learn from the log that a message was accepted: its ack may have been lost."""
        for entry in self._outbox.named(client_msg_id):
            self._settle(entry, run)

    def _settle(self, entry: Outgoing[asyncio.Future[Run]], result: Run | ClientFault) -> None:
        self._outbox.remove(entry)
        if entry.waiter.done():
            return
        if isinstance(result, Run):
            entry.waiter.set_result(result)
        else:
            entry.waiter.set_exception(result)

    async def cancel(self, session_id: str, run_id: str | None, queue: Queue) -> str | None:
        """End a run. See `Session.cancel`."""
        ack = await self._request(Cancel(session_id=session_id, run_id=run_id, queue=queue))
        over: str | None = ack.fields["run_id"]
        return over

    async def dequeue(self, session_id: str, run_id: str) -> None:
        """Take a message out. See `Session.dequeue`."""
        await self._request(Dequeue(session_id=session_id, run_id=run_id))

    async def _request(self, frame: Asked) -> Ack:
        if self._connection is None:
            raise self._fault or Disconnected("there is no connection now")
        return await self._connection.request(frame)


@contextlib.asynccontextmanager
async def connect(
    url: str,
    username: str,
    password: str,
    *,
    trust: ssl.SSLContext | None = None,
    on_state: Callable[[State], object] = ignore,
    tap: Tap = ignore,
) -> AsyncIterator[Client]:
    """Log in and connect; at the end of the block hang up and log out.

    Args:
        url: where the server is, such as ``http://127.0.0.1:8765``.
        username: whom to log in as.
        password: theirs; it is kept in memory, for the case that the login has to be made anew.
        trust: whose certificates are good, for https; the system's where left out.
        on_state: is told of every change of the connection. It must not block.
        tap: sees every frame as it is on the wire. It must not block.

    Raises:
        Unauthorized: the name or the password is wrong.
        Unreachable: there is no server there, or it can't be trusted.
        ValueError: the address isn't one.
    """
    address = Address.of(url)
    trusted = (trust or ssl.create_default_context()) if address.secure else None
    http = Http(address, trusted)
    credentials = Credentials(http, username, password)
    try:
        await credentials.login()
        client = Client(credentials, Line(credentials, address, trusted, on_state, tap))
        try:
            await client.open()
            yield client
        finally:
            await client.close()
            # The server forgets the login by itself where it can't be told.
            with contextlib.suppress(ClientFault):
                await credentials.logout()
    finally:
        await http.close()
