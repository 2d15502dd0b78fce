"""How measurements are judged."""

import pytest

from scripts.bench.ratios import Better, Spread, Verdict, ratios, verdict


def test_each_round_is_compared_with_the_best_reference_of_the_same_round():
    assert ratios([20.0, 30.0], [[10.0, 5.0], [5.0, 10.0]], Better.HIGHER) == [2.0, 3.0]
    assert ratios([20.0, 30.0], [[10.0, 5.0], [5.0, 10.0]], Better.LOWER) == [4.0, 6.0]


def test_rounds_that_are_missing_are_no_ratio():
    with pytest.raises(ValueError, match="zip"):
        ratios([1.0, 2.0], [[1.0]], Better.HIGHER)


def test_a_spread_is_the_median_between_the_extremes():
    assert Spread.of([3.0, 1.0, 2.0, 10.0]) == Spread(2.5, 1.0, 10.0)


@pytest.mark.parametrize(
    ("value", "better", "judged"),
    [
        (4.0, Better.HIGHER, Verdict.AIM),
        (3.9, Better.HIGHER, Verdict.HOLDS),
        (2.0, Better.HIGHER, Verdict.HOLDS),
        (1.9, Better.HIGHER, Verdict.SHORT),
    ],
)
def test_more_is_better(value, better, judged):
    assert verdict(value, better, bound=2.0, aim=4.0) is judged


@pytest.mark.parametrize(
    ("value", "judged"), [(0.2, Verdict.AIM), (0.3, Verdict.HOLDS), (0.4, Verdict.HOLDS), (0.5, Verdict.SHORT)]
)
def test_less_is_better(value, judged):
    assert verdict(value, Better.LOWER, bound=0.4, aim=0.2) is judged


def test_without_an_aim_a_promise_can_only_hold():
    assert verdict(100.0, Better.HIGHER, bound=1.0, aim=None) is Verdict.HOLDS
