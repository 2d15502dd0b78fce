import pytest
from gevent.event import Event

from actors.runtime.errors import (
    ActorDied,
    ActorKilled,
    ActorRestarting,
    ChildExists,
    ChildNotFound,
    Phase,
    StartFailed,
)
from actors.runtime.reasons import INTENSITY_EXCEEDED, SHUTDOWN, ExitKind
from actors.runtime.restarts import Intensity, Restart
from actors.runtime.specs import ChildSpec
from actors.runtime.strategies import Strategy
from tests.actors.runtime.failing import crash, fail
from tests.actors.runtime.policies import AT_ONCE, LATER, PATIENT, SHORTLY, SOON


def starts(chronicle):
    return [entry[1:] for entry in chronicle.about("start")]


def ends(chronicle):
    return [entry[1] for entry in chronicle.about("end")]


# Start and stop.


def test_children_start_in_order_and_the_supervisor_is_up_after_the_last(tree, chronicle):
    tree.plant("a", "b", "c")

    assert tree.names() == ["a", "b", "c"]
    assert starts(chronicle) == [("a", 1), ("b", 1), ("c", 1)]


def test_a_child_starts_only_when_the_one_before_it_is_up(tree, chronicle, gate):
    tree.plant(tree.spec("slow", on_start=lambda _: gate.hold()), "next")
    gate.await_visitor()
    assert chronicle == []
    gate.set()
    tree.names()

    assert starts(chronicle) == [("slow", 1), ("next", 1)]


def test_children_stop_in_reverse_order_before_their_supervisor(tree, chronicle):
    class Group(tree.group):
        def on_terminate(self, reason):
            chronicle.note("end", "top", reason.kind)

    tree.plant("a", "b", "c", base=Group).ask(lambda _: None)
    tree.top.stop()

    assert ends(chronicle) == ["c", "b", "a", "top"]


def test_a_child_stops_only_when_the_one_after_it_is_gone(tree, chronicle, gate):
    tree.plant("first", tree.spec("slow", on_end=lambda _: gate.hold())).ask(lambda _: None)
    stopped = tree.top.stop(block=False)
    gate.await_visitor()
    assert ends(chronicle) == []
    gate.set()
    stopped.get()

    assert ends(chronicle) == ["slow", "first"]


def test_children_are_told_to_shut_down(tree, chronicle):
    tree.plant("a").ask(lambda _: None)
    tree.top.stop()

    assert ("end", "a", ExitKind.SHUTDOWN) in chronicle


def test_children_of_children_stop_first(runtime, group, chronicle, tree):
    inner = ChildSpec("inner", group, ([tree.spec("leaf")],))
    tree.plant(inner).ask(lambda _: None)
    tree.top.stop()

    assert ends(chronicle) == ["leaf"]
    assert runtime.refs() == []


def test_a_child_that_misses_its_deadline_is_killed(tree, gate, watch, fates):
    tree.plant(tree.spec("slow", shutdown=0.01)).ask(lambda _: None)
    tree["slow"].tell(lambda _: gate.hold())
    gate.await_visitor()
    end = watch(tree["slow"])
    tree.top.stop()

    assert end.down().reason.kind is ExitKind.KILLED
    assert ("unkillable", "top/slow") not in fates


def test_a_child_that_swallows_its_kill_does_not_keep_its_supervisor(tree, gate, watch, fates):
    tree.plant("first", tree.spec("stubborn", shutdown=0.01, kill_grace=0.01)).ask(lambda _: None)
    tree["stubborn"].tell(lambda _: gate.hold_through_everything())
    gate.await_visitor()
    tree.top.stop()

    assert ("unkillable", "top/stubborn") in fates
    assert tree.runtime.refs() == []


def test_a_child_without_time_to_shut_down_is_killed_at_once(tree, gate, watch):
    tree.plant(tree.spec("brief", shutdown=0)).ask(lambda _: None)
    end = watch(tree["brief"])
    tree.top.stop()

    assert end.down().reason.kind is ExitKind.KILLED


