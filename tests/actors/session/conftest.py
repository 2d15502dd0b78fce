"""A tree of sessions on a runtime of its own, with connections that keep what they get."""

import json
from itertools import count

import pytest

from actors.agents.librarian import Librarian
from actors.agents.rehearsal import Rehearsal
from actors.runtime.runtime import Runtime
from actors.runtime.specs import ChildSpec
from actors.session.audience import Subscription
from actors.session.environment import Environment
from actors.session.messages import After, Cancel, Dequeue, Route, Submit, Subscribe
from actors.session.root import Root, address_of
from actors.session.session import INTERNAL_MAILBOX
from actors.testing import RecordingConnection
from server.journal.memory import MemoryJournal

USER, SESSION = "u_1", "s_1"


class Tab:
    """One connection of one user, and short ways to say things to one session."""

    def __init__(self, house, user=USER, session=SESSION):
        self.house = house
        self.user = user
        self.session = session
        self.connection = RecordingConnection(house.root, user)
        self._ids = (f"f{number}" for number in count())

    @property
    def subscription(self):
        return Subscription(self.connection, self.session)

    def send(self, command, frame_id):
        self.house.root.tell(Route(self.user, self.session, self.connection, frame_id, command))
        return frame_id

    def ask(self, seq=None, epoch=None):
        frame_id = next(self._ids)
        after = None if seq is None else After(epoch, seq)
        return self.send(Subscribe(self.subscription, frame_id, after), frame_id)

    def subscribe(self, seq=None, epoch=None):
        """Ask to be shown the session's events, and return the ack."""
        return self.ack(self.ask(seq, epoch))

    def submit(self, *steps, text=None, agent="rehearsal", on_busy="enqueue", msg_id=None, queue="keep"):
        frame_id = next(self._ids)
        text = json.dumps({"steps": list(steps)}) if text is None else text
        command = Submit(self.subscription, frame_id, text, msg_id, agent, on_busy, queue, ())
        return self.send(command, frame_id)

    def run(self, *steps, **options):
        """Submit and return the run's id once it is acked."""
        return self.ack(self.submit(*steps, **options))["run_id"]

    def cancel(self, run_id=None, queue="keep"):
        frame_id = next(self._ids)
        return self.send(Cancel(self.connection, frame_id, run_id, queue), frame_id)

    def dequeue(self, run_id):
        frame_id = next(self._ids)
        return self.send(Dequeue(self.connection, frame_id, run_id), frame_id)

    def ack(self, frame_id):
        self.connection.wait_for(lambda seen: frame_id in seen.acks or frame_id in seen.refusals)
        assert frame_id in self.connection.acks, self.connection.refusals[frame_id]
        return self.connection.acks[frame_id]

    def refusal(self, frame_id):
        self.connection.wait_for(lambda seen: frame_id in seen.acks or frame_id in seen.refusals)
        return self.connection.refusals[frame_id]

    def completed(self, run_id):
        """Return the ``agent_completed`` of a run once it is there."""

        def find(seen):
            return [e for e in seen.events if e["run_id"] == run_id and e["type"] == "agent_completed"]

        return self.connection.wait_for(find)[0]

    def of_run(self, run_id):
        return [event for event in self.connection.events if event["run_id"] == run_id]

    def wait_for_event(self, run_id, kind):
        def find(seen):
            return [e for e in seen.events if e["run_id"] == run_id and e["type"] == kind]

        return self.connection.wait_for(find)[0]


class House:
    """A root with its runtime and journal."""

    def __init__(self, **environment):
        self.runtime = Runtime(seed=7)
        self.journal = environment.pop("journal", None) or MemoryJournal()
        agents = {"rehearsal": Rehearsal, "librarian": Librarian, **environment.pop("agents", {})}
        self.environment = Environment(self.journal, agents, "librarian", **environment)
        self.root = self.runtime.supervise(ChildSpec("root", Root, (self.environment,), mailbox=INTERNAL_MAILBOX))
        self.journal.create(SESSION, USER, "", 0)

    def tab(self, user=USER, session=SESSION):
        self.journal.create(session, user, "", 0)
        return Tab(self, user, session)

    def actor(self, name="", user=USER, session=SESSION):
        address = address_of(user, session) + (f"/{name}" if name else "")
        return self.runtime.ref(address)


@pytest.fixture
def make_house():
    """Make houses with an environment of the test's choice; all are stopped at the end, and must be empty then."""
    houses = []

    def make(**environment):
        houses.append(House(**environment))
        return houses[-1]

    yield make
    for house in houses:
        house.runtime.stop(timeout=5)
        assert house.runtime.refs() == []


@pytest.fixture
def house(make_house):
    return make_house()


@pytest.fixture
def tab(house):
    return house.tab()
