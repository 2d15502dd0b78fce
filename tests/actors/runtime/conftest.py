"""Real actors on the real dispatcher, and ways to wait for them."""

import time

import gevent
import pytest
from gevent.event import Event

from actors.runtime.actor import Actor
from actors.runtime.supervisor import Supervisor
from actors.testing import clean_runtime

PATIENCE = 5.0


class Obedient(Actor):
    """Does what a message, a function of the actor, says."""

    def on_receive(self, message):
        return message(self)


class Group(Supervisor):
    """Supervises the specs it is given and does what a message says."""

    def __init__(self, specs=(), **policy):
        self.specs = specs
        for name, value in policy.items():
            setattr(self, name, value)

    def children(self):
        return self.specs

    def on_receive(self, message):
        return message(self)


class Chronicle(list):
    """What happened, in order; its readers can wait for an entry."""

    def __init__(self):
        super().__init__()
        self._changed = Event()

    def note(self, *entry):
        self.append(entry)
        self._changed.set()

    def wait_for(self, *entry, times=1):
        deadline = time.monotonic() + PATIENCE
        while self.count(entry) < times:
            self._changed.clear()
            heard = self._changed.wait(deadline - time.monotonic())
            assert heard, f"{entry} isn't {times} times in {self}"

    def about(self, *kinds):
        return [entry for entry in self if entry[0] in kinds]


class Watch:
    """Hears of the end of an actor's current incarnation."""

    def __init__(self, ref):
        self.downs = []
        self._told = Event()
        ref.on_death(self._hear)

    def _hear(self, down):
        self.downs.append(down)
        self._told.set()

    def down(self):
        assert self._told.wait(PATIENCE), "no Down came"
        return self.downs[0]


class Gate(Event):
    """Holds handlers until the test opens it; tells when somebody came to it."""

    def __init__(self):
        super().__init__()
        self.reached = Event()

    def hold(self):
        self.reached.set()
        self.wait()

    def hold_through_everything(self):
        """Hold, and swallow whatever is raised here meanwhile."""
        while not self.is_set():
            try:
                self.hold()
            except BaseException:  # This is the misbehaviour.
                continue

    def await_visitor(self):
        assert self.reached.wait(PATIENCE), "nobody came to the gate"


def let_others_run(turns=10):
    """Give the loop some turns."""
    for _ in range(turns):
        gevent.sleep(0)


@pytest.fixture
def settle():
    return let_others_run


@pytest.fixture
def watch():
    return Watch


@pytest.fixture
def chronicle():
    return Chronicle()


@pytest.fixture
def gate():
    """One gate, opened at the end so that no handler stays behind it."""
    gate = Gate()
    yield gate
    gate.set()


@pytest.fixture
def obedient():
    return Obedient


@pytest.fixture
def group():
    return Group


@pytest.fixture
def runtime(gate):
    """A world of its own, which leaves nothing behind."""
    with clean_runtime(dead_letters_expected=True) as runtime:
        yield runtime
        gate.set()


@pytest.fixture
def fates(runtime):
    """What the runtime reports, as (event, address)."""
    fates = Chronicle()
    runtime.subscribe(lambda event, cell, _details: fates.note(event, cell.address))
    return fates