def test_killing_a_supervisor_kills_its_children(tree, gate, watch, chronicle):
    tree.plant("a", "b").ask(lambda _: None)
    tree["a"].tell(lambda _: gate.hold())
    gate.await_visitor()
    downs = [watch(tree["a"]), watch(tree["b"]), watch(tree.top)]
    tree.top.kill()

    assert [down.down().reason.kind for down in downs] == [ExitKind.KILLED] * 3
    assert tree.runtime.refs() == []


def test_children_get_what_is_left_of_their_supervisors_time(runtime, group, tree, gate, watch):
    inner = ChildSpec("inner", group, ([tree.spec("slow", shutdown=60.0)],), shutdown=0.02)
    tree.plant(inner).ask(lambda _: None)
    slow = runtime.ref("top/inner/slow")
    slow.tell(lambda _: gate.hold())
    gate.await_visitor()
    end = watch(slow)
    tree.top.stop()

    assert end.down().reason.kind is ExitKind.KILLED


def test_a_killed_supervisor_outlives_a_child_that_swallows_its_kill(runtime, group, tree, gate, fates):
    """Else its address lived on while the child's was still taken."""
    inner = ChildSpec("inner", group, ([tree.spec("stubborn", kill_grace=0.03)],), kill_grace=0.01)
    tree.plant(inner).ask(lambda _: None)
    runtime.ref("top/inner/stubborn").tell(lambda _: gate.hold_through_everything())
    gate.await_visitor()
    runtime.ref("top/inner").kill()
    fates.wait_for("ended", "top/inner")

    assert fates[:3] == [
        ("unkillable", "top/inner/stubborn"),
        ("ended", "top/inner/stubborn"),
        ("ended", "top/inner"),
    ]


def test_an_abandoned_supervisor_ends_after_its_children(runtime, group, tree, gate, fates, chronicle):
    let_go = Event()

    def take_time(_):
        try:
            let_go.wait()
        except ActorKilled:
            runtime.clock.call_later(0.03, let_go.set)
            let_go.wait()

    inner = ChildSpec("inner", group, ([tree.spec("leaf")],), kill_grace=0.01, backoff=AT_ONCE)
    tree.plant(inner).ask(lambda _: None)
    runtime.ref("top/inner/leaf").tell(take_time)
    runtime.ref("top/inner").tell(lambda _: gate.hold_through_everything())
    gate.await_visitor()
    runtime.ref("top/inner").kill()
    fates.wait_for("ended", "top/inner")

    assert fates.index(("ended", "top/inner/leaf")) < fates.index(("ended", "top/inner"))
    chronicle.wait_for("start", "leaf", 1, times=2)
    assert runtime.ref("top/inner").ask(lambda self: self.incarnation) == 2


def test_stopping_while_starting_ends_everything(tree, gate, chronicle):
    tree.plant("a", tree.spec("slow", on_start=lambda _: gate.hold()), "never")
    gate.await_visitor()
    stopped = tree.top.stop(block=False)
    gate.set()
    stopped.get()

    assert starts(chronicle) == [("a", 1), ("slow", 1)]
    assert tree.runtime.refs() == []


def test_a_child_that_is_not_up_can_be_watched_from_its_first_life(tree, watch, gate):
    tree.plant(tree.spec("slow", on_start=lambda _: gate.hold()), "later")
    gate.await_visitor()
    end = watch(tree["later"])
    gate.set()
    tree.names()
    tree.do("kill_child", "later")

    assert end.down().incarnation == 1


# Failed starts.


def test_an_initial_child_that_fails_to_start_fails_its_supervisor(tree, watch):
    top = tree.plant("a", tree.spec("broken", on_start=fail), "never")
    reason = watch(top).down().reason

    assert reason.kind is ExitKind.START_FAILED
    assert isinstance(reason.error, StartFailed)
    assert (reason.error.address, type(reason.error.error)) == ("top/broken", ValueError)
    assert tree.runtime.refs() == []


def test_children_that_were_up_already_are_stopped_when_a_later_one_fails(tree, watch, chronicle):
    top = tree.plant("a", tree.spec("broken", on_start=fail))
    watch(top).down()

    assert ("end", "a", ExitKind.SHUTDOWN) in chronicle


