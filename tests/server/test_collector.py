"""When everything that lives is gone through."""

import gc
import sys

import pytest

from server.collector import LEAST_GROWTH, LONGEST_SECONDS, YOUNG, Collector, limit


class Knot:
    """Something that only the garbage collector can free."""

    def __init__(self):
        self.self = self


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def taken_over(clock):
    """A collector that has taken over and looks when it is told to; the process has its own ways back afterwards."""
    thresholds = gc.get_threshold()
    collector = Collector(clock)
    collector.start()
    collector.stop()
    yield collector
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def outlive_the_younger(count, make):
    """Have so many things live for long enough to be called old, and drop them."""
    things = [make() for _ in range(count)]
    gc.collect(1)
    del things


def times_all_was_gone_through():
    return gc.get_stats()[2]["collections"]


def is_knot_left():
    return any(type(thing) is Knot for thing in gc.get_objects())


def test_the_limit_is_a_quarter_more_and_not_less_than_is_worth_it():
    large = 100 * LEAST_GROWTH

    assert limit(large, for_good=0) == 1.25 * large
    assert limit(large, for_good=large) == large + LEAST_GROWTH


def test_however_much_comes_and_goes_nothing_old_is_gone_through(taken_over):
    before = times_all_was_gone_through()
    for _ in range(50):
        outlive_the_younger(2 * YOUNG, list)
        taken_over.look()

    assert times_all_was_gone_through() == before


def test_cycles_that_grew_old_are_freed_before_they_are_many(taken_over):
    before, least, most = times_all_was_gone_through(), sys.getallocatedblocks(), 0
    for _ in range(50):
        outlive_the_younger(LEAST_GROWTH // 10, Knot)
        most = max(most, sys.getallocatedblocks())
        taken_over.look()

    assert times_all_was_gone_through() > before
    assert most - least < 2 * LEAST_GROWTH


def test_a_cycle_that_grew_old_is_freed_in_the_end_though_nothing_grows(taken_over, clock):
    outlive_the_younger(1, Knot)
    taken_over.look()
    assert is_knot_left()

    clock.now += LONGEST_SECONDS
    taken_over.look()
    assert not is_knot_left()
