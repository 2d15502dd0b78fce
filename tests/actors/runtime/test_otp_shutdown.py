"""OTP's supervisor_SUITE, retold: the ways to stop, significant children, and watching those that ended."""

import pytest

from actors.runtime.actor import receives
from actors.runtime.administration import StartChild, StopChild
from actors.runtime.auto_shutdown import AutoShutdown
from actors.runtime.backoff import Backoff
from actors.runtime.errors import ActorDied
from actors.runtime.messages import Down
from actors.runtime.reasons import SHUTDOWN, ExitKind
from actors.runtime.restarts import Intensity, Restart
from actors.runtime.specs import ChildSpec
from actors.runtime.strategies import Strategy
from actors.runtime.telemetry import Killed, Stopped, Unkillable

FOR_EVER = None
BRIEF = {"shutdown": 0.01, "kill_grace": 0.02}


def significant(tree, name, restart=Restart.TRANSIENT, **fields):
    return tree.spec(name, significant=True, restart=restart, **fields)


# Stopping.


def test_a_child_with_all_the_time_in_the_world_gets_it(tree, gate, watch, runtime):
    tree.plant(tree.spec("a", on_end=lambda _: gate.hold(), shutdown=FOR_EVER, kill_grace=0.001))
    end = watch(tree["a"]) if tree.names() else None
    stopped = tree.top.ask(StopChild("a"), block=False)
    gate.await_visitor()
    runtime.clock.call_later(0.02, gate.set)
    stopped.get()

    assert end.down().reason is SHUTDOWN
    assert ("end", "a", ExitKind.SHUTDOWN) in tree.chronicle


def test_a_child_whose_time_is_up_is_killed(tree, gate, watch):
    tree.plant(tree.spec("a", on_end=lambda _: gate.hold(), **BRIEF))
    tree.names()
    end = watch(tree["a"])
    tree.order(StopChild("a"))

    assert end.down().reason.kind is ExitKind.SHUTDOWN  # Its hook was cut short; why it ended stays the same.


def test_a_busy_child_whose_time_is_up_is_killed(tree, gate, watch):
    tree.plant(tree.spec("a", **BRIEF))
    tree.names()
    end = watch(tree["a"])
    tree["a"].tell(lambda _: gate.hold())
    gate.await_visitor()
    tree.order(StopChild("a"))

    assert end.down().reason.kind is ExitKind.KILLED


def test_a_child_without_time_is_killed_and_still_cleans_up(tree, chronicle):
    tree.plant(tree.spec("a", shutdown=0))
    tree.names()
    tree.order(StopChild("a"))

    assert ("end", "a", ExitKind.KILLED) in chronicle


def test_a_stop_and_an_end_of_ones_own_at_the_same_time_are_one_end(tree, watch, runtime):
    tree.plant("a", intensity=Intensity(0, 10.0))
    tree.names()
    end = watch(tree["a"])

    def stop_as_it_ends(self):
        self.child("a").stop(block=False)
        self.stop_child("a")

    tree.top.ask(stop_as_it_ends)

    assert end.down().reason.clean
    assert (tree.names(), len(end.downs)) == ([], 1)


def test_everybody_who_stops_an_actor_waits_for_the_same_end(tree, gate):
    tree.plant(tree.spec("a", on_end=lambda _: gate.hold()))
    tree.names()
    waiting = [tree.top.stop(block=False), tree.top.stop(block=False), tree["a"].stop(block=False)]
    gate.await_visitor()
    assert not any(future.done for future in waiting)
    gate.set()

    assert [future.get() for future in waiting] == [True, True, True]


@pytest.mark.parametrize(
    "fields", [{"shutdown": FOR_EVER}, BRIEF, {"shutdown": 0}], ids=["infinity", "timeout", "brutal"]
)
def test_a_dynamic_group_of_many_stops_completely(tree, runtime, fields):
    tree.plant(*[tree.spec(str(number), **fields) for number in range(100)], dynamic=True)
    tree.names()
    tree.top.stop()

    assert runtime.refs() == []
    ends = runtime.telemetry.counts
    assert ends[Stopped] + ends[Killed] == 101


def test_a_dynamic_group_of_stubborn_children_stops_within_one_childs_time(tree, gate, runtime):
    """Side by side: ten times the time would be ten times as long."""
    spec = {"shutdown": 0.1, "kill_grace": 0.1}
    tree.plant(*[tree.spec(str(number), **spec) for number in range(10)], dynamic=True)
    tree.names()
    for number in range(10):
        tree[str(number)].tell(lambda _: gate.hold_through_everything())
    gate.await_visitor()
    begun = runtime.clock.monotonic()
    tree.top.stop()

    assert runtime.clock.monotonic() - begun < 1.0
    assert runtime.telemetry.counts[Unkillable] == 10


def test_nobody_starts_a_child_under_a_supervisor_that_is_ending(tree, gate, runtime):
    class Late(tree.group):
        def on_terminate(self, reason):
            try:
                self.start_child(tree.spec("late"))
            except ActorDied as died:
                tree.chronicle.note("refused", died.address)

    tree.plant("a", base=Late).ask(lambda _: None)
    tree.top.stop()

    assert ("refused", "top") in tree.chronicle
    assert runtime.refs() == []


# Significant children.


