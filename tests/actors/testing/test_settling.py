"""Waiting until nothing more could run at once; and gevent's seam that tells."""

import gevent
import pytest
from gevent import get_hub

from actors.runtime.actor import Actor
from actors.testing import settle, settling


class Relay(Actor):
    """Passes a number on to the next actor, one less each time."""

    def __init__(self, others, arrived):
        self.others, self.arrived = others, arrived

    def on_receive(self, number):
        if number:
            self.others[number % len(self.others)].tell(number - 1)
        else:
            self.arrived.append(number)


def test_a_long_chain_of_messages_is_over_when_settle_returns(runtime):
    others, arrived = [], []
    others += [runtime.start(Relay, others, arrived) for _ in range(7)]
    others[0].tell(5_000)
    settle()
    assert arrived == [0]


def test_greenlets_that_wake_each_other_are_awaited(runtime):
    steps = []

    def chain(left):
        steps.append(left)
        if left:
            gevent.spawn(chain, left - 1)

    gevent.spawn(chain, 50)
    settle()
    assert steps[-1] == 0


@pytest.mark.dead_letters
def test_actors_that_never_rest_are_a_failure(runtime, monkeypatch):
    monkeypatch.setattr(settling, "MOST_TURNS", 100)
    others = []
    others.append(runtime.start(Relay, others, []))
    others[0].tell(10**9)
    with pytest.raises(AssertionError, match="haven't come to rest"):
        settle()
    others[0].kill()


def test_gevents_loop_tells_what_is_due_at_once():
    loop = get_hub().loop
    settle()
    assert not loop._callbacks
    loop.run_callback(lambda: None)
    assert loop._callbacks
    settle()
