import pytest

from actors.runtime.restarts import Budget
from actors.runtime.states import State
from actors.runtime.tree import Snapshot
from server.ops.ranking import Condition, condition_of, rank, severity_of


def actor(state=State.RUNNING, incarnation=1, oldest=None, budget=(3, 3)):
    depth = 0 if oldest is None else 1
    return Snapshot("a", "A", state, incarnation, depth, oldest, None, Budget(*budget), None, None)


@pytest.mark.parametrize(
    ("one", "condition"),
    [
        (actor(), Condition.WELL),
        (actor(incarnation=4), Condition.WELL),
        (actor(oldest=0.9), Condition.WELL),
        (actor(State.STARTING), Condition.WELL),
        (actor(oldest=1.0), Condition.STRAINED),
        (actor(budget=(2, 3)), Condition.STRAINED),
        (actor(State.STOPPING), Condition.STRAINED),
        (actor(State.STARTING, incarnation=2), Condition.FAILING),
        (actor(State.DOWN), Condition.FAILING),
    ],
)
def test_an_actor_is_well_strained_or_failing(one, condition):
    assert condition_of(one) is condition


def test_the_worse_comes_first():
    in_order = [
        actor(State.DOWN, budget=(0, 3)),
        actor(State.DOWN, budget=(2, 3)),
        actor(State.DOWN),
        actor(budget=(1, 3), oldest=1000.0),
        actor(budget=(0, 3)),
        actor(oldest=1000.0),
        actor(oldest=2.0),
        actor(oldest=0.5),
        actor(),
    ]
    severities = [severity_of(one) for one in in_order]

    assert severities == sorted(severities, reverse=True)
    assert len(set(severities)) == len(severities)


def test_an_actor_without_a_supervisor_has_no_budget_to_spend():
    assert condition_of(actor()._replace(budget=None)) is Condition.WELL


def test_a_tree_is_as_its_worst():
    assert rank("tree", [actor(oldest=2.0), actor(State.DOWN), actor()]).condition is Condition.FAILING
    assert rank("tree", []) == (0.0, Condition.WELL, "tree")
