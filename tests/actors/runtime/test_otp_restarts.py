"""OTP's supervisor_SUITE and Pekko's backoff tests, retold: restart types, strategies, escalation, budgets, delays."""

import pytest
from gevent.event import Event

from actors.runtime.backoff import Backoff
from actors.runtime.reasons import INTENSITY_EXCEEDED, SHUTDOWN, ExitKind
from actors.runtime.restarts import Intensity, Restart
from actors.runtime.specs import ChildSpec
from actors.runtime.strategies import Strategy
from actors.runtime.telemetry import IntensityExceeded, Restarting
from tests.actors.runtime.failing import fail, fails_in
from tests.actors.runtime.policies import LATER, PATIENT, SHORTLY

GROUPS = [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE]


@pytest.fixture
def delays(runtime):
    """The delays before restarts, as the telemetry tells them."""
    delays = []

    def note(event):
        if isinstance(event, Restarting):
            delays.append(event.delay)

    runtime.telemetry.subscribe(note)
    return delays


# Types and bystanders.


ENDINGS = {
    "normal": lambda tree: tree["child"].stop(),
    "shutdown": lambda tree: tree["child"].stop(reason=SHUTDOWN),
    "abnormal": lambda tree: tree.crash("child"),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("restart", Restart)
@pytest.mark.parametrize("strategy", Strategy)
def test_bystanders_live_on_unless_the_strategy_takes_a_failure_to_them(tree, settle, strategy, restart, ending):
    bystander = tree.spec("bystander", restart=Restart.TEMPORARY)
    tree.plant(bystander, tree.spec("child", restart=restart), strategy=strategy).ask(lambda _: None)
    ENDINGS[ending](tree)
    settle()

    restarted = restart is Restart.PERMANENT or (restart is Restart.TRANSIENT and ending == "abnormal")
    gone = restarted and strategy is Strategy.ONE_FOR_ALL
    assert ("bystander" in tree.names()) == (not gone)


def test_a_child_is_restarted_each_time_that_it_fails(tree, chronicle):
    tree.plant("a", intensity=Intensity(10, 10.0)).ask(lambda _: None)
    for life in range(1, 8):
        tree.crash("a")
        chronicle.wait_for("start", "a", life + 1)

    assert tree.lives() == {"a": 8}


# Strategies.


@pytest.mark.parametrize("strategy", Strategy)
def test_failures_beyond_the_budget_go_up_under_every_strategy(tree, watch, chronicle, strategy):
    top = tree.plant("a", "b", strategy=strategy, intensity=Intensity(1, 10.0))
    top.ask(lambda _: None)
    end = watch(top)
    tree.crash("a")
    chronicle.wait_for("start", "a", 2)
    tree.names()
    tree.crash("a")

    assert end.down().reason is INTENSITY_EXCEEDED
    assert tree.runtime.refs() == []


@pytest.mark.parametrize("strategy", GROUPS)
def test_a_sibling_that_fails_to_start_again_has_the_group_start_over(tree, chronicle, strategy):
    tree.plant("a", tree.spec("b", on_start=fails_in(2)), "c", strategy=strategy).ask(lambda _: None)
    tree.crash("a")
    chronicle.wait_for("start", "c", 2)

    assert tree.status() == dict.fromkeys("abc", "running")
    assert tree.top.ask(lambda self: len(self._window)) == 2
    again = {Strategy.ONE_FOR_ALL: 3, Strategy.REST_FOR_ONE: 2}[strategy]
    assert tree.lives() == {"a": again, "b": 3, "c": 2}


@pytest.mark.parametrize("strategy", GROUPS)
def test_a_sibling_that_never_starts_again_uses_up_the_budget(tree, watch, strategy):
    top = tree.plant("a", tree.spec("b", on_start=fails_in(*range(2, 100))), strategy=strategy)
    top.ask(lambda _: None)
    end = watch(top)
    tree.crash("a")

    assert end.down().reason is INTENSITY_EXCEEDED


@pytest.mark.parametrize("strategy", GROUPS)
def test_two_that_die_at_once_are_one_failure(tree, chronicle, strategy):
    """The second death is reported when the first has been decided on, and its restart waits."""
    slow = Backoff(minimum=0.02, maximum=0.02, factor=1.0)
    policy = {"strategy": strategy, "intensity": Intensity(2, 10.0)}
    tree.plant(tree.spec("a", backoff=slow), "b", **policy).ask(lambda _: None)
    tree.crash("a")
    chronicle.wait_for("start", "b", 2)

    def kill_both(self):
        for child_id in ("a", "b"):
            self.child(child_id).kill()

    tree.top.ask(kill_both)
    chronicle.wait_for("start", "b", 3)

    assert tree.top.ask(lambda self: len(self._window)) == 2
    assert tree.lives() == {"a": 3, "b": 3}


def test_children_come_back_in_their_order_and_go_in_its_reverse(tree, chronicle):
    tree.plant(*"abcd", strategy=Strategy.ONE_FOR_ALL).ask(lambda _: None)
    tree.crash("c")
    chronicle.wait_for("start", "d", 2)

    assert tree.ends() == ["c", "d", "b", "a"]
    assert tree.starts() == [(name, life) for life in (1, 2) for name in "abcd"]


def test_a_failure_goes_up_floor_by_floor_until_somebody_mends_it(tree, runtime, group, chronicle):
    once = {"intensity": Intensity(0, 10.0)}
    middle = ChildSpec("middle", group, ([ChildSpec("low", group, ([tree.spec("leaf")],), once)],), once)
    tree.plant(middle, "other").ask(lambda _: None)
    runtime.ref("top/middle/low/leaf").tell(fail)
    chronicle.wait_for("start", "leaf", 1, times=2)

    assert tree.lives() == {"middle": 2, "other": 1}


def test_a_supervisor_that_restarts_in_vain_still_answers_and_stops(tree, chronicle):
    """OTP's hanging restart loop."""
    tree.plant(tree.spec("a", on_start=fails_in(*range(2, 100)), backoff=LATER), "b", intensity=PATIENT)
    tree.names()
    tree.crash("a")
    chronicle.wait_for("end", "a", ExitKind.START_FAILED)
    assert tree.status() == {"a": "restarting", "b": "running"}
    tree.top.stop()

    assert tree.runtime.refs() == []


# Budgets and delays.


def test_a_limit_of_nought_gives_up_at_once(tree, watch, runtime):
    end = watch(tree.plant("a", intensity=Intensity(0, 10.0)))
    tree.names()
    tree.crash("a")

    assert end.down().reason is INTENSITY_EXCEEDED
    assert runtime.telemetry.counts[Restarting] == 0
    assert runtime.telemetry.counts[IntensityExceeded] == 1


def test_a_limit_begins_anew_after_its_window(tree, chronicle, runtime):
    tree.plant("a", intensity=Intensity(1, 0.02)).ask(lambda _: None)
    for life in range(2, 6):
        tree.crash("a")
        chronicle.wait_for("start", "a", life)
        passed = Event()
        runtime.clock.call_later(0.03, passed.set)
        assert passed.wait(5)

    assert tree.status() == {"a": "running"}


def test_a_childs_own_budget_is_counted_apart_from_its_siblings(tree, chronicle):
    tree.plant(tree.spec("a", intensity=Intensity(5, 10.0)), "b", intensity=Intensity(1, 10.0)).ask(lambda _: None)
    for life in range(2, 6):
        tree.crash("a")
        chronicle.wait_for("start", "a", life)
    tree.crash("b")
    chronicle.wait_for("start", "b", 2)

    assert tree.top.ask(lambda self: len(self._window)) == 1


def test_a_child_that_used_up_its_own_budget_goes_up(tree, watch):
    end = watch(tree.plant(tree.spec("a", intensity=Intensity(0, 10.0)), "b"))
    tree.names()
    tree.crash("a")

    assert end.down().reason is INTENSITY_EXCEEDED


def test_delays_grow_to_their_cap(tree, chronicle, delays):
    growing = Backoff(minimum=0.001, factor=2.0, maximum=0.004, jitter=0.0)
    tree.plant(tree.spec("a", on_start=fails_in(*range(2, 7)), backoff=growing), intensity=Intensity(10, 60.0))
    tree.names()
    tree.crash("a")
    chronicle.wait_for("start", "a", 7)

    assert delays == [0.0, 0.001, 0.002, 0.004, 0.004, 0.004]


def test_delays_begin_anew_after_health(tree, chronicle, delays, runtime):
    tree.plant(tree.spec("a", backoff=SHORTLY)).ask(lambda _: None)
    for life in (2, 3):
        tree.crash("a")
        chronicle.wait_for("start", "a", life)
    healthy = Event()
    runtime.clock.call_later(SHORTLY.healthy_after * 2, healthy.set)
    assert healthy.wait(5)
    tree.crash("a")
    chronicle.wait_for("start", "a", 4)

    assert delays == [0.0, 0.02, 0.0]
