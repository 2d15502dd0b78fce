"""Who comes back after a failure, how soon, and how often before it goes up."""

import pytest
from gevent.event import Event

from actors.runtime.errors import ActorDied, ActorRestarting, Phase
from actors.runtime.reasons import INTENSITY_EXCEEDED, SHUTDOWN, ExitKind
from actors.runtime.restarts import Intensity, Restart
from actors.runtime.specs import ChildSpec
from actors.runtime.strategies import Strategy
from tests.actors.runtime.failing import crash, fail
from tests.actors.runtime.policies import AT_ONCE, LATER, PATIENT, SHORTLY, SOON
from tests.actors.runtime.witnesses import ends, starts

# Restart types.


ENDINGS = {
    "normal": lambda ref: ref.stop(),
    "shutdown": lambda ref: ref.stop(reason=SHUTDOWN),
    "error": crash,
    "killed": lambda ref: ref.kill(),
}
COMES_BACK = {
    Restart.PERMANENT: {"normal", "shutdown", "error", "killed"},
    Restart.TRANSIENT: {"error", "killed"},
    Restart.TEMPORARY: set(),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("restart", Restart)
def test_a_child_comes_back_as_its_restart_type_says(tree, settle, restart, ending):
    tree.plant(tree.spec("child", restart=restart)).ask(lambda _: None)
    ref = tree["child"]
    ENDINGS[ending](ref)
    settle()

    assert tree.do("is_up", "child") == (ending in COMES_BACK[restart])
    if ending in COMES_BACK[restart]:
        assert ref.ask(lambda self: self.incarnation) == 2


def test_a_temporary_child_is_forgotten(tree, settle):
    tree.plant("a", tree.spec("once", restart=Restart.TEMPORARY)).ask(lambda _: None)
    crash(tree["once"])
    settle()

    assert tree.names() == ["a"]
    assert tree["once"] is None


def test_a_transient_child_that_ended_well_is_kept_by_an_ordered_supervisor(tree, settle):
    tree.plant(tree.spec("a", restart=Restart.TRANSIENT)).ask(lambda _: None)
    ref = tree["a"]
    ref.stop()
    settle()

    assert tree.names() == ["a"]
    with pytest.raises(ActorDied):
        ref.ask("anything")


# Strategies.


@pytest.mark.parametrize(
    ("strategy", "again"),
    [
        (Strategy.ONE_FOR_ONE, ["b"]),
        (Strategy.ONE_FOR_ALL, ["a", "b", "c"]),
        (Strategy.REST_FOR_ONE, ["b", "c"]),
    ],
)
def test_a_failure_restarts_whom_the_strategy_says(tree, chronicle, strategy, again):
    tree.plant("a", "b", "c", strategy=strategy).ask(lambda _: None)
    del chronicle[:]
    crash(tree["b"])
    chronicle.wait_for("start", again[-1], 2)

    assert starts(chronicle) == [(name, 2) for name in again]
    assert ends(chronicle) == ["b", *[name for name in reversed(again) if name != "b"]]


def test_siblings_are_gone_before_anybody_starts_again(tree, chronicle, gate):
    slow = tree.spec("slow", on_end=lambda _: gate.hold())
    tree.plant("first", slow, strategy=Strategy.ONE_FOR_ALL).ask(lambda _: None)
    crash(tree["first"])
    gate.await_visitor()
    assert tree.do("is_up", "first") is False
    gate.set()
    chronicle.wait_for("start", "slow", 2)

    assert chronicle[2:] == [
        ("end", "first", ExitKind.ERROR),
        ("end", "slow", ExitKind.SHUTDOWN),
        ("start", "first", 2),
        ("start", "slow", 2),
    ]


def test_a_failure_while_siblings_restart_is_charged_once(tree, chronicle, gate):
    """The one that fails here is on its way down already."""
    policy = {"strategy": Strategy.ONE_FOR_ALL, "intensity": Intensity(1, 10.0)}
    tree.plant("a", "b", **policy).ask(lambda _: None)
    tree["b"].tell(lambda _: (gate.hold(), fail(None)))
    gate.await_visitor()
    crash(tree["a"])
    assert tree.names() == ["a", "b"]
    gate.set()
    chronicle.wait_for("start", "b", 2)

    assert tree.top.ask(lambda self: len(self._window)) == 1


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE])
def test_a_temporary_sibling_goes_down_with_the_group_and_does_not_come_back(tree, chronicle, strategy):
    once = tree.spec("once", restart=Restart.TEMPORARY)
    tree.plant("a", once, "b", strategy=strategy).ask(lambda _: None)
    crash(tree["a"])
    chronicle.wait_for("start", "b", 2)

    assert tree.names() == ["a", "b"]
    assert starts(chronicle).count(("once", 1)) == 1
    assert ("start", "once", 2) not in chronicle


def test_one_childs_backoff_does_not_keep_another_from_coming_back(tree, chronicle):
    tree.plant(tree.spec("a", backoff=LATER), tree.spec("b", backoff=LATER), intensity=PATIENT).ask(lambda _: None)
    crash(tree["a"])
    chronicle.wait_for("start", "a", 2)
    crash(tree["a"])
    crash(tree["b"])

    chronicle.wait_for("start", "b", 2)
    assert tree.do("is_up", "a") is False


