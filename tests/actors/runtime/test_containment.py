"""Whatever an actor does, nobody else notices; whoever asked it is answered; whatever it left behind is nobody."""

import random

import gevent
import pytest
from gevent.event import Event
from greenlet import GreenletExit

from actors.runtime.actor import Actor
from actors.runtime.errors import ActorDied, ActorRestarting, MailboxFull, Phase
from actors.runtime.reasons import ExitKind
from actors.runtime.restarts import Intensity
from actors.runtime.specs import ChildSpec, MailboxSpec
from actors.runtime.telemetry import HookFailed
from tests.actors.runtime.policies import AT_ONCE

HOSTILE = [gevent.Timeout, SystemExit, GreenletExit, KeyboardInterrupt]


def raises(error):
    def act(_):
        raise error(1)

    return act


def hostile(error):
    return pytest.mark.parametrize("error", error, ids=lambda kind: kind.__name__)


# What isn't an Exception.


@hostile(HOSTILE)
def test_a_hostile_error_in_a_handler_ends_that_actor_alone(tree, watch, error):
    tree.plant("a", "b")
    tree.names()
    end = watch(tree["a"])

    with pytest.raises(ActorDied) as caught:
        tree["a"].ask(raises(error))
    assert caught.value.phase is Phase.IN_FLIGHT
    assert isinstance(end.down().reason.error, error)
    assert tree["b"].ask(lambda self: self.incarnation) == 1


@hostile(HOSTILE)
def test_a_hostile_error_in_a_start_is_a_failed_start(tree, chronicle, error):
    def fail_once(child):
        if child.incarnation == 2:
            raises(error)(child)

    tree.plant(tree.spec("a", on_start=fail_once), "b")
    tree.names()
    tree.crash("a")
    chronicle.wait_for("end", "a", ExitKind.START_FAILED)
    chronicle.wait_for("start", "a", 3)

    assert tree.lives() == {"a": 3, "b": 1}


@hostile(HOSTILE)
def test_a_hostile_error_in_a_last_hook_ends_nobody_else(tree, chronicle, runtime, error):
    tree.plant(tree.spec("a", on_end=raises(error)), "b")
    tree.names()
    tree.crash("a")
    chronicle.wait_for("start", "a", 2)

    assert tree.lives() == {"a": 2, "b": 1}
    assert runtime.telemetry.counts[HookFailed] == 1


@pytest.mark.parametrize("where", ["handler", "start", "end"])
def test_a_timeout_that_is_leaked_strikes_nobody(tree, runtime, where):
    def leak(_):
        gevent.Timeout(0.005).start()

    spec = tree.spec("a", on_start=leak if where == "start" else None, on_end=leak if where == "end" else None)
    tree.plant(spec, "b")
    tree.names()
    if where == "handler":
        tree["a"].ask(leak)
    elif where == "end":
        tree.crash("a")
    struck = Event()
    runtime.clock.call_later(0.02, struck.set)
    while not struck.is_set():
        tree["b"].ask(lambda _: gevent.sleep(0.001))

    assert tree.lives()["b"] == 1


def test_an_error_that_cannot_show_itself_ends_its_actor_alone(tree, chronicle):
    class Unspeakable(Exception):
        def __repr__(self):
            raise RuntimeError("not even this")

    def fail(_):
        raise Unspeakable

    tree.plant("a", "b")
    tree.names()
    tree["a"].tell(fail)
    chronicle.wait_for("start", "a", 2)

    assert tree.lives() == {"a": 2, "b": 1}


# Every ask ends, and says how far it came.


ENDINGS = {
    "crash": lambda ref: ref.ask(raises(ValueError), block=False),
    "kill": lambda ref: ref.kill(),
    "stop": lambda ref: ref.stop(block=False),
}


class Counting(Actor):
    """Answers numbers, some of them slowly; remembers which it began with in any of its lives."""

    def __init__(self, began):
        self.began = began

    def on_receive(self, message):
        if callable(message):
            return message(self)
        self.began.add(message)
        if message % 7 == 0:
            gevent.sleep(0.0002)
        return message


def outcome(answer):
    """Wait for an answer; return what came, and whether it says that its message ran."""
    try:
        return answer.get(), True
    except MailboxFull:
        return MailboxFull, False
    except ActorDied as died:
        return type(died), died.phase is Phase.IN_FLIGHT


