"""One of the user's sessions, as this client follows it over all its connections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from weakref import WeakSet

import msgspec

from actors.session.events import Event, MessageAccepted, MessageDelta, Progress
from server.client.errors import HistoryLost
from server.client.run import Run
from server.client.stream import Gap, Stream

if TYPE_CHECKING:
    from server.client.client import Client
    from server.client.cursor import Cursor
    from server.client.errors import ClientFault
    from server.client.stream import Item

OnBusy = Literal["enqueue", "reject", "interrupt"]
Queue = Literal["keep", "clear"]


class Waiting(msgspec.Struct, frozen=True):
    """A message that waits for its turn."""

    run_id: str
    client_msg_id: str | None
    text: str


class Active(msgspec.Struct, frozen=True):
    """The run that is worked on."""

    run_id: str
    elapsed_ms: int


class Partial(msgspec.Struct, frozen=True):
    """Its answer so far."""

    run_id: str
    text: str


class Standing(msgspec.Struct, frozen=True):
    """How a session stands: what `subscribe` was answered with."""

    session_id: str
    epoch: str
    head_seq: int
    recovered: bool
    active_run: Active | None = None
    partial: Partial | None = None
    queue: list[Waiting] = []


class _Replay(NamedTuple):
    """What is to be done once all is seen that there was at the subscription."""

    standing: Standing
    lost: bool


class Session:
    """A session that is followed. `Client.session` makes one."""

    def __init__(self, client: Client, session_id: str, cursor: Cursor) -> None:
        """Begin before the first subscription."""
        self.session_id = session_id
        self.queue: dict[str, str] = {}
        self.standing: Standing | None = None
        self.live = False
        self.fault: ClientFault | None = None
        self._client = client
        self._cursor = cursor
        self._runs: dict[str, Run] = {}
        self._streams: WeakSet[Stream] = WeakSet()
        self._replay: _Replay | None = None
        self._ready = asyncio.Event()

    # For who uses it.

    @property
    def cursor(self) -> tuple[int, str | None]:
        """The seq and epoch last seen: what another client may go on from."""
        return self._cursor.seq or 0, self._cursor.epoch

    async def ready(self) -> Standing:
        """Wait until the session is followed, and return how it stood when that began.

        Raises:
            Refused: there is no such session of this user.
            ClientFault: the client was closed, or gave up.
        """
        await self._ready.wait()
        if self.fault is not None:
            raise self.fault
        assert self.standing is not None
        return self.standing

    def events(self) -> Stream:
        """Listen to the session: its events, answers as they are written, signs of life, from now on."""
        stream = Stream()
        if self.fault is not None:
            stream.end(self.fault)
        self._streams.add(stream)
        return stream

    async def send(
        self,
        text: str,
        *,
        agent: str | None = None,
        on_busy: OnBusy = "enqueue",
        queue: Queue = "keep",
        client_msg_id: str | None = None,
    ) -> Run:
        """Send a message, and wait until it is on record, over as many connections as that takes.

        Raises:
            Refused: the server won't take it.
            ClientFault: the client was closed, or gave up.
        """
        return await self._client.deliver(self, text, agent, on_busy, queue, client_msg_id)

    async def cancel(self, run_id: str | None = None, *, queue: Queue = "keep") -> str | None:
        """End the run, or that very run, and return its id once it is over; None where none was.

        Raises:
            Disconnected: the connection was lost meanwhile.
            Refused: the server won't.
        """
        return await self._client.cancel(self.session_id, run_id, queue)

    async def dequeue(self, run_id: str) -> None:
        """Take a message out that waits. Raises as `cancel`."""
        await self._client.dequeue(self.session_id, run_id)

    # What the client tells it.

    @property
    def after(self) -> Any:
        """From where the next subscription goes on."""
        return self._cursor.after

    def subscribed(self, standing: Standing) -> None:
        """Take up where the last connection left."""
        lost = self._cursor.subscribed(standing.epoch, standing.head_seq, recovered=standing.recovered)
        if lost:
            self._publish(Gap(self.session_id))
        self.queue = {waiting.run_id: waiting.text for waiting in standing.queue}
        self.standing = standing
        self._replay = _Replay(standing, lost)
        self._catch_up()

    def disconnected(self) -> None:
        """Learn that nothing comes until the next subscription."""
        self.live = False
        self._replay = None

    def received(self, frame: Event | MessageDelta | Progress) -> None:
        """Take the next frame; one that was seen before is dropped."""
        if isinstance(frame, Event) and not self._cursor.admit(frame.seq):
            return
        run = self.run(frame.run_id)
        fresh = run.take(frame)
        if isinstance(frame, Event):
            self._follow(frame, run)
        if fresh is not None:
            self._publish(fresh)
        self._catch_up()

    def run(self, run_id: str) -> Run:
        """Return the run of that id, which isn't over yet, whether anything was seen of it or not."""
        return self._runs.setdefault(run_id, Run(self.session_id, run_id))

    def forget(self, run: Run) -> None:
        """Keep nothing of a run that is over; whoever holds it still has it."""
        self._runs.pop(run.run_id, None)

    def fail(self, fault: ClientFault) -> None:
        """End all that waits for something of this session."""
        self.fault, self.live = fault, False
        self._ready.set()
        for run in self._runs.values():
            run.fail(fault)
        for stream in self._streams:
            stream.end(fault)

    def _follow(self, event: Event, run: Run) -> None:
        match event.type:
            case "message_accepted":
                self.queue[event.run_id] = event.data.text
            case "agent_started":
                self.queue.pop(event.run_id, None)
        if isinstance(event.data, MessageAccepted) and event.data.client_msg_id is not None:
            self._client.recorded(event.data.client_msg_id, run)
        if run.over:
            self.queue.pop(event.run_id, None)
            self.forget(run)

    def _catch_up(self) -> None:
        """Once all is seen that there was at the subscription, go on with what was said beside it."""
        if self._replay is None or (self._cursor.seq or 0) < self._replay.standing.head_seq:
            return
        (standing, lost), self._replay = self._replay, None
        if lost:
            self._give_up({run.run_id for run in (standing.active_run, *standing.queue) if run is not None})
        if standing.partial is not None:
            fresh = self.run(standing.partial.run_id).catch_up(standing.partial.text)
            if fresh is not None:
                self._publish(fresh)
        self.live = True
        self._ready.set()
        self._client.pump()

    def _give_up(self, unfinished: set[str]) -> None:
        for run_id in self._runs.keys() - unfinished:
            self._runs.pop(run_id).fail(HistoryLost("the server no longer has the events in which this run ended"))

    def _publish(self, item: Item) -> None:
        for stream in self._streams:
            stream.put(item)
