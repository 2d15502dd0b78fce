"""One simulated world, from the first act to the last check."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import gevent

from actors.session.journal import unheeded
from actors.testing.clock import ManualClock
from actors.testing.simulation.allowance import Allowance
from actors.testing.simulation.calamities import Calamities
from actors.testing.simulation.chaos import Chaos
from actors.testing.simulation.disk import Disk
from actors.testing.simulation.ledger import Ledger
from actors.testing.simulation.person import Person
from actors.testing.simulation.process import Process
from actors.testing.simulation.scheduler import SimulatedDispatcher
from actors.testing.simulation.verdict import check_world

if TYPE_CHECKING:
    from actors.runtime.ref import ActorRef
    from actors.testing.simulation.scenario import Scenario

BETWEEN_LIVES = 10**12
"""How far the seeds of two lives of one simulated server are apart."""


@dataclass
class Outcome:
    """How a simulation went; ``failure`` is None where every promise held."""

    seed: int
    ledger: Ledger = field(default_factory=Ledger)
    failure: Exception | None = None


def simulate(scenario: Scenario, seed: int, *, injections: int | None = None) -> Outcome:
    """Run a scenario as ``seed`` says; blocks the thread until it is over.

    Args:
        scenario: what to simulate.
        seed: decides everything that the scenario doesn't. The same seed gives the same ledger.
        injections: only so many of the first faults; all of the scenario's where left out.
    """
    outcome = Outcome(seed)
    allowed = scenario.injections + scenario.calamities if injections is None else injections
    world = World(scenario, seed, outcome.ledger, Allowance(allowed))
    for stage in (world.live, world.check, world.end):
        try:
            stage()
        except Exception as failure:  # noqa: BLE001 - whatever a world does wrong is what was looked for
            outcome.failure = outcome.failure or failure
    return outcome


class World:
    """A root, its sessions, their people, and the chaos among them."""

    def __init__(self, scenario: Scenario, seed: int, ledger: Ledger, allowance: Allowance) -> None:
        """Build it; nothing runs yet. Each part draws from a source of its own, so that one doesn't shift another's."""

        def source(part: str) -> Random:
            # Seeded with text: that is hashed the same in every process, as `hash` isn't.
            return Random(f"{seed}/{part}")  # noqa: S311 - repeatable is what is wanted

        self.ledger = ledger
        self.clock = ManualClock()
        self.dispatcher = SimulatedDispatcher(self.clock, source("schedule"), ledger)
        self.disk = Disk(self.clock, source("lag"), scenario.commit_lag)
        self.journal = scenario.make_journal(source("journal"), self.disk, self.clock)
        self._scenario, self._seed, self._lives = scenario, seed, 0
        self._allowance = allowance
        gap, limit = scenario.steps_between_injections, scenario.injections
        self.chaos = Chaos(self.dispatcher, source("chaos"), ledger, allowance, gap, limit)
        gap, limit = scenario.steps_between_calamities, scenario.calamities
        self.calamities = Calamities(self, source("calamities"), ledger, allowance, gap, limit)
        self.dispatcher.before_step = self._before_step
        self.owners = [
            (f"u_{user}", f"s_{user}_{number}")
            for user in range(scenario.users)
            for number in range(scenario.sessions_per_user)
        ]
        self.people: list[Person] = []
        self._acts = scenario.acts_per_tab
        for user_id, session_id in self.owners:
            self.journal.create(session_id, user_id, "", self.clock.epoch_ms(), unheeded)
        while self.clock.fire_next():
            pass  # Until the sessions are on record.
        self.process = self._start()
        for user_id, session_id in self.owners:
            for tab in range(scenario.tabs_per_session):
                name = f"{session_id}.{tab}"
                person = Person(name, self.clock, self._root, (user_id, session_id), source(name), ledger)
                self.people.append(person)

    def _start(self) -> Process:
        # No two lives draw the same ids.
        seed = self._seed + self._lives * BETWEEN_LIVES
        self._lives += 1
        process = Process(self.dispatcher, self.clock, self.journal, self._scenario, seed)
        self.chaos.runtime = process.runtime
        return process

    def _root(self) -> ActorRef[Any]:
        return self.process.root

    def _before_step(self, step: int) -> None:
        self.chaos.before_step(step)
        self.calamities.before_step(step, self.clock.monotonic())

    def kill_process(self, *, landed: bool) -> None:
        """End the server's process and start the next one; what was sent and not yet read is lost with the wires."""
        for person in self.people:
            person.wire.cut()
        self.process.kill()
        self.disk.cut()
        self.journal.lose_tail(landed=landed)
        self.process = self._start()

    def live(self) -> None:
        """Let everybody act and everything settle; then let everybody look at the whole of what became of it."""
        for person in self.people:
            person.act(self._acts)
        self.dispatcher.run()
        self._allowance.close()
        for person in self.people:
            person.come_to_the_end()
        self.dispatcher.run()

    def check(self) -> None:
        """Check every promise.

        Raises:
            PromiseBroken: one doesn't hold.
        """
        logs = {session_id: self._log(session_id) for _, session_id in self.owners}
        for session_id, events in logs.items():
            for event in events:
                self.ledger.note(0.0, "event", f"{session_id} {event['seq']} {event['type']} {event['run_id']}")
        check_world(logs, self.people, self.dispatcher.blocked())

    def _log(self, session_id: str) -> list[dict[str, Any]]:
        record = self.journal.find(session_id)
        head_seq = 0 if record is None else record.head_seq
        return [json.loads(frame) for frame in self.journal.read(session_id, 0, head_seq)]

    def end(self) -> None:
        """Stop every actor. What a failed world still has under way is killed with it."""
        stopping = gevent.spawn(self.process.runtime.stop, timeout=1.0)
        while not stopping.ready():
            gevent.sleep(0)
            self.dispatcher.run()