ENDINGS = {
    "normal": lambda tree, name: tree[name].stop(),
    "shutdown": lambda tree, name: tree[name].stop(reason=SHUTDOWN),
    "abnormal": lambda tree, name: tree.crash(name),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("restart", [Restart.TRANSIENT, Restart.TEMPORARY])
def test_any_significant_child_that_ends_for_good_ends_its_supervisor(tree, group, watch, settle, restart, ending):
    class Group(group):
        auto_shutdown = AutoShutdown.ANY_SIGNIFICANT

    top = tree.plant(significant(tree, "a", restart), significant(tree, "b"), "c", base=Group)
    tree.names()
    end = watch(top)
    ENDINGS[ending](tree, "a")
    settle()

    if restart is Restart.TRANSIENT and ending == "abnormal":
        assert tree.status() == dict.fromkeys("abc", "running")
    else:
        assert end.down().reason is SHUTDOWN
        assert tree.runtime.refs() == []


def test_only_the_last_of_all_significant_children_ends_their_supervisor(tree, group, watch, settle):
    class Group(group):
        auto_shutdown = AutoShutdown.ALL_SIGNIFICANT

    top = tree.plant(significant(tree, "a"), significant(tree, "b", Restart.TEMPORARY), "c", base=Group)
    tree.names()
    end = watch(top)
    tree["a"].stop()
    settle()
    assert tree.names() == ["a", "b", "c"]
    tree.crash("b")

    assert end.down().reason is SHUTDOWN


def test_a_significant_child_that_is_being_restarted_counts_as_there(tree, group, settle, gate):
    class Group(group):
        auto_shutdown = AutoShutdown.ALL_SIGNIFICANT

    def hold_later(child):
        if child.incarnation > 1:
            gate.hold()

    tree.plant(significant(tree, "a", on_start=hold_later), significant(tree, "b"), base=Group)
    tree.names()
    tree.crash("a")
    gate.await_visitor()
    tree["b"].stop()
    settle()

    assert tree.status() == {"a": "starting", "b": "stopped"}


def test_a_significant_child_that_backs_off_counts_as_there(tree, group, settle):
    class Group(group):
        auto_shutdown = AutoShutdown.ALL_SIGNIFICANT

    def fail_later(child):
        if child.incarnation > 1:
            raise ValueError("no")

    later = Backoff(minimum=60.0, maximum=60.0)
    patient = {"base": Group, "intensity": Intensity(3, 600.0)}
    tree.plant(significant(tree, "a", on_start=fail_later, backoff=later), significant(tree, "b"), **patient)
    tree.names()
    tree.crash("a")
    settle()
    tree["b"].stop()
    settle()

    assert tree.status() == {"a": "restarting", "b": "stopped"}


@pytest.mark.parametrize("mode", [AutoShutdown.ANY_SIGNIFICANT, AutoShutdown.ALL_SIGNIFICANT])
def test_a_child_that_is_not_significant_ends_nobody(tree, group, settle, mode):
    class Group(group):
        auto_shutdown = mode

    tree.plant(tree.spec("a", restart=Restart.TEMPORARY), significant(tree, "b"), base=Group)
    tree.names()
    tree["a"].stop()
    settle()

    assert tree.names() == ["b"]


@pytest.mark.parametrize("mode", [AutoShutdown.ANY_SIGNIFICANT, AutoShutdown.ALL_SIGNIFICANT])
def test_a_significant_child_that_is_stopped_by_order_ends_nobody(tree, group, mode):
    class Group(group):
        auto_shutdown = mode

    tree.plant(significant(tree, "a"), "b", base=Group)
    tree.order(StopChild("a"))

    assert tree.status() == {"a": "stopped", "b": "running"}


def test_a_significant_bystander_that_goes_down_with_its_group_ends_nobody(tree, group, chronicle):
    class Group(group):
        auto_shutdown = AutoShutdown.ANY_SIGNIFICANT

    bystander = significant(tree, "a", Restart.TEMPORARY)
    tree.plant(bystander, "b", base=Group, strategy=Strategy.ONE_FOR_ALL)
    tree.names()
    tree.crash("b")
    chronicle.wait_for("start", "b", 2)

    assert tree.status() == {"b": "running"}


@pytest.mark.parametrize(("restart", "lives"), [(Restart.PERMANENT, 2), (Restart.TRANSIENT, None)])
def test_what_ends_for_a_significant_child_is_mended_as_its_own_restart_type_says(
    tree, group, runtime, chronicle, settle, restart, lives
):
    class Inner(group):
        auto_shutdown = AutoShutdown.ANY_SIGNIFICANT

    inner = ChildSpec("inner", Inner, ([significant(tree, "leaf")],), restart=restart)
    tree.plant(inner)
    tree.names()
    runtime.ref("top/inner/leaf").stop()
    settle(30)

    assert tree.status() == {"inner": "running" if lives else "stopped"}


def test_a_significant_child_may_be_added_later(tree, group, watch):
    class Group(group):
        auto_shutdown = AutoShutdown.ANY_SIGNIFICANT

    top = tree.plant(base=Group)
    ref = tree.order(StartChild(significant(tree, "a")))
    end = watch(top)
    ref.stop()

    assert end.down().reason is SHUTDOWN


# Watching.


@pytest.fixture
def watcher(runtime, obedient, chronicle):
    class Watcher(obedient):
        @receives(Down)
        def _on_down(self, down):
            chronicle.note("down", down.address, down.reason.kind)

    return runtime.start(Watcher)


def test_a_watch_that_begins_after_the_death_is_told_all_the_same(runtime, obedient, watcher, chronicle):
    ref = runtime.start(obedient)
    ref.stop()
    watcher.ask(lambda self: self.monitor(ref) and None)

    chronicle.wait_for("down", ref.address, ExitKind.NORMAL)


def test_a_notice_that_waits_is_taken_back_by_who_no_longer_watches(runtime, obedient, watcher, chronicle):
    ref = runtime.start(obedient)

    def watch_and_think_better_of_it(self):
        watch = self.monitor(ref)
        ref.stop()
        watch.cancel()

    watcher.ask(watch_and_think_better_of_it)
    watcher.ask(lambda _: None)

    assert chronicle.about("down") == []
