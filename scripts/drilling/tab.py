"""Somebody at a tab: works, goes away, comes back, and outlives the server as often as it takes."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from actors.session.promises import DELIVERY, TERMINAL, PromiseBroken
from actors.testing.views import check_connection
from scripts.drilling.script import random_script
from tests.system.client import Client, Closed, dial

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from actors.testing.views import Entry
    from scripts.drilling.correspondence import Message
    from scripts.drilling.life import Life
    from scripts.drilling.person import Person

UP = "a server that nobody ended stays, and keeps its connections"

CUT = (Closed, ConnectionClosed, InvalidHandshake, OSError)
"""What a client meets when its server is killed."""

ON_BUSY = ("enqueue", "enqueue", "enqueue", "reject", "interrupt")
QUEUE = ("keep", "keep", "keep", "clear")

PAUSE = 0.25
"""How many seconds pass at most between two acts."""

REMEMBERED = 10
"""How many of the last runs somebody thinks of cancelling."""

PATIENCE = 60.0
"""How many seconds the end of a run is awaited, behind all that may be queued before it."""


class Tab:
    """One tab of a user through all its connections; it watches one session, and sees all of it."""

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
        self._client: Client | None = None
        acts = [(8, self._message), (2, self._message_twice), (2, self._again), (2, self._cancel), (3, self._dequeue)]
        self._acts = [act for weight, act in acts for _ in range(weight)]

    @property
    def client(self) -> Client:
        """The connection of now."""
        assert self._client is not None
        return self._client

    # A life of the server.

    async def live(self, life: Life) -> None:
        """Use the server until it ends, over one connection or several.

        Raises:
            PromiseBroken: a promise doesn't hold for what this tab saw, or the server left by itself.
        """
        while not life.ending:
            await self._visit(life)

    async def _visit(self, life: Life) -> None:
        answered = False
        try:
            await self.arrive(life)
            await self._use()
            answered = self._random.random() < 0.5  # noqa: PLR2004 - as often as not
            if answered:
                await self.settle()
        except CUT as cut:
            if not life.ending:
                raise PromiseBroken(UP, f"{self.name} was cut: {cut!r}", ()) from cut
            answered = False
        finally:
            await self.leave(life, answered=answered)

    async def _use(self) -> None:
        for _ in range(self._random.randint(2, 20)):
            await asyncio.sleep(self._random.uniform(0, PAUSE))
            await self._random.choice(self._acts)()

    # Coming and going.

    async def arrive(self, life: Life) -> None:
        """Connect, resume, and send again what was never answered.

        Raises:
            PromiseBroken: the session can't be resumed.
        """
        self._client = await dial(life.server, token=self._person.login.token)
        after: dict[str, Any] = {"seq": self._place()}
        if self._transcript.epoch is not None:
            after["epoch"] = self._transcript.epoch
        answer = await self.client.answer(await self.client.ask("subscribe", session_id=self.session_id, after=after))
        if answer["type"] != "ack":
            raise PromiseBroken(DELIVERY, f"{self.name} can't come back to {self.session_id} after {after}", [answer])
        for message in self._outbox:
            await self.client.ask("message", **message.fields)

    def _place(self) -> int:
        """Return after which seq to resume: most often where this tab left, earlier where its page was reloaded."""
        if self._transcript.epoch is None:
            return 0
        back = self._random.choices([0, self._random.randint(0, 200), self.seen], [85, 14, 1])[0]
        return max(0, self.seen - back)

    async def settle(self) -> None:
        """Wait until everything that was asked on this connection is answered."""
        for frame in [entry.frame for entry in self.client.entries if entry.sent]:
            await self.client.answer(frame["id"])

    async def leave(self, life: Life, *, answered: bool) -> None:
        """Go away, if there is a connection, and go over what it showed.

        Raises:
            PromiseBroken: a promise doesn't hold for it.
        """
        client, self._client = self._client, None
        if client is None:
            return
        if not answered:
            client.socket.transport.abort()
        await client.close()
        check_connection(client.entries, owned=list(self._person.transcripts), answered=answered)
        self._person.absorb(client.entries, life.number)
        self._absorb(client.entries)

    def _absorb(self, entries: Sequence[Entry]) -> None:
        for event in _events(entries, self.session_id):
            self._follow(event)
        self._outbox = [message for message in self._outbox if message.unsettled]

    def _follow(self, event: dict[str, Any]) -> None:
        if event["seq"] <= self.seen:
            return
        self.seen = event["seq"]
        if event["type"] == "message_accepted":
            self._open.add(event["run_id"])
        elif event["type"] in TERMINAL:
            self._open.discard(event["run_id"])

    # What it does.

    async def _send(self, *, copies: int = 1, named: bool = True) -> None:
        fields: dict[str, Any] = {
            "session_id": self.session_id,
            "text": random_script(self._random),
            "agent": "rehearsal",
            "on_busy": self._random.choice(ON_BUSY),
            "queue": self._random.choice(QUEUE),
        }
        if named:
            fields["client_msg_id"] = f"{self.name}-{next(self._numbers)}"
            self._outbox.append(self._person.correspondence.write(fields))
        for _ in range(copies):
            await self.client.ask("message", **fields)

    async def _message(self) -> None:
        await self._send(named=self._random.random() < 0.9)  # noqa: PLR2004 - few clients go without ids

    async def _message_twice(self) -> None:
        await self._send(copies=2)

    async def _again(self) -> None:
        """Send what was acked before: to this tab or to another one of the user, in this life of the server or not."""
        if self._person.correspondence.acked:
            message = self._random.choice(self._person.correspondence.acked)
            await self.client.ask("message", **message.fields)

    async def _cancel(self) -> None:
        fields: dict[str, Any] = {"session_id": self.session_id, "queue": self._random.choice(QUEUE)}
        run_id = self._random.choice([None, self._some_run()])
        await self.client.ask("cancel", **fields | ({} if run_id is None else {"run_id": run_id}))

    async def _dequeue(self) -> None:
        await self.client.ask("dequeue", session_id=self.session_id, run_id=self._some_run())

    def _some_run(self) -> str:
        runs: list[str] = [event["run_id"] for event in _events(self.client.entries, self.session_id)]
        return self._random.choice(runs[-REMEMBERED:] or ["r_unknown"])

    # The end.

    async def see_all_end(self, head_seq: int) -> None:
        """Wait until every run is over that the log knew of at ``head_seq``.

        Raises:
            AssertionError: one goes on for too long.
        """
        await self.see(head_seq)
        for event in _events(self.client.entries, self.session_id):
            self._follow(event)
        for run_id in sorted(self._open):
            await self.client.ended(run_id, patience=PATIENCE)

    async def see(self, seq: int) -> None:
        """Wait until the event of that seq is shown, if it wasn't yet."""
        if seq > self.seen:
            await self.client.wait_for(lambda frame: self._is_event(frame) and frame["seq"] >= seq)

    def _is_event(self, frame: dict[str, Any]) -> bool:
        return "seq" in frame and frame["session_id"] == self.session_id


def _events(entries: Sequence[Entry], session_id: str) -> list[dict[str, Any]]:
    """Return a session's events of those entries, in the order of their coming."""
    frames = [entry.frame for entry in entries if not entry.sent and "seq" in entry.frame]
    return [frame for frame in frames if frame["session_id"] == session_id]
