import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.strategies import Strategy

orders = st.lists(st.text(min_size=1), min_size=1, unique=True)
failures = orders.flatmap(lambda order: st.tuples(st.just(order), st.sampled_from(order)))


@given(failures)
def test_one_for_one_takes_nobody_along(failure):
    order, failed = failure

    assert Strategy.ONE_FOR_ONE.affected(order, failed) == (failed,)


@given(failures)
def test_one_for_all_takes_everybody_along_in_start_order(failure):
    order, failed = failure

    assert Strategy.ONE_FOR_ALL.affected(order, failed) == tuple(order)


@given(failures)
def test_rest_for_one_takes_along_exactly_those_that_started_later(failure):
    order, failed = failure
    affected = Strategy.REST_FOR_ONE.affected(order, failed)

    assert affected[0] == failed
    assert [*order[: order.index(failed)], *affected] == order


@pytest.mark.parametrize("strategy", Strategy)
def test_an_only_child_is_the_only_one_affected(strategy):
    assert strategy.affected(["only"], "only") == ("only",)
