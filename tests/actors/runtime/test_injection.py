"""Planned faults on real actors: each does its harm at its address, and every ask ends."""

import os
import subprocess
import sys

import pytest

from actors.runtime.actor import Actor, receives
from actors.runtime.dispatcher import HubClock
from actors.runtime.errors import ActorDied, AskTimeout, InjectedFault, Phase
from actors.runtime.faultplan import FaultPlan, Rule
from actors.runtime.faults import Faults
from actors.runtime.ledger import START, Action, from_json
from actors.runtime.mailbox import MailboxSpec
from actors.runtime.reasons import ExitKind
from actors.runtime.specs import ChildSpec

BRIEF = 0.02


class HeldClock(HubClock):
    """Keeps what is due later until the test says that it is later."""

    def __init__(self):
        self.due = []

    def call_later(self, seconds, call):
        self.due.append(call)


class Scribe(Actor):
    """Writes down each message, and answers it."""

    def __init__(self, chronicle=None):
        self.chronicle = chronicle

    @receives(str, int)
    def _on_message(self, message):
        if self.chronicle is not None:
            self.chronicle.note(self.address, message)
        return f"got {message}"


@pytest.fixture
def load(runtime):
    """Load a plan of one rule, by default for the actor ``culprit`` at its first message."""

    def load(action, address="culprit", **options):
        trigger = options if {"nth", "every", "probability"} & options.keys() else {"nth": 1} | options
        runtime.faults = Faults(FaultPlan((Rule(address, action, **trigger),)))
        return runtime.faults

    return load


@pytest.fixture
def pair(runtime, group, chronicle):
    """A culprit and a bystander under one supervisor."""
    specs = [ChildSpec(name, Scribe, (chronicle,)) for name in ("culprit", "bystander")]
    top = runtime.supervise(ChildSpec("top", group, (specs,), {"child_address": lambda child_id: child_id}))
    assert top.ask(lambda actor: actor.child_ids()) == ("culprit", "bystander")
    return runtime.ref("culprit"), runtime.ref("bystander")


def assert_untouched(bystander):
    assert bystander.incarnation == 1
    assert bystander.ask("hello") == "got hello"


def test_a_runtime_has_no_plan_unless_it_is_given_one(runtime):
    assert runtime.faults is None


def test_raise_fails_the_actor_and_its_ask_with_the_injected_fault(pair, load, watch):
    culprit, bystander = pair
    faults, end = load(Action.RAISE), watch(culprit)

    with pytest.raises(InjectedFault, match="rule 1, number 1") as raised:
        culprit.ask("a")

    assert raised.value.injection is faults.ledger[0]
    assert end.down().reason.error is raised.value
    assert_untouched(bystander)


def test_a_fault_that_is_declared_as_expected_leaves_the_actor_alive(runtime, load):
    culprit = runtime.supervise(ChildSpec("culprit", Scribe, expected=(InjectedFault,)))
    load(Action.RAISE)

    with pytest.raises(InjectedFault):
        culprit.ask("a")
    assert culprit.ask("b") == "got b"


def test_kill_ends_the_actor_as_killed_and_its_ask_as_in_flight(pair, load, watch):
    culprit, bystander = pair
    load(Action.KILL)
    end = watch(culprit)

    with pytest.raises(ActorDied) as died:
        culprit.ask("a")

    assert died.value.phase is Phase.IN_FLIGHT
    assert end.down().reason.kind is ExitKind.KILLED
    assert_untouched(bystander)


def test_exit_ends_the_actor_alone(pair, load, watch):
    culprit, bystander = pair
    load(Action.EXIT)
    end = watch(culprit)

    with pytest.raises(ActorDied):
        culprit.ask("a")

    assert isinstance(end.down().reason.error, SystemExit)
    assert_untouched(bystander)


@pytest.mark.parametrize("action", [Action.RAISE, Action.KILL, Action.EXIT])
def test_the_next_life_is_as_good_as_any(action, pair, load, fates):
    culprit, _ = pair
    load(action)
    culprit.tell("a")
    fates.wait_for("restarting", "culprit")

    assert culprit.ask("b") == "got b"
    assert culprit.incarnation == 2


def test_a_message_in_whose_place_an_actor_fails_is_never_handled(pair, load, chronicle, fates):
    culprit, _ = pair
    load(Action.RAISE)
    culprit.tell("a")
    fates.wait_for("restarting", "culprit")
    culprit.ask("b")

    assert chronicle == [("culprit", "b")]


def test_a_delayed_message_comes_behind_those_that_came_meanwhile(pair, load, chronicle):
    culprit, _ = pair
    load(Action.DELAY, seconds=BRIEF)
    culprit.tell("a")
    culprit.ask("b")
    chronicle.wait_for("culprit", "a")

    assert chronicle == [("culprit", "b"), ("culprit", "a")]


def test_a_delayed_ask_is_answered_all_the_same(pair, load):
    load(Action.DELAY, seconds=BRIEF)

    assert pair[0].ask("a") == "got a"


def test_an_actor_is_not_blocked_by_a_delay(pair, load):
    culprit, _ = pair
    load(Action.DELAY, seconds=60)
    delayed = culprit.ask("a", block=False)

    assert culprit.ask("b") == "got b"
    assert not delayed.done


def test_what_is_delayed_is_not_delayed_again(pair, load):
    faults = load(Action.DELAY, every=1, seconds=BRIEF)

    assert pair[0].ask("a") == "got a"
    assert len(faults.ledger) == 1


def test_a_delayed_ask_ends_with_its_actor(pair, load):
    culprit, _ = pair
    load(Action.DELAY, seconds=60)
    delayed = culprit.ask("a", block=False)
    culprit.ask("b")
    culprit.kill()

    with pytest.raises(ActorDied):
        delayed.get()


