import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.errors import SpecError
from actors.runtime.reasons import INTENSITY_EXCEEDED, KILLED, NORMAL, SHUTDOWN, failed, shutdown, start_failed
from actors.runtime.restarts import Intensity, Restart, charge

CLEAN = [NORMAL, SHUTDOWN, shutdown("drained")]
ABNORMAL = [failed(ValueError()), start_failed(ValueError()), KILLED, INTENSITY_EXCEEDED]

instants = st.floats(min_value=0, max_value=1e6)
intensities = st.builds(Intensity, st.integers(0, 20), st.floats(min_value=0.01, max_value=1e4))


@pytest.mark.parametrize("reason", CLEAN + ABNORMAL, ids=str)
def test_a_permanent_child_comes_back_whatever_ended_it(reason):
    assert Restart.PERMANENT.wants_restart(reason)


@pytest.mark.parametrize("reason", CLEAN + ABNORMAL, ids=str)
def test_a_temporary_child_never_comes_back(reason):
    assert not Restart.TEMPORARY.wants_restart(reason)


@pytest.mark.parametrize("reason", CLEAN, ids=str)
def test_a_transient_child_stays_away_after_a_clean_end(reason):
    assert not Restart.TRANSIENT.wants_restart(reason)


@pytest.mark.parametrize("reason", ABNORMAL, ids=str)
def test_a_transient_child_comes_back_after_an_abnormal_end(reason):
    assert Restart.TRANSIENT.wants_restart(reason)


@given(st.lists(instants), instants, intensities)
def test_the_window_never_counts_what_is_outside(earlier, now, intensity):
    window, exceeded = charge(tuple(sorted(earlier)), now, intensity)

    inside = [at for at in earlier if now - at < intensity.within]
    assert sorted(window) == sorted([*inside, now])
    assert exceeded == (len(inside) + 1 > intensity.max_restarts)


@given(st.lists(instants, max_size=60), intensities)
def test_restarts_exceed_exactly_when_more_than_allowed_lie_within_the_window(times, intensity):
    window = ()
    for index, now in enumerate(sorted(times)):
        window, exceeded = charge(window, now, intensity)
        recent = [at for at in sorted(times)[: index + 1] if now - at < intensity.within]
        assert exceeded == (len(recent) > intensity.max_restarts)


@given(intensities)
def test_as_many_restarts_as_allowed_at_one_instant_are_still_mending(intensity):
    window, exceeded = (), False
    for _ in range(intensity.max_restarts):
        window, exceeded = charge(window, 5.0, intensity)

    assert not exceeded
    assert charge(window, 5.0, intensity).exceeded


def test_a_restart_exactly_one_window_ago_is_forgotten():
    assert charge((1.0,), 31.0, Intensity(1, 30.0)) == ((31.0,), False)


@pytest.mark.parametrize(("max_restarts", "within"), [(-1, 1.0), (1, 0.0), (1, -1.0)])
def test_an_intensity_that_cannot_be_counted_is_refused(max_restarts, within):
    with pytest.raises(SpecError, match="max_restarts"):
        Intensity(max_restarts, within)


def test_the_default_is_three_restarts_in_thirty_seconds():
    assert (Intensity().max_restarts, Intensity().within) == (3, 30.0)
