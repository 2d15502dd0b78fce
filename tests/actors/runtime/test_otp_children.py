"""OTP's supervisor_SUITE, retold: start failures, looking after children from outside, counting and listing them."""

import pytest

from actors.runtime.administration import (
    ChildCount,
    CountChildren,
    DeleteChild,
    RestartChild,
    StartChild,
    StopChild,
    WhichChildren,
)
from actors.runtime.errors import ActorDied, ChildActive, ChildExists, ChildNotFound, SpecError, StartFailed
from actors.runtime.reasons import ExitKind
from actors.runtime.restarts import Intensity, Restart
from actors.runtime.specs import ChildSpec, MailboxSpec, Overflow
from actors.runtime.strategies import Strategy
from tests.actors.runtime.failing import fail
from tests.actors.runtime.policies import LATER, PATIENT


def from_the_second_life(child):
    if child.incarnation > 1:
        raise ValueError("no")


# Start failures.


def test_a_supervisor_whose_initial_child_fails_ends_with_that_failure(tree, watch):
    down = watch(tree.plant(tree.spec("a", on_start=fail))).down()

    assert (down.reason.kind, type(down.reason.error)) == (ExitKind.START_FAILED, StartFailed)


def test_initial_children_of_one_id_fail_their_supervisor(tree, watch):
    down = watch(tree.plant("a", "a")).down()

    assert isinstance(down.reason.error, ChildExists)
    assert tree.runtime.refs() == []


@pytest.mark.parametrize(
    "faulty",
    [
        {"id": ""},
        {"factory": "not a class"},
        {"shutdown": -1.0},
        {"kill_grace": 0.0},
        {"significant": True},
        {"stash": -1},
        {"stash": 1, "restart": Restart.TEMPORARY},
        {"expected": (KeyboardInterrupt,)},
        {"backoff": LATER, "intensity": Intensity(3, 30.0)},
    ],
    ids=lambda faulty: next(iter(faulty)),
)
def test_a_faulty_spec_is_refused_where_it_is_made(faulty):
    with pytest.raises(SpecError):
        ChildSpec(**{"id": "a", "factory": object} | faulty)


@pytest.mark.parametrize("fields", [{"capacity": 0}, {"overflow": Overflow.BLOCK}, {"timeout": 1.0}])
def test_a_faulty_mailbox_is_refused_where_it_is_made(fields):
    with pytest.raises(SpecError):
        MailboxSpec(**fields)


def test_a_policy_that_could_never_reach_its_limit_is_refused_where_the_child_is_added(tree):
    tree.plant("a")

    with pytest.raises(SpecError, match=r"'b'.*can never be exceeded"):
        tree.order(StartChild(tree.spec("b", backoff=LATER)))
    assert tree.names() == ["a"]


def test_a_significant_child_under_a_supervisor_that_never_shuts_down_for_it_is_refused(tree):
    tree.plant("a")

    with pytest.raises(SpecError, match="significant"):
        tree.order(StartChild(tree.spec("b", significant=True, restart=Restart.TRANSIENT)))


# Looking after children.


def test_a_child_that_is_started_by_order_is_up_when_the_answer_comes(tree):
    tree.plant("a")
    ref = tree.order(StartChild(tree.spec("b")))

    assert ref.ask(lambda self: self.name) == "b"
    assert tree.status() == {"a": "running", "b": "running"}


def test_a_child_that_fails_to_start_by_order_is_not_kept_and_charges_nobody(tree):
    tree.plant("a", intensity=Intensity(0, 10.0))

    with pytest.raises(StartFailed, match="top/b"):
        tree.order(StartChild(tree.spec("b", on_start=fail)))
    assert tree.names() == ["a"]


def test_an_id_that_is_taken_is_refused_and_the_supervisor_lives_on(tree):
    top = tree.plant("a")

    with pytest.raises(ChildExists):
        tree.order(StartChild(tree.spec("a")))
    assert (tree.status(), top.incarnation) == ({"a": "running"}, 1)


