"""What a supervisor does with its children by itself, and hears of them."""

import pytest

from actors.runtime.errors import ChildExists, ChildNotFound
from actors.runtime.reasons import SHUTDOWN, ExitKind
from actors.runtime.restarts import Intensity, Restart
from actors.runtime.specs import ChildSpec
from tests.actors.runtime.failing import crash
from tests.actors.runtime.policies import AT_ONCE, LATER, PATIENT


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