@pytest.mark.parametrize("dynamic", [True, False])
def test_one_childs_slow_end_does_not_keep_another_from_coming_back(tree, chronicle, gate, dynamic):
    tree.plant(tree.spec("slow", on_end=lambda _: gate.hold()), "quick", dynamic=dynamic).ask(lambda _: None)
    tree.do("stop_child", "slow")
    gate.await_visitor()
    crash(tree["quick"])

    chronicle.wait_for("start", "quick", 2)
    assert tree.do("has_child", "slow")


# Intensity and backoff.


def test_more_restarts_than_allowed_go_up(tree, watch, chronicle):
    top = tree.plant("a", "b", intensity=Intensity(2, 10.0))
    top.ask(lambda _: None)
    end = watch(top)
    for life in (2, 3):
        crash(tree["a"])
        chronicle.wait_for("start", "a", life)
    crash(tree["a"])

    assert end.down().reason is INTENSITY_EXCEEDED
    assert ("end", "b", ExitKind.SHUTDOWN) in chronicle
    assert tree.runtime.refs() == []


def test_an_intensity_of_nought_goes_up_at_the_first_failure(tree, watch):
    top = tree.plant("a", intensity=Intensity(0, 10.0))
    top.ask(lambda _: None)
    end = watch(top)
    crash(tree["a"])

    assert end.down().reason is INTENSITY_EXCEEDED


def test_what_goes_up_is_mended_one_floor_higher(runtime, group, tree, chronicle):
    arguments = {"intensity": Intensity(0, 10.0)}
    inner = ChildSpec("inner", group, ([tree.spec("leaf")],), arguments, backoff=AT_ONCE)
    tree.plant(inner).ask(lambda _: None)
    crash(runtime.ref("top/inner/leaf"))
    chronicle.wait_for("start", "leaf", 1, times=2)

    assert runtime.ref("top/inner").incarnation == 2


def test_a_budget_per_child_loses_only_the_child_that_spent_it(tree, chronicle):
    class Root(tree.group):
        def child_lost(self, child_id, reason):
            chronicle.note("lost", child_id, reason.kind)

    policy = {"dynamic": True, "budget_per_child": True, "intensity": Intensity(1, 10.0)}
    tree.plant("looping", "healthy", base=Root, **policy).ask(lambda _: None)
    crash(tree["looping"])
    chronicle.wait_for("start", "looping", 2)
    crash(tree["healthy"])
    crash(tree["looping"])
    chronicle.wait_for("lost", "looping", ExitKind.ERROR)
    chronicle.wait_for("start", "healthy", 2)

    assert tree.names() == ["healthy"]
    assert tree["looping"] is None


def test_the_first_restart_is_at_once_and_the_second_waits(tree, chronicle):
    class Root(tree.group):
        def child_exited(self, child_id, reason, retry_in):
            chronicle.note("exited", child_id, retry_in)

    tree.plant(tree.spec("a", backoff=SOON), base=Root).ask(lambda _: None)
    ref = tree["a"]
    crash(ref)
    chronicle.wait_for("start", "a", 2)
    assert ("exited", "a", 0.0) in chronicle
    crash(ref)
    assert tree.do("is_up", "a") is False

    with pytest.raises(ActorRestarting) as caught:
        ref.ask("anything")
    assert 0 < caught.value.retry_after <= 0.5
    assert (caught.value.phase, caught.value.incarnation) == (Phase.QUEUED, 2)
    chronicle.wait_for("start", "a", 3)


def test_tells_to_one_that_waits_for_its_next_life_are_dead_letters(tree, chronicle):
    tree.plant(tree.spec("a", backoff=SOON)).ask(lambda _: None)
    ref = tree["a"]
    crash(ref)
    chronicle.wait_for("start", "a", 2)
    crash(ref)
    tree.names()
    ref.tell("anything")

    assert tree.runtime.dead_letters.counts == {("top/a", "str"): 1}
    assert ref.is_alive()


def test_health_makes_the_next_failure_the_first_again(tree, chronicle, runtime):
    tree.plant(tree.spec("a", backoff=SHORTLY)).ask(lambda _: None)
    crash(tree["a"])
    chronicle.wait_for("start", "a", 2)
    healthy = Event()
    runtime.clock.call_later(SHORTLY.healthy_after * 1.5, healthy.set)
    assert healthy.wait(5)
    crash(tree["a"])
    chronicle.wait_for("start", "a", 3)

    assert tree.top.ask(lambda self: self._children["a"].failures) == 1


def test_the_message_that_killed_is_never_delivered_again(tree, chronicle):
    def note_and_fail(self):
        self.chronicle.note("ran", self.incarnation)
        raise ValueError("no")

    tree.plant("a").ask(lambda _: None)
    tree["a"].tell(note_and_fail)
    chronicle.wait_for("start", "a", 2)
    tree["a"].ask(lambda _: None)

    assert chronicle.about("ran") == [("ran", 1)]


def test_a_stop_during_backoff_ends_at_once(tree, chronicle):
    tree.plant(tree.spec("a", backoff=LATER), intensity=PATIENT).ask(lambda _: None)
    for life in (2, None):
        crash(tree["a"])
        if life:
            chronicle.wait_for("start", "a", life)
    tree.top.stop()

    assert tree.runtime.refs() == []