def test_a_child_that_was_stopped_keeps_its_spec_and_can_be_restarted(tree, chronicle):
    tree.plant("a", "b")
    tree.order(StopChild("a"))
    assert ("end", "a", ExitKind.SHUTDOWN) in chronicle
    assert tree.status() == {"a": "stopped", "b": "running"}
    ref = tree.order(RestartChild("a"))

    assert ref.ask(lambda self: self.incarnation) == 2
    assert tree.status() == {"a": "running", "b": "running"}


def test_stopping_a_child_again_is_no_error(tree):
    tree.plant("a")
    tree.order(StopChild("a"))
    tree.order(StopChild("a"))

    assert tree.status() == {"a": "stopped"}


@pytest.mark.parametrize("dynamic", [True, False])
def test_a_child_whose_spec_is_not_worth_keeping_is_forgotten_when_it_is_stopped(tree, dynamic):
    tree.plant(tree.spec("a", restart=Restart.PERMANENT if dynamic else Restart.TEMPORARY), dynamic=dynamic)
    tree.order(StopChild("a"))

    assert tree.names() == []


def test_a_stopped_child_is_dead_to_its_askers_and_not_restarting(tree):
    tree.plant("a")
    tree.order(StopChild("a"))

    with pytest.raises(ActorDied) as caught:
        tree["a"].ask("anything")
    assert type(caught.value) is ActorDied


def test_a_restart_by_order_that_fails_keeps_the_spec(tree):
    tree.plant(tree.spec("a", on_start=from_the_second_life), intensity=Intensity(0, 10.0))
    tree.order(StopChild("a"))

    with pytest.raises(StartFailed):
        tree.order(RestartChild("a"))
    assert tree.status() == {"a": "stopped"}


def test_a_stopped_child_can_be_deleted(tree):
    tree.plant("a", "b")
    tree.order(StopChild("a"))
    tree.order(DeleteChild("a"))

    assert tree.names() == ["b"]
    assert tree["a"] is None


@pytest.mark.parametrize("order", [RestartChild, DeleteChild])
def test_a_child_that_lives_is_neither_restarted_nor_deleted(tree, order):
    tree.plant("a")

    with pytest.raises(ChildActive, match="running"):
        tree.order(order("a"))


@pytest.mark.parametrize("order", [RestartChild, DeleteChild])
def test_a_child_that_backs_off_is_neither_restarted_nor_deleted(tree, chronicle, order):
    backing_off(tree, chronicle)

    with pytest.raises(ChildActive, match="restarting"):
        tree.order(order("a"))


@pytest.mark.parametrize("order", [StopChild, RestartChild, DeleteChild])
def test_orders_for_a_child_that_there_is_not_are_refused(tree, order):
    tree.plant("a")

    with pytest.raises(ChildNotFound, match="'nobody'"):
        tree.order(order("nobody"))
    assert tree.names() == ["a"]


def test_an_order_that_nobody_waits_for_is_obeyed_or_refused_all_the_same(tree):
    tree.plant("a")
    tree.top.tell(StopChild("nobody"))
    tree.top.tell(StartChild(tree.spec("b")))

    assert tree.names() == ["a", "b"]


def test_a_child_that_is_stopped_during_its_backoff_stays_stopped(tree, chronicle):
    backing_off(tree, chronicle)
    tree.order(StopChild("a"))

    assert tree.status() == {"a": "stopped", "b": "running"}
    assert tree.runtime.tree()[0].children[0].retry_in is None
    assert tree.order(RestartChild("a")).ask(lambda self: self.incarnation) == 3


