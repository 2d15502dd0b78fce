"""A supervisor's start and stop, and that of its children."""

from gevent.event import Event

from actors.runtime.errors import ActorKilled, StartFailed
from actors.runtime.reasons import INTENSITY_EXCEEDED, ExitKind
from actors.runtime.restarts import Intensity, Restart
from actors.runtime.specs import ChildSpec
from tests.actors.runtime.failing import crash, fail
from tests.actors.runtime.policies import AT_ONCE
from tests.actors.runtime.witnesses import ends, starts

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