@pytest.mark.parametrize("seed", range(3))
def test_each_of_ten_thousand_asks_raced_against_every_kind_of_end_says_how_far_it_came(runtime, group, seed):
    draw, began, answers = random.Random(seed), set(), []
    forbearing = {"intensity": Intensity(900, 1e9), "backoff": AT_ONCE}
    spec = ChildSpec("a", Counting, (began,), mailbox=MailboxSpec(64), **forbearing)
    runtime.supervise(ChildSpec("top", group, ([spec],))).ask(lambda _: None)
    ref = runtime.ref("top/a")
    for number in range(3334):
        answers.append(ref.ask(number, block=False, timeout=30))
        if draw.random() < 0.1:
            ENDINGS[draw.choice(list(ENDINGS))](ref)
        if draw.random() < 0.1:
            gevent.sleep(draw.choice([0, 0.0001]))

    outcomes = [outcome(answer) for answer in answers]
    assert [ran for _, ran in outcomes] == [number in began for number in range(3334)]
    assert all(what in (number, ActorDied, ActorRestarting, MailboxFull) for number, (what, _) in enumerate(outcomes))
    kinds = {(what if isinstance(what, type) else "answered", ran) for what, ran in outcomes}
    assert {("answered", True), (ActorDied, True), (ActorDied, False), (ActorRestarting, False)} <= kinds


def test_a_stop_is_acted_on_ahead_of_twenty_thousand_messages(runtime, obedient, gate):
    handled = []
    mailbox = MailboxSpec(20_001)
    ref = runtime.supervise(ChildSpec("busy", obedient, mailbox=mailbox))
    ref.tell(lambda _: gate.hold())
    gate.await_visitor()
    for _ in range(20_000):
        ref.tell(lambda _: handled.append(1))
    stopped = ref.stop(block=False)
    gate.set()
    stopped.get()

    assert handled == []
    assert sum(runtime.dead_letters.counts.values()) == 20_000


# What an abandoned handler does, it does as somebody dead.


@pytest.fixture
def abandoned(tree, gate, chronicle):
    """Abandon a handler of a child or of the supervisor below the top, have it act, and return the next life."""

    def abandon(act, base=None):
        acted = Event()

        def misbehave(self):
            gate.hold_through_everything()
            try:
                act(self)
            finally:
                acted.set()

        spec = tree.spec("a", kill_grace=0.005) if base is None else ChildSpec("a", base, kill_grace=0.005)
        tree.plant(spec)
        tree.names()
        tree["a"].tell(misbehave)
        gate.await_visitor()
        tree["a"].kill()
        while tree["a"].incarnation == 1 or not tree.do("is_up", "a"):
            gevent.sleep(0)
        gate.set()
        assert acted.wait(5)
        return tree["a"]

    return abandon


def test_an_abandoned_handler_stops_only_itself(abandoned, settle):
    ref = abandoned(lambda self: self.stop())
    settle()

    assert ref.ask(lambda self: self.incarnation) == 2


def test_what_an_abandoned_handler_sends_itself_later_reaches_nobody(abandoned, runtime, chronicle):
    ref = abandoned(lambda self: self.send_after(0, lambda child: child.chronicle.note("reached")))
    passed = Event()
    runtime.clock.call_later(0.01, passed.set)
    assert passed.wait(5)
    ref.ask(lambda _: None)

    assert ("reached",) not in chronicle


def test_an_abandoned_supervisor_starts_no_children(abandoned, group, tree, chronicle):
    def start_child(self):
        with pytest.raises(ActorDied):
            self.start_child(tree.spec("late"))
        chronicle.note("refused")

    ref = abandoned(start_child, base=group)

    assert ("refused",) in chronicle
    assert ref.ask(lambda self: self.child_ids()) == ()


def test_an_abandoned_handlers_wait_is_not_the_next_lifes(abandoned, tree, runtime, obedient, chronicle):
    """Were it, whom it asks couldn't ask the next life: that would look like a circle."""
    friend = runtime.start(obedient)

    def ask_friend(_):
        chronicle.note("heard", friend.ask(lambda _: tree["a"].ask(lambda self: self.incarnation)))

    abandoned(ask_friend)

    assert ("heard", 2) in chronicle


def test_an_abandoned_handlers_monitor_tells_nobody(abandoned, runtime, obedient, settle, chronicle):
    friend = runtime.start(obedient)
    ref = abandoned(lambda self: self.monitor(friend))
    friend.stop()
    settle()

    assert ref.ask(lambda self: self.incarnation) == 2