def test_a_delayed_tell_of_an_earlier_life_goes_to_dead_letters(runtime, pair, load, fates, chronicle):
    culprit, _ = pair
    letters = chronicle
    runtime.dead_letters.listen(lambda letter: letters.note("letter", letter.address, letter.message))
    load(Action.DELAY, seconds=BRIEF)
    culprit.tell("a")
    culprit.ask("b")
    culprit.kill()
    fates.wait_for("restarting", "culprit")
    letters.wait_for("letter", "culprit", "a")

    assert ("culprit", "a") not in chronicle


def test_a_delayed_tell_that_finds_the_mailbox_full_goes_to_dead_letters(
    runtime, obedient, load, gate, fates, chronicle
):
    culprit = runtime.supervise(ChildSpec("culprit", obedient, mailbox=MailboxSpec(1)))
    runtime.dead_letters.listen(lambda letter: chronicle.note("letter", letter.message))
    load(Action.DELAY, seconds=BRIEF)
    runtime.clock, real_clock = HeldClock(), runtime.clock

    def delayed(_):
        raise AssertionError

    culprit.tell(delayed)
    fates.wait_for("fault_injected", "culprit")
    culprit.tell(lambda _: gate.hold())
    gate.await_visitor()
    culprit.tell(lambda _: None)
    [deliver_again] = runtime.clock.due
    deliver_again()
    runtime.clock = real_clock

    assert chronicle == [("letter", delayed)]


def test_a_dropped_tell_is_silently_lost(runtime, pair, load, chronicle):
    culprit, bystander = pair
    faults = load(Action.DROP)
    culprit.tell("a")
    culprit.ask("b")

    assert chronicle == [("culprit", "b")]
    assert list(runtime.dead_letters.ring) == []
    assert [(entry.address, entry.message) for entry in faults.ledger] == [("culprit", "str")]
    assert_untouched(bystander)


def test_a_dropped_ask_ends_by_its_timeout(pair, load):
    load(Action.DROP)

    with pytest.raises(AskTimeout):
        pair[0].ask("a", timeout=BRIEF)


def test_a_dropped_ask_ends_with_its_actor(pair, load):
    culprit, _ = pair
    load(Action.DROP)
    dropped = culprit.ask("a", block=False, timeout=None)
    culprit.ask("b")
    culprit.kill()

    with pytest.raises(ActorDied):
        dropped.get()


def test_a_duplicate_comes_twice_and_is_answered_once(pair, load, chronicle):
    culprit, bystander = pair
    faults = load(Action.DUPLICATE, every=1)

    assert culprit.ask("a") == "got a"
    chronicle.wait_for("culprit", "a", times=2)
    assert len(faults.ledger) == 1
    assert_untouched(bystander)


def test_a_hang_blocks_its_actor_until_it_is_killed(pair, load, fates, watch):
    culprit, bystander = pair
    load(Action.HANG)
    end, hung = watch(culprit), culprit.ask("a", block=False, timeout=None)
    fates.wait_for("fault_injected", "culprit")
    assert_untouched(bystander)
    culprit.kill()

    with pytest.raises(ActorDied):
        hung.get()
    assert end.down().reason.kind is ExitKind.KILLED


def test_a_hang_with_an_end_goes_on_to_the_handler(pair, load):
    load(Action.HANG, seconds=BRIEF)

    assert pair[0].ask("a") == "got a"


def test_a_start_that_fails_is_tried_again(runtime, load, group, fates):
    faults = load(Action.FAIL_START, address="top/child")
    top = runtime.supervise(ChildSpec("top", group))
    child = top.ask(lambda actor: actor.start_child(ChildSpec("child", Scribe)))
    fates.wait_for("restarting", "top/child")

    assert child.ask("a") == "got a"
    assert child.incarnation == 2
    assert [(entry.incarnation, entry.message) for entry in faults.ledger] == [(1, START)]


WORLD = """
from actors.runtime import ledger
from actors.runtime.actor import Actor, receives
from actors.runtime.faultplan import FaultPlan, Rule
from actors.runtime.faults import Faults
from actors.runtime.runtime import Runtime
from actors.runtime.specs import ChildSpec
from actors.runtime.supervisor import Supervisor

class Relay(Actor):
    @receives(int, str)
    def _on_message(self, message):
        for peer in self.runtime.refs():
            if message and peer.address != self.address and peer.address != "top":
                peer.tell("" if isinstance(message, str) else str(message))

class Top(Supervisor):
    def children(self):
        return [ChildSpec(f"relay-{number}", Relay) for number in range(5)]

runtime = Runtime(seed=1)
rules = (Rule("top/*", "drop", probability=0.2), Rule("*", "duplicate", "str", every=5), Rule("*-3", "raise", nth=4))
runtime.faults = Faults(FaultPlan(rules, seed=3, budget=50))
top = runtime.supervise(ChildSpec("top", Top))
top.ask("up?")
for number in range(1, 9):
    [relay.tell(number) for relay in runtime.refs() if relay.address != "top"]
    top.ask("next")
runtime.stop()
print(ledger.to_json(runtime.faults.ledger))
"""


def test_the_same_world_and_plan_give_the_same_ledger_whatever_the_hash_seed():
    def ledger_under(seed):
        command = [sys.executable, "-c", WORLD]
        done = subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        )
        return done.stdout.splitlines()[-1]

    first, *others = [ledger_under(seed) for seed in ("0", "1", "4294967295")]
    assert others == [first, first]
    assert {"drop", "duplicate", "raise"} == {entry.action for entry in from_json(first)}
