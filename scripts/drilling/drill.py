"""The drill itself: rounds of load and kill, then the end of all runs and the verdict."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from itertools import count
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from actors.session.promises import PromiseBroken
from scripts.drilling.life import Life, stillborn, verify
from scripts.drilling.person import Person
from scripts.drilling.report import Kills, Report
from scripts.drilling.tab import PATIENCE, Tab
from scripts.drilling.together import together
from scripts.drilling.verdict import TAKEN_UP, check_all, unfinished_runs
from server.client.address import Address
from server.client.credentials import Credentials
from server.client.http import Http
from tests.system.process import lasting_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from actors.session.promises import Event
    from tests.system.process import ServerProcess

USERS = ("demo", "demo2", "operator")

ROUND_SECONDS = 60.0
"""How many seconds a round takes at most; one that goes well takes two or three."""

END_SECONDS = 2 * PATIENCE
"""How many seconds each step of the end takes at most."""

STILLBORN = 0.2
"""How often the server is killed while it is starting."""

START = 1.2
"""How many seconds a start takes, more or less: within them it is killed."""

AUDITED = 0.1
"""How often the logs are audited as a kill left them, before another start touches them."""

DRAIN = 0.5
"""How many seconds a drain is given at most, before the kill."""


class Moment(NamedTuple):
    """When to kill, in seconds of load, and how often rather than at the other moments."""

    weight: int
    after: tuple[float, float]


MOMENTS = {
    # While it takes up what the kill before left unfinished.
    "early": Moment(3, (0.0, 0.2)),
    # The log's tables are written to a second after something was committed.
    "loaded": Moment(6, (0.2, 1.6)),
    "draining": Moment(1, (0.2, 1.0)),
}


class Plan(NamedTuple):
    """How long a drill is, and who takes part: ``sessions`` of each user, ``tabs`` of each session."""

    seed: int
    rounds: int
    sessions: int = 2
    tabs: int = 2
    sync: str = "normal"


class Drill:
    """One drill on one data directory. ``stage`` says how far it is."""

    def __init__(self, plan: Plan, data_dir: Path) -> None:
        """Prepare; nothing is started yet."""
        self.plan = plan
        self.stage = "before the first round"
        self._data_dir = data_dir
        self._random = Random(plan.seed)  # noqa: S311 - a seed must always go the same way
        self._numbers = count(1)
        self._kills: Counter[str] = Counter()
        self._port = lasting_port()
        self._people: list[Person] = []
        self._tabs: list[Tab] = []

    async def run(self, after_each: Callable[[], object] = lambda: None) -> Report:
        """Go through all rounds and judge; ``after_each`` is called after each of them.

        Raises:
            AssertionError: a promise is broken, or something took too long.
        """
        began = time.monotonic()
        await self._rise()
        try:
            await self._seat(self._life)
            for number in range(1, self.plan.rounds + 1):
                self.stage = f"round {number} of {self.plan.rounds}"
                await self._use_and_kill(self._life)
                await self._audit(AUDITED)
                if number == self.plan.rounds:
                    await together((tab.leave(answered=False) for tab in self._tabs), END_SECONDS)
                await self._rise()
                after_each()
            self.stage = f"after all {self.plan.rounds} rounds"
            logs = await self._come_to_the_end(self._life)
        finally:
            self._life.kill()
            for person in self._people:
                await person.credentials.close()
        check_all(self._people, self._tabs, logs)
        kills = Kills(*(self._kills[moment] for moment in Kills._fields))
        return Report.of(self.plan.rounds, kills, time.monotonic() - began, self._people, logs.values())

    # The server.

    async def _start(self) -> None:
        starting = asyncio.create_task(
            asyncio.to_thread(Life, next(self._numbers), self._data_dir, self.plan.sync, self._port)
        )
        try:
            self._life = await asyncio.shield(starting)
        except asyncio.CancelledError:
            # The thread goes on; what it starts must not be left behind.
            (await starting).kill()
            raise

    async def _rise(self) -> None:
        while self._random.random() < STILLBORN:
            await stillborn(self._data_dir, self._random.uniform(0, START))
            self._kills["starting"] += 1
        await self._start()

    async def _audit(self, chance: float) -> None:
        if self._random.random() < chance:
            await asyncio.to_thread(verify, self._data_dir)

    # The people.

    async def _seat(self, life: Life) -> None:
        address = Address.of(life.server.url)
        for username in USERS:
            login = await asyncio.to_thread(life.server.login, username)
            sessions = [await asyncio.to_thread(life.server.new_session, login) for _ in range(self.plan.sessions)]
            credentials = Credentials(Http(address, None), username, username)
            await credentials.login()
            person = Person(login, address, credentials, sessions)
            self._people.append(person)
            self._tabs += [
                self._tab(f"{username}-{place}-{number}", person, session_id)
                for place, session_id in enumerate(person.transcripts, start=1)
                for number in range(1, self.plan.tabs + 1)
            ]

    def _tab(self, name: str, person: Person, session_id: str) -> Tab:
        return Tab(name, person, session_id, Random(f"{self.plan.seed} {name}"))  # noqa: S311 - as above

    async def _use_and_kill(self, life: Life) -> None:
        await together([self._kill(life), *(tab.live(life) for tab in self._tabs)], ROUND_SECONDS)

    async def _kill(self, life: Life) -> None:
        (kind,) = self._random.choices(list(MOMENTS), [moment.weight for moment in MOMENTS.values()])
        self._kills[kind] += 1
        await asyncio.sleep(self._random.uniform(*MOMENTS[kind].after))
        if kind == "draining":
            await life.drain_and_kill(self._random.uniform(0, DRAIN))
        else:
            life.kill()

    # The end.

    async def _be_left_alone(self, server: ServerProcess) -> None:
        """Wait until all runs are over while nobody is connected: the server takes up its work by itself.

        Raises:
            PromiseBroken: it doesn't.
        """
        end = time.monotonic() + PATIENCE
        while left := unfinished_runs(logs := await self._logs(server)):
            if time.monotonic() > end:
                seen = [event for log in logs.values() for event in log if event["run_id"] in left]
                raise PromiseBroken(TAKEN_UP, f"after {PATIENCE} s these aren't over: {left}", seen)
            await asyncio.sleep(0.5)

    async def _come_to_the_end(self, life: Life) -> dict[str, list[Event]]:
        """Let everything end that was begun, the server at last, and return all logs."""
        await self._be_left_alone(life.server)
        await together((tab.arrive(life) for tab in self._tabs), END_SECONDS)
        await together((tab.settle() for tab in self._tabs), END_SECONDS)
        heads = {session_id: len(events) for session_id, events in (await self._logs(life.server)).items()}
        await together((tab.see_all_end(heads[tab.session_id]) for tab in self._tabs), END_SECONDS)
        logs = await self._logs(life.server)
        await together((tab.see(len(logs[tab.session_id])) for tab in self._tabs), END_SECONDS)
        await together((tab.leave(answered=True) for tab in self._tabs), END_SECONDS)
        status = await asyncio.to_thread(life.server.end)
        assert status == 0, f"the last server was to drain, and ended with {status}"
        assert not life.server.faults(), "\n".join(["faults of the server's own:", *life.server.faults()])
        await self._audit(1.0)
        return logs

    async def _logs(self, server: ServerProcess) -> dict[str, list[Event]]:
        return {
            session_id: await asyncio.to_thread(server.events, person.login, session_id)
            for person in self._people
            for session_id in person.transcripts
        }
