"""Real actors on the real dispatcher, and ways to wait for them."""

import gc
import sys
import time

import gevent
import pytest
from gevent.event import Event

from actors.runtime.actor import Actor
from actors.runtime.administration import WhichChildren
from actors.runtime.dispatcher import _Worker
from actors.runtime.specs import ChildSpec
from actors.runtime.supervisor import Supervisor
from actors.runtime.telemetry import Crashed, FaultInjected, HookFailed, Killed, Restarting, Stopped, Unkillable
from actors.testing import clean_runtime
from tests.actors.runtime.failing import crash
from tests.actors.runtime.policies import AT_ONCE
from tests.actors.runtime.witnesses import ends, starts

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


class Child(Actor):
    """Notes its starts and ends, and does what a message says."""

    def __init__(self, chronicle, on_start=None, on_end=None):
        self.chronicle = chronicle
        self.begin = on_start
        self.finish = on_end

    @property
    def name(self):
        return self.address.rpartition("/")[2]

    def on_start(self):
        if self.begin is not None:
            self.begin(self)
        self.chronicle.note("start", self.name, self.incarnation)

    def on_receive(self, message):
        return message(self)

    def on_terminate(self, reason):
        if self.finish is not None:
            self.finish(self)
        self.chronicle.note("end", self.name, reason.kind)


class Tree:
    """A supervisor under test, and its children by name."""

    def __init__(self, runtime, group, chronicle):
        self.runtime = runtime
        self.group = group
        self.chronicle = chronicle

    def spec(self, name, *, on_start=None, on_end=None, backoff=AT_ONCE, **fields):
        arguments = {"on_start": on_start, "on_end": on_end}
        return ChildSpec(name, Child, (self.chronicle,), arguments, backoff=backoff, **fields)

    def plant(self, *specs, base=None, **policy):
        specs = [self.spec(spec) if isinstance(spec, str) else spec for spec in specs]
        self.top = self.runtime.supervise(ChildSpec("top", base or self.group, (specs,), policy))
        return self.top

    def __getitem__(self, name):
        return self.runtime.ref(f"top/{name}")

    def crash(self, name):
        """Have a child's handler raise; returns when the child has."""
        crash(self[name])

    def starts(self):
        return starts(self.chronicle)

    def ends(self):
        return ends(self.chronicle)

    def order(self, message):
        """Send the supervisor an order for its children."""
        return self.top.ask(message)

    def status(self):
        """Return what each child is doing, as its supervisor says."""
        return {info.child_id: info.status.value for info in self.top.ask(WhichChildren())}

    def lives(self):
        """Return each child's incarnation."""
        return {info.child_id: info.ref.incarnation for info in self.top.ask(WhichChildren())}

    def names(self):
        return self.top.ask(lambda self: list(self._children))

    def do(self, method, *args):
        return self.top.ask(lambda self: getattr(self, method)(*args))


def busy_workers(runtime):
    """Return the greenlets that are inside a handler."""
    workers = [thing for thing in gc.get_objects() if type(thing) is _Worker]
    return [worker for worker in workers if worker.dispatcher is runtime.dispatcher and worker.cell and not worker.dead]


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
def tree(runtime, group, chronicle):
    return Tree(runtime, group, chronicle)


@pytest.fixture
def runtime(gate):
    """A world of its own, which leaves nothing behind."""
    with clean_runtime(dead_letters_expected=True) as runtime:
        yield runtime
        gate.set()


@pytest.fixture
def fates(runtime):
    """What became of actors, as (fate, address); starts left out."""
    names = dict.fromkeys((Stopped, Crashed, Killed), "ended") | {
        Unkillable: "unkillable",
        FaultInjected: "fault_injected",
        Restarting: "restarting",
        HookFailed: "terminate_failed",
    }
    fates = Chronicle()

    def note(event):
        if type(event) in names:
            fates.note(names[type(event)], event.address)

    runtime.telemetry.subscribe(note)
    return fates


@pytest.fixture
def count_calls():
    """Count the function calls that something makes, in whatever greenlet: a cost that no machine changes."""

    def count(work):
        calls = 0

        def note(_frame, event, _argument):
            nonlocal calls
            calls += event in {"call", "c_call"}

        sys.setprofile(note)
        try:
            work()
        finally:
            sys.setprofile(None)
        return calls

    return count
