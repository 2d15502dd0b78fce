import pytest

from actors.runtime.actor import Actor
from actors.runtime.errors import SpecError
from actors.runtime.restarts import Restart
from actors.runtime.specs import ChildSpec, MailboxSpec, Overflow


def test_a_spec_needs_no_more_than_an_id_and_a_class():
    spec = ChildSpec("agent", Actor)

    assert (spec.restart, spec.shutdown, spec.kill_grace) == (Restart.PERMANENT, 5.0, 1.0)
    assert (spec.mailbox.capacity, spec.mailbox.overflow) == (1000, Overflow.REJECT)
    assert (spec.args, spec.kwargs, spec.expected, spec.significant) == ((), {}, (), False)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"id": ""}, "id"),
        ({"factory": Actor.start}, "actor class"),
        ({"shutdown": -1.0}, "shutdown"),
        ({"shutdown": float("nan")}, "shutdown"),
        ({"kill_grace": 0.0}, "kill_grace"),
        ({"significant": True, "restart": Restart.PERMANENT}, "significant"),
        ({"expected": (BaseException,)}, "expected"),
        ({"expected": (ValueError("an instance"),)}, "expected"),
    ],
    ids=str,
)
def test_a_spec_that_cannot_work_is_refused_where_it_is_made(wrong, rule):
    with pytest.raises(SpecError, match=rule):
        ChildSpec(**{"id": "agent", "factory": Actor, **wrong})


def test_a_refused_spec_names_the_child():
    with pytest.raises(SpecError, match="'agent'"):
        ChildSpec("agent", Actor, kill_grace=0.0)


@pytest.mark.parametrize("restart", [Restart.TRANSIENT, Restart.TEMPORARY])
def test_a_child_that_may_end_for_good_can_be_significant(restart):
    assert ChildSpec("agent", Actor, restart=restart, significant=True).significant


@pytest.mark.parametrize("shutdown", [None, 0, 0.0, 30])
def test_a_shutdown_can_be_endless_or_none_at_all(shutdown):
    assert ChildSpec("agent", Actor, shutdown=shutdown).shutdown == shutdown


def test_a_spec_cannot_be_changed_once_made():
    with pytest.raises(AttributeError, match="immutable"):
        ChildSpec("agent", Actor).id = "other"


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_mailbox_that_holds_nothing_is_refused(capacity):
    with pytest.raises(SpecError, match="at least 1"):
        MailboxSpec(capacity)


def test_a_spec_error_is_a_value_error_too():
    assert issubclass(SpecError, ValueError)