def test_a_temporary_child_killed_in_its_start_does_not_keep_its_supervisor_from_coming_up(tree, gate):
    tree.plant("a", tree.spec("slow", on_start=lambda _: gate.hold(), restart=Restart.TEMPORARY))
    gate.await_visitor()
    tree["slow"].kill()

    assert tree.names() == ["a"]


def test_a_restart_that_fails_queues_itself_again(tree, chronicle):
    def fail_twice(child):
        if child.incarnation in (2, 3):
            raise ValueError("not yet")

    tree.plant(tree.spec("flaky", on_start=fail_twice), intensity=Intensity(5, 10.0)).ask(lambda _: None)
    crash(tree["flaky"])
    chronicle.wait_for("start", "flaky", 4)

    assert tree.names() == ["flaky"]


def test_failed_starts_count_towards_the_intensity(tree, watch):
    def fail_later(child):
        if child.incarnation > 1:
            raise ValueError("never again")

    top = tree.plant(tree.spec("flaky", on_start=fail_later), intensity=Intensity(2, 10.0))
    top.ask(lambda _: None)
    end = watch(top)
    crash(tree["flaky"])

    assert end.down().reason is INTENSITY_EXCEEDED


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


# What a supervisor's own handlers do.


def backing_off(tree, chronicle):
    """Plant a dynamic group whose only child waits a minute for its next life."""
    tree.plant(tree.spec("a", backoff=LATER), dynamic=True, intensity=PATIENT).ask(lambda _: None)
    crash(tree["a"])
    chronicle.wait_for("start", "a", 2)
    crash(tree["a"])
    assert not tree.do("is_up", "a")


@pytest.mark.parametrize("end", ["stop_child", "kill_child"])
def test_a_child_that_is_backing_off_can_be_ended_for_good(tree, chronicle, end):
    backing_off(tree, chronicle)
    tree.do(end, "a")
    assert tree.names() == []

    tree.do("start_child", tree.spec("b"))
    crash(tree["b"])
    chronicle.wait_for("start", "b", 2)


def test_what_is_under_way_for_a_forgotten_child_never_touches_its_namesake(tree, chronicle, settle):
    tree.plant("a", dynamic=True).ask(lambda _: None)

    def replace_by_namesake(self):
        child = self._children["a"].cell
        child.end(SHUTDOWN)  # Its exit is reported, and not read yet.
        self.stop_child("a")
        self.start_child(tree.spec("a"))

    tree.top.ask(replace_by_namesake)
    settle()

    assert tree.do("is_up", "a")
    assert tree["a"].ask(lambda self: self.incarnation) == 1
    assert tree.top.ask(lambda self: self._window) == ()


def test_a_child_can_be_stopped_for_good(tree, chronicle):
    tree.plant("a", "b").ask(lambda _: None)
    tree.do("stop_child", "a")
    chronicle.wait_for("end", "a", ExitKind.SHUTDOWN)

    assert tree.names() == ["b"]
    assert tree["a"] is None


def test_a_child_can_be_killed_for_good(tree, watch, settle):
    tree.plant("a", "b").ask(lambda _: None)
    end = watch(tree["a"])
    tree.do("kill_child", "a")

    assert end.down().reason.kind is ExitKind.KILLED
    settle()
    assert tree.names() == ["b"]


def test_replacing_a_child_is_not_charged(tree, chronicle, gate):
    tree.plant("a", intensity=Intensity(0, 10.0)).ask(lambda _: None)
    tree["a"].tell(lambda _: gate.hold())
    gate.await_visitor()
    for life in range(2, 6):
        tree.do("replace_child", "a")
        chronicle.wait_for("start", "a", life)

    assert tree.top.ask(lambda self: self._window) == ()


def test_children_can_be_added_and_are_sent_to_before_they_are_up(tree, gate):
    tree.plant(dynamic=True).ask(lambda _: None)
    slow = tree.spec("slow", on_start=lambda _: gate.hold())
    answer = tree.do("start_child", slow).ask(lambda self: self.name, block=False)
    gate.await_visitor()
    gate.set()

    assert answer.get() == "slow"