def test_a_child_that_is_stopped_while_its_restart_fails_stays_stopped(tree, chronicle, gate):
    def hang_and_fail(child):
        if child.incarnation > 1:
            gate.hold()
            raise ValueError("no")

    tree.plant(tree.spec("a", on_start=hang_and_fail))
    tree.names()
    tree.crash("a")
    gate.await_visitor()
    stopped = tree.top.ask(StopChild("a"), block=False)
    gate.set()
    stopped.get()

    assert tree.status() == {"a": "stopped"}


# Counting and listing.


def test_children_are_counted_by_kind(tree, group):
    tree.plant("a", ChildSpec("inner", group), "b")
    tree.order(StopChild("b"))

    assert tree.order(CountChildren()) == ChildCount(specs=3, active=2, supervisors=1, workers=2)


def test_children_are_listed_in_their_order(tree, group):
    tree.plant("a", tree.spec("b", restart=Restart.TEMPORARY), ChildSpec("c", group))
    infos = tree.order(WhichChildren())

    assert [(info.child_id, info.restart.value, info.is_supervisor) for info in infos] == [
        ("a", "permanent", False),
        ("b", "temporary", False),
        ("c", "permanent", True),
    ]
    assert [info.ref.address for info in infos] == ["top/a", "top/b", "top/c"]


def backing_off(tree, chronicle):
    """Plant a supervisor whose child waits a minute for its third life."""
    tree.plant(tree.spec("a", backoff=LATER), "b", intensity=PATIENT).ask(lambda _: None)
    tree.crash("a")
    chronicle.wait_for("start", "a", 2)
    tree.crash("a")


def test_a_child_that_backs_off_is_listed_and_counted_as_restarting(tree, chronicle):
    backing_off(tree, chronicle)

    assert tree.status() == {"a": "restarting", "b": "running"}
    assert tree.order(CountChildren()) == ChildCount(specs=2, active=1, supervisors=0, workers=2)


def test_a_sibling_on_its_way_down_is_listed_as_restarting(tree, gate):
    tree.plant("a", tree.spec("b", on_end=lambda _: gate.hold()), strategy=Strategy.ONE_FOR_ALL)
    tree.names()
    tree.crash("a")
    gate.await_visitor()

    assert tree.status() == {"a": "restarting", "b": "restarting"}


def test_children_that_start_and_stop_are_listed_as_such(tree, gate):
    tree.plant(dynamic=True).ask(lambda _: None)
    started = tree.top.ask(StartChild(tree.spec("a", on_start=lambda _: gate.hold())), block=False)
    gate.await_visitor()
    assert tree.status() == {"a": "starting"}
    stopped = tree.top.ask(StopChild("a"), block=False)
    assert tree.status() == {"a": "stopping"}
    gate.set()
    stopped.get()

    assert not started.get().is_alive()


def test_whoever_waits_for_the_start_of_a_child_that_is_killed_meanwhile_is_told(tree, gate):
    tree.plant(dynamic=True).ask(lambda _: None)
    started = tree.top.ask(StartChild(tree.spec("a", on_start=lambda _: gate.hold())), block=False)
    gate.await_visitor()
    tree.do("kill_child", "a")

    with pytest.raises(StartFailed):
        started.get()


def test_the_arguments_of_a_temporary_child_are_not_kept(tree, runtime):
    tree.plant(tree.spec("once", restart=Restart.TEMPORARY), tree.spec("again"))
    tree.names()
    kept = {name: runtime._cells[f"top/{name}"].spec.args for name in ("once", "again")}

    assert kept == {"once": (), "again": (tree.chronicle,)}


@pytest.mark.parametrize("dynamic", [True, False])
def test_the_cost_of_many_children_is_no_worse_than_their_number(tree, count_calls, dynamic):
    def live_and_die(number):
        specs = [tree.spec(f"child-{index}") for index in range(number)]
        tree.plant(*specs, dynamic=dynamic)
        tree.names()
        tree.top.stop()

    live_and_die(10)
    few, many = (count_calls(lambda n=n: live_and_die(n)) / n for n in (50, 400))
    assert many < few * 1.1
