"""A census holds nobody up, however many actors there are."""

import gevent

from actors.runtime.actor import Actor
from actors.runtime.runtime import Runtime
from server.observability.census import AT_ONCE, take_census

MANY = 5_000


class Idle(Actor):
    pass


def test_everybody_is_counted_and_others_have_their_turn_meanwhile():
    runtime = Runtime()
    refs = [runtime.start(Idle) for _ in range(MANY)]
    for _ in range(3):
        refs[7].tell("something")  # Nothing runs before this greenlet lets others.
    turns = []
    stranger = gevent.spawn(lambda: [(turns.append(1), gevent.sleep(0)) for _ in range(10 * MANY // AT_ONCE)])

    census = take_census(runtime.walk())

    assert len(turns) >= MANY // AT_ONCE - 1
    stranger.kill()
    assert (census.actors, census.sessions) == (MANY, 0)
    assert census.fullest == 3
    runtime.stop()
