import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.backoff import MAX_FACTOR, Backoff, check_reachable
from actors.runtime.errors import SpecError
from actors.runtime.restarts import Intensity

draws = st.floats(min_value=0, max_value=1, exclude_max=True)
bounds = st.tuples(st.floats(0, 100), st.floats(0, 100)).map(sorted)
backoffs = st.builds(
    lambda bounds, factor, jitter: Backoff(*[bounds[0], factor, bounds[1], jitter]),
    bounds,
    st.floats(1, MAX_FACTOR),
    st.floats(0, 1),
)


def test_the_default_delays_are_those_of_the_policy():
    delays = [Backoff().delay(failures, draw=0.0) for failures in range(1, 10)]

    assert delays == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


@given(backoffs, draws)
def test_the_first_restart_is_at_once(backoff, draw):
    assert backoff.delay(1, draw) == 0.0


@given(backoffs, st.integers(1, 10_000), draws)
def test_delays_never_shrink_on_the_way_to_the_cap(backoff, failures, draw):
    assert backoff.delay(failures, draw) <= backoff.delay(failures + 1, draw)


@given(backoffs, st.integers(2, 10**9), draws)
def test_a_delay_lies_between_its_bounds_and_within_the_jitter(backoff, failures, draw):
    plain = backoff.delay(failures, 0.0)

    assert backoff.minimum <= plain <= backoff.maximum
    assert plain <= backoff.delay(failures, draw) <= plain * (1 + backoff.jitter)


def test_the_default_jitter_reaches_twenty_percent_beyond_the_cap():
    assert Backoff().delay(50, draw=0.999999) == pytest.approx(6.0, rel=1e-5)


def test_health_is_half_way_between_the_shortest_and_the_longest_delay():
    assert Backoff(minimum=1.0, maximum=4.0).healthy_after == 2.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimum": -0.1},
        {"minimum": 6.0},
        {"factor": 0.5},
        {"factor": MAX_FACTOR * 2.0},
        {"factor": float("nan")},
        {"jitter": -0.1},
        {"jitter": 1.1},
    ],
    ids=str,
)
def test_delays_that_contradict_themselves_are_refused(wrong):
    with pytest.raises(SpecError, match="minimum <= maximum"):
        Backoff(**wrong)


def test_the_default_policy_can_reach_its_limit():
    check_reachable(Backoff(), Intensity())


def test_a_policy_that_would_restart_for_ever_is_refused():
    with pytest.raises(SpecError, match="can never be exceeded"):
        check_reachable(Backoff(minimum=5.0, maximum=5.0), Intensity(max_restarts=6, within=30.0))


@given(backoffs, st.integers(0, 10), st.floats(0.1, 100))
def test_a_policy_that_is_let_through_exceeds_even_with_the_longest_delays(backoff, max_restarts, within):
    try:
        check_reachable(backoff, Intensity(max_restarts, within))
    except SpecError:
        return

    waited = sum(backoff.delay(failure, draw=1.0) for failure in range(1, max_restarts + 1))
    assert waited < within
