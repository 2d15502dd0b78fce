"""What one fault may touch, and what is caught where it touches more."""

import pytest

from actors.runtime.actor import Actor
from actors.runtime.restarts import Restart
from actors.runtime.specs import ChildSpec
from actors.runtime.strategies import Strategy
from actors.runtime.supervisor import Supervisor
from actors.testing import blast_radius, settle


class Counter(Actor):
    def __init__(self):
        self.count = 0

    def on_receive(self, message):
        self.count += 1


class Pair(Supervisor):
    def children(self):
        return [ChildSpec(name, Counter, restart=Restart.PERMANENT) for name in ("one", "two")]


class Chained(Pair):
    strategy = Strategy.ONE_FOR_ALL


@pytest.fixture
def make_pair(runtime):
    def make(kind):
        runtime.supervise(ChildSpec("pair", kind))
        settle()
        return runtime.ref("pair/one"), runtime.ref("pair/two")

    return make


def test_a_fault_that_stays_where_it_is_passes(runtime, make_pair):
    one, two = make_pair(Pair)
    with blast_radius(runtime, "pair/one"):
        one.kill()
    assert (one.incarnation, two.incarnation) == (2, 1)


def test_a_sibling_that_lives_anew_is_caught(runtime, make_pair):
    one, _two = make_pair(Chained)
    with (
        pytest.raises(AssertionError, match=r"pair/two: .*incarnation=1.* became .*incarnation=2"),
        blast_radius(runtime, "pair/one"),
    ):
        one.kill()


def test_a_field_that_changes_elsewhere_is_caught(runtime, make_pair):
    _one, two = make_pair(Pair)
    with pytest.raises(AssertionError, match=r"'count': 0.* became .*'count': 1"), blast_radius(runtime, "pair/one"):
        two.tell("anything")


def test_an_actor_that_comes_elsewhere_is_caught(runtime, make_pair):
    make_pair(Pair)
    with pytest.raises(AssertionError, match="None became"), blast_radius(runtime, "pair/one"):
        runtime.start(Counter)
