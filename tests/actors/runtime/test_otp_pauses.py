"""OTP's supervisor_SUITE and Pekko's backoff tests, retold: between two lives, and what is stashed meanwhile."""

import pytest

from actors.runtime.errors import ActorRestarting, ChildActive, Phase
from actors.runtime.reasons import ExitKind
from actors.runtime.restarts import Intensity, Restart
from actors.runtime.strategies import Strategy
from tests.actors.runtime.failing import fails_in
from tests.actors.runtime.policies import LATER, PATIENT, SHORTLY

# Between two lives.


def test_whoever_waits_for_a_siblings_end_is_restarting(tree, gate):
    tree.plant("a", tree.spec("b", on_end=lambda _: gate.hold()), strategy=Strategy.ONE_FOR_ALL)
    tree.names()
    tree.crash("a")
    gate.await_visitor()

    with pytest.raises(ActorRestarting) as caught:
        tree["a"].ask("anything")
    assert (caught.value.retry_after, caught.value.phase) == (0.0, Phase.QUEUED)


def test_whoever_waits_for_a_siblings_start_is_restarting(tree, gate):
    def hold_later(child):
        if child.incarnation > 1:
            gate.hold()

    tree.plant(tree.spec("a", on_start=hold_later), "b", strategy=Strategy.ONE_FOR_ALL)
    tree.names()
    tree.crash("a")
    gate.await_visitor()

    with pytest.raises(ActorRestarting):
        tree["b"].ask("anything")


def test_a_sibling_that_ended_well_for_the_groups_sake_is_restarting(tree, gate):
    slow = tree.spec("a", on_end=lambda _: gate.hold())
    tree.plant(slow, tree.spec("b", restart=Restart.TRANSIENT), "c", strategy=Strategy.ONE_FOR_ALL)
    tree.names()
    tree.crash("c")
    gate.await_visitor()

    with pytest.raises(ActorRestarting):
        tree["b"].ask("anything")


def test_whoever_ends_with_its_supervisor_is_not_restarting(tree):
    tree.plant("a")
    tree.names()
    answers, ref = [], tree["a"]
    ref.on_death(lambda _: answers.append(ref.ask("anything", block=False)))
    tree.top.stop()

    assert [type(future._error).__name__ for future in answers] == ["ActorDied"]


def test_whoever_comes_back_at_once_is_restarting_until_then(tree, runtime):
    """From the death on, though its supervisor hasn't heard of it."""
    tree.plant("a")
    tree.names()
    answers = []

    def ask_at_once(down):
        answers.append(tree["a"].ask("anything", block=False))

    tree["a"].on_death(ask_at_once)
    tree["a"].kill()
    tree.names()

    with pytest.raises(ActorRestarting):
        answers[0].get()


@pytest.mark.parametrize("restart", [Restart.TRANSIENT, Restart.TEMPORARY])
def test_whoever_does_not_come_back_is_not_restarting(tree, restart):
    tree.plant(tree.spec("a", restart=restart))
    tree.names()
    answers = []
    tree["a"].on_death(lambda _: answers.append(ref.ask("anything", block=False)))
    ref = tree["a"]
    ref.stop()

    assert [type(future._error).__name__ for future in answers] == ["ActorDied"]


@pytest.mark.parametrize("times", [1, 2], ids=["restart", "second_failure"])
def test_a_child_can_be_ended_for_good_while_it_restarts(tree, chronicle, times):
    tree.plant(tree.spec("a", on_start=fails_in(*range(2, 2 + times - 1)), backoff=LATER), "b", intensity=PATIENT)
    tree.names()
    tree.crash("a")
    if times == 1:
        chronicle.wait_for("start", "a", 2)
        tree.crash("a")
    tree.do("stop_child", "a")

    assert tree.names() == ["b"]
    assert tree["a"] is None


def test_replacing_a_child_whose_exit_is_not_yet_read_is_not_charged(tree, chronicle):
    tree.plant("a", intensity=Intensity(0, 10.0)).ask(lambda _: None)

    def end_and_replace(self):
        self.child("a").kill()
        self.replace_child("a")

    tree.top.ask(end_and_replace)
    chronicle.wait_for("start", "a", 2)

    assert tree.lives() == {"a": 2}
    assert tree.top.ask(lambda self: self._window) == ()


def test_an_active_childs_error_names_it(tree):
    assert str(ChildActive("top/a", "running")) == "top/a is running; it must be stopped first"


# The stash.


def stashing(tree, on_start=None):
    spec = tree.spec("a", on_start=on_start, backoff=SHORTLY, stash=3)
    tree.plant(spec, intensity=Intensity(10, 60.0)).ask(lambda _: None)
    tree.crash("a")


def say(number):
    def note(child):
        child.chronicle.note("said", number, child.incarnation)

    return note


def test_tells_between_two_lives_are_kept_for_the_next_in_order(tree, chronicle):
    stashing(tree)
    chronicle.wait_for("start", "a", 2)
    tree.crash("a")
    for number in range(3):
        tree["a"].tell(say(number))
    chronicle.wait_for("said", 2, 3)

    assert chronicle.about("said") == [("said", 0, 3), ("said", 1, 3), ("said", 2, 3)]


def test_what_is_stashed_survives_a_second_failure(tree, chronicle, gate):
    def hold_and_fail(child):
        if child.incarnation == 2:
            gate.hold()
            raise ValueError("no")

    stashing(tree, hold_and_fail)
    gate.await_visitor()
    tree["a"].tell(say(0))
    gate.set()
    chronicle.wait_for("end", "a", ExitKind.START_FAILED)
    tree["a"].tell(say(1))
    chronicle.wait_for("said", 1, 3)

    assert chronicle.about("said") == [("said", 0, 3), ("said", 1, 3)]


def test_what_the_stash_does_not_hold_are_dead_letters(tree, chronicle, runtime):
    stashing(tree)
    chronicle.wait_for("start", "a", 2)
    tree.crash("a")
    for number in range(5):
        tree["a"].tell(say(number))
    chronicle.wait_for("said", 2, 3)

    assert len(runtime.dead_letters.ring) == 2


def test_what_is_stashed_for_one_that_never_comes_back_are_dead_letters(tree, chronicle, runtime):
    stashing(tree)
    chronicle.wait_for("start", "a", 2)
    tree.crash("a")
    tree["a"].tell(say(0))
    tree.do("stop_child", "a")

    assert len(runtime.dead_letters.ring) == 1
