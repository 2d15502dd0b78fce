"""What samples say about a row of the table."""

from scripts.bench.ratios import Better, Spread, Verdict
from scripts.bench.results import result
from scripts.bench.rows import Row

ROW = Row("turns", "turns", "per_second", "1/s", "ours", ("theirs", "better"), Better.HIGHER, bound=2.0, aim=4.0)
SAMPLES = {
    "turns": {
        "ours": [{"per_second": 20.0, "cost": 1.0}, {"per_second": 30.0, "cost": 2.0}],
        "theirs": [{"per_second": 5.0}, {"per_second": 1.0}],
        "better": [{"per_second": 10.0}, {"per_second": 10.0}],
    }
}


def test_a_row_is_judged_by_the_median_of_its_ratios():
    found = result(ROW, SAMPLES)

    assert found.subject == Spread(25.0, 20.0, 30.0)
    assert found.reference == Spread(10.0, 10.0, 10.0)
    assert found.judged == Spread(2.5, 2.0, 3.0)
    assert found.verdict is Verdict.HOLDS
    assert not found.load_bound


def test_a_load_that_was_busy_on_either_side_is_told():
    taken = {name: [dict(sample) for sample in samples] for name, samples in SAMPLES["turns"].items()}
    taken["better"][1]["load_busy"] = 0.95

    assert result(ROW, {"turns": taken}).load_bound


def test_a_row_may_be_held_against_another_metric_of_the_same_process():
    row = ROW._replace(references=(), reference_metric="cost", better=Better.LOWER, bound=16.0, aim=None)

    found = result(row, SAMPLES)

    assert found.judged == Spread(17.5, 15.0, 20.0)
    assert found.verdict is Verdict.SHORT


def test_a_row_without_a_side_by_side_is_judged_as_it_is():
    found = result(ROW._replace(references=(), bound=25.0, aim=None), SAMPLES)

    assert found.judged == found.subject
    assert found.reference is None
    assert found.verdict is Verdict.HOLDS


def test_a_row_that_was_not_measured_has_no_result():
    assert result(ROW, {}) is None
