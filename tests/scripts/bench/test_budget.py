"""How counts are held against a budget."""

from scripts.bench.budget import excesses

BUDGET = {"calls": 100.0, "switches": 4.0}


def test_what_is_within_a_twentieth_passes():
    assert excesses({"calls": 105.0, "switches": 1.0}, BUDGET) == []


def test_a_small_count_may_differ_by_half():
    assert excesses({"calls": 1.0, "switches": 4.5}, BUDGET) == []
    assert excesses({"calls": 1.0, "switches": 5.0}, BUDGET) == ["switches: 5, where 4 were recorded"]


def test_what_is_more_is_told():
    assert excesses({"calls": 106.0, "switches": 4.0}, BUDGET) == ["calls: 106, where 100 were recorded"]


def test_what_the_budget_does_not_know_is_told():
    assert excesses({"sends": 1.0}, BUDGET) == ["sends: 1, where 0 were recorded"]
