"""Somebody at a tab: works, goes away, comes back, and outlives the server as often as it takes."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import count
from typing import TYPE_CHECKING, Any

from actors.session.events import Event
from actors.session.promises import DELIVERY, TERMINAL, PromiseBroken
from actors.testing.views import check_connection
from scripts.drilling.recorder import Recorder
from scripts.drilling.script import random_script
from server.client import Client, Disconnected, Refused, State, Unreachable
from server.client.errors import Closed
from server.client.line import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from random import Random

    from scripts.drilling.correspondence import Message
    from scripts.drilling.life import Life
    from scripts.drilling.person import Person
    from server.client import Session, Stream

UP = "a server that nobody ended stays, and keeps its connections"

ON_BUSY = ("enqueue", "enqueue", "enqueue", "reject", "interrupt")
QUEUE = ("keep", "keep", "keep", "clear")

LEAVING = 0.5
"""How often somebody goes away after some acts; otherwise the client stays."""

PAUSE = 0.25
"""How many seconds pass at most between two acts."""

REMEMBERED = 10
"""How many of the last runs somebody thinks of cancelling."""

PATIENCE = 60.0
"""How many seconds the end of a run is awaited, behind all that may be queued before it."""


class Tab:
    """One tab of a user through all its clients; it watches one session, and sees all of it."""

    def __init__(self, name: str, person: Person, session_id: str, random: Random) -> None:
        """Sit down in front of a session."""
        self.name = name
        self.session_id = session_id
        self.seen = 0
        self._person = person
        self._transcript = person.transcripts[session_id]
        self._random = random
        self._numbers = count(1)
        self._outbox: list[Message] = []
        self._open: set[str] = set()
        self._runs: list[str] = []
        self._life: Life | None = None
        self._client: Client | None = None
        self._session: Session | None = None
        self._acting: list[asyncio.Task[None]] = []
        self._watching: asyncio.Task[None] | None = None
        self._cut = ""
        self._news = asyncio.Event()
        self._recorder = Recorder(self._life_of_now, self._news.set)
        acts = [(8, self._message), (2, self._message_twice), (2, self._again), (2, self._cancel), (3, self._dequeue)]
        self._acts = [act for weight, act in acts for _ in range(weight)]

    @property
    def session(self) -> Session:
        """The session, as the client of now follows it."""
        assert self._session is not None
        return self._session

    def _life_of_now(self) -> int:
        assert self._life is not None
        # A client may be back before this tab is told who answers there.
        return self._life.number + 1 if self._life.over else self._life.number

    # A life of the server.

    async def live(self, life: Life) -> None:
        """Use the server until it ends, by one client or several; the last one stays, and comes back by itself.

        Raises:
            PromiseBroken: a promise doesn't hold for what this tab saw, or the server left by itself.
        """
        self._life = life
        if self._client is not None:
            self._client.hurry()
        while not life.ending:
            if self._client is None:
                await self.arrive(life)
            await self._use(life)
            self._check()
            if not life.ending and self._random.random() < LEAVING:
                await self.leave(answered=self._random.random() < 0.5)  # noqa: PLR2004 - as often as not

    async def _use(self, life: Life) -> None:
        for _ in range(self._random.randint(2, 20)):
            await asyncio.sleep(self._random.uniform(0, PAUSE))
            if life.ending or self._client is None:
                return
            self._start(self._random.choice(self._acts)())

    def _start(self, act: Coroutine[Any, Any, None]) -> None:
        async def carefully() -> None:
            # What is refused, and what is cut off, is for the verdict, which has all frames.
            with contextlib.suppress(Refused, Disconnected, Closed):
                await act

        task = asyncio.create_task(carefully())
        task.add_done_callback(lambda _: self._news.set())
        self._acting.append(task)

    def _check(self) -> None:
        """Raise what went wrong beside."""
        if self._cut:
            raise PromiseBroken(UP, f"{self.name} was cut: {self._cut}", ())
        if self._watching is not None and self._watching.done():
            self._watching.result()

    # Coming and going.

    async def arrive(self, life: Life) -> None:
        """Connect, resume, and send again what was never answered.

        Raises:
            PromiseBroken: the server isn't there.
        """
        self._life = life
        line = Line(self._person.credentials, self._person.address, None, self._state, self._recorder)
        client = Client(self._person.credentials, line)
        try:
            await client.open()
        except (Unreachable, Refused) as fault:
            if not life.ending:
                raise PromiseBroken(UP, f"{self.name} was turned away: {fault}", ()) from fault
            return
        self._client = client
        place = self._place()
        self._session = await client.session(self.session_id, after=(place, self._transcript.epoch))
        self._watching = asyncio.create_task(self._watch(self._session.events(), place))
        for message in self._outbox:
            self._start(self._deliver(message))

    def _state(self, state: State) -> None:
        """Notice a connection that was lost to a server that nobody had ended."""
        assert self._life is not None
        lost = state.name == "waiting" and self._recorder.life == self._life.number
        if lost and not self._life.ending:
            self._cut = state.reason
        self._news.set()

    def _place(self) -> int:
        """Return after which seq to resume: most often where this tab left, earlier where its page was reloaded."""
        if self._transcript.epoch is None:
            return 0
        back = self._random.choices([0, self._random.randint(0, 200), self.seen], [85, 14, 1])[0]
        return max(0, self.seen - back)

    async def settle(self) -> None:
        """Wait until everything that was asked by this client is answered, or the server has ended.

        Raises:
            AssertionError: an answer doesn't come.
        """
        await self._until(self._is_settled, "the answers to all that it asked")

    def _is_settled(self) -> bool:
        # A message may be known to be taken from the log, before its answer comes.
        done = all(act.done() for act in self._acting) and not self._recorder.unanswered
        return done or (self._life is not None and self._life.ending)

    async def leave(self, *, answered: bool) -> None:
        """Go away, if there is a client, and go over what its connections showed.

        Raises:
            PromiseBroken: a promise doesn't hold for it.
        """
        client, self._client = self._client, None
        if client is None:
            return
        if answered:
            await self.settle()
        else:
            client.abort()
        await client.close()
        await asyncio.gather(*self._acting)
        self._acting = []
        if self._watching is not None:
            await self._watching
        # A copy of a message that the log showed as taken may have been on its way out still: nobody waited for it.
        self._go_over(answered=answered and not self._recorder.unanswered)

    def _go_over(self, *, answered: bool) -> None:
        passages, self._recorder.passages = self._recorder.passages, []
        for number, passage in enumerate(passages, start=1):
            whole = answered and number == len(passages)
            check_connection(passage.entries, owned=list(self._person.transcripts), answered=whole)
            self._person.absorb(passage.entries, passage.life)
        self._outbox = [message for message in self._outbox if message.unsettled]

    # What it sees.

    async def _watch(self, stream: Stream, place: int) -> None:
        async for item in stream:
            if not isinstance(item, Event):
                continue
            if item.seq != place + 1:
                raise PromiseBroken(DELIVERY, f"{self.name} was shown seq {item.seq} after {place}", ())
            place = item.seq
            self._follow(item)

    def _follow(self, event: Event) -> None:
        self._runs = [*self._runs, event.run_id][-REMEMBERED:]
        if event.seq <= self.seen:
            return
        self.seen = event.seq
        if event.type == "message_accepted":
            self._open.add(event.run_id)
        elif event.type in TERMINAL:
            self._open.discard(event.run_id)
        self._news.set()

    async def see(self, seq: int) -> None:
        """Wait until the event of that seq is shown, if it wasn't yet.

        Raises:
            AssertionError: it doesn't come.
        """
        await self._until(lambda: self.seen >= seq, f"seq {seq}")

    async def see_all_end(self, head_seq: int) -> None:
        """Wait until every run is over that the log knew of at ``head_seq``.

        Raises:
            AssertionError: one goes on for too long.
        """
        await self.see(head_seq)
        await self._until(lambda: not self._open, f"the end of {sorted(self._open)}")

    async def _until(self, seen: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not seen():
                    self._check()
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{self.name} wasn't shown {what} within {PATIENCE} s") from None

    # What it does.

    async def _send(self, *, copies: int = 1) -> None:
        fields: dict[str, Any] = {
            "session_id": self.session_id,
            "text": random_script(self._random),
            "agent": "rehearsal",
            "on_busy": self._random.choice(ON_BUSY),
            "queue": self._random.choice(QUEUE),
            "client_msg_id": f"{self.name}-{next(self._numbers)}",
        }
        message = self._person.correspondence.write(fields)
        self._outbox.append(message)
        await asyncio.gather(*(self._deliver(message) for _ in range(copies)))

    async def _deliver(self, message: Message) -> None:
        fields = {name: value for name, value in message.fields.items() if name != "session_id"}
        with contextlib.suppress(Refused):
            await self.session.send(**fields)

    async def _message(self) -> None:
        await self._send()

    async def _message_twice(self) -> None:
        await self._send(copies=2)

    async def _again(self) -> None:
        """Send what was acked before: to this tab or another one of the session, in this life of the server or not."""
        acked = [each for each in self._person.correspondence.acked if each.fields["session_id"] == self.session_id]
        if acked:
            await self._deliver(self._random.choice(acked))

    async def _cancel(self) -> None:
        run_id = self._random.choice([None, self._some_run()])
        await self.session.cancel(run_id, queue=self._random.choice(QUEUE))

    async def _dequeue(self) -> None:
        await self.session.dequeue(self._some_run())

    def _some_run(self) -> str:
        return self._random.choice(self._runs or ["r_unknown"])
