from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.storms import CALM, RESTARTS, WITHIN, Weather, another, later


def after(times, weather=None):
    weather = weather or Weather()
    for at in times:
        weather = another(weather, at)
    return weather


def test_many_restarts_within_the_window_are_a_storm():
    assert not after([0.0] * (RESTARTS - 1)).storm
    assert after([0.0] * RESTARTS).storm


def test_as_many_over_a_longer_time_are_none():
    assert not after(number * 1.01 * WITHIN / (RESTARTS - 1) for number in range(5 * RESTARTS)).storm


def test_a_storm_has_passed_when_few_restarts_are_left_in_the_window():
    weather = after([0.0] * (RESTARTS - CALM) + [1.0] * CALM)

    assert later(weather, WITHIN).storm
    assert not later(weather, WITHIN + 1.0).storm


def test_what_comes_in_a_storm_prolongs_it():
    weather = after([WITHIN - 1.0] * RESTARTS, after([0.0] * RESTARTS))

    assert later(weather, WITHIN + 1.0).storm
    assert not later(weather, 2 * WITHIN).storm


@given(st.lists(st.floats(0, 1000), max_size=300).map(sorted))
def test_what_is_remembered_is_bounded(times):
    assert len(after(times).restarts) <= RESTARTS