def test_two_children_cannot_have_one_id(tree):
    tree.plant("a").ask(lambda _: None)

    def start_again(self):
        with pytest.raises(ChildExists, match="'a'"):
            self.start_child(tree.spec("a"))

    tree.top.ask(start_again)


@pytest.mark.parametrize("method", ["child", "stop_child", "kill_child", "replace_child"])
def test_an_unknown_child_is_not_found(tree, method):
    tree.plant("a")

    def look(self):
        with pytest.raises(ChildNotFound, match="'nobody'"):
            getattr(self, method)("nobody")

    tree.top.ask(look)
    assert tree.do("has_child", "nobody") is False


def test_a_dynamic_groups_children_start_side_by_side(tree, gate, chronicle):
    tree.plant(tree.spec("slow", on_start=lambda _: gate.hold()), "quick", dynamic=True)

    chronicle.wait_for("start", "quick", 1)
    assert ("start", "slow", 1) not in chronicle


def test_a_dynamic_groups_children_stop_side_by_side(tree, gate, chronicle):
    tree.plant("quick", tree.spec("slow", on_end=lambda _: gate.hold()), dynamic=True).ask(lambda _: None)
    stopped = tree.top.stop(block=False)
    chronicle.wait_for("end", "quick", ExitKind.SHUTDOWN)
    assert not stopped.done
    gate.set()

    assert stopped.get()


def test_a_dynamic_group_forgets_who_ended_well(tree, settle):
    tree.plant(tree.spec("a", restart=Restart.TRANSIENT), dynamic=True).ask(lambda _: None)
    tree["a"].stop()
    settle()

    assert tree.names() == []


def test_a_supervisor_hears_of_its_childrens_starts_and_ends(tree, chronicle):
    class Listening(tree.group):
        def child_started(self, child_id, incarnation):
            chronicle.note("heard_start", child_id, incarnation)

        def child_exited(self, child_id, reason, retry_in):
            chronicle.note("heard_end", child_id, reason.kind, retry_in)

    tree.plant("a", tree.spec("once", restart=Restart.TEMPORARY), base=Listening).ask(lambda _: None)
    crash(tree["a"])
    crash(tree["once"])
    chronicle.wait_for("heard_start", "a", 2)
    chronicle.wait_for("heard_end", "once", ExitKind.ERROR, None)

    assert chronicle.about("heard_start") == [
        ("heard_start", "a", 1),
        ("heard_start", "once", 1),
        ("heard_start", "a", 2),
    ]
    assert ("heard_end", "a", ExitKind.ERROR, 0.0) in chronicle


def test_a_supervisor_that_is_going_down_hears_of_no_more_starts(tree, chronicle, gate):
    class Listening(tree.group):
        def child_started(self, child_id, incarnation):
            chronicle.note("heard_start", child_id, incarnation)

    tree.plant(base=Listening, dynamic=True).ask(lambda _: None)
    tree.do("start_child", tree.spec("slow", on_start=lambda _: gate.hold()))
    gate.await_visitor()
    stopped = tree.top.stop(block=False)
    gate.set()
    stopped.get()

    assert chronicle.about("heard_start") == []


def test_a_supervisors_own_failure_restarts_it_with_its_children(runtime, group, tree, chronicle):
    inner = ChildSpec("inner", group, ([tree.spec("leaf")],), backoff=AT_ONCE)
    tree.plant(inner).ask(lambda _: None)
    crash(runtime.ref("top/inner"))
    chronicle.wait_for("start", "leaf", 1, times=2)

    assert chronicle == [("start", "leaf", 1), ("end", "leaf", ExitKind.SHUTDOWN), ("start", "leaf", 1)]


def test_a_supervisor_works_while_a_child_backs_off_and_another_stops(tree, chronicle, gate):
    slow = tree.spec("slow", on_end=lambda _: gate.hold())
    tree.plant(tree.spec("a", backoff=LATER), slow, intensity=PATIENT).ask(lambda _: None)
    crash(tree["a"])
    chronicle.wait_for("start", "a", 2)
    crash(tree["a"])
    tree.do("stop_child", "slow")
    gate.await_visitor()

    assert tree.names() == ["a", "slow"]
