"""What came out: samples by measurement, and what they say about each row. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from scripts.bench.ratios import Spread, Verdict, ratios, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scripts.bench.measurements import Sample
    from scripts.bench.rows import Row

Samples = dict[str, dict[str, list[dict[str, float]]]]
"""By measurement and contender, one a round."""

LOAD_BOUND = 0.9
"""How busy a load is that it would have been the bound."""


class Result(NamedTuple):
    """One row's outcome: the medians of both sides, and the ratio or value that was promised."""

    row: Row
    subject: Spread
    reference: Spread | None
    judged: Spread
    verdict: Verdict
    load_bound: bool

    def as_json(self) -> dict[str, Any]:
        """Return it for a file."""
        row = self.row
        return {
            **row._asdict(),
            "better": row.better.name.lower(),
            "subject_value": self.subject._asdict(),
            "reference_value": None if self.reference is None else self.reference._asdict(),
            "judged": self.judged._asdict(),
            "verdict": self.verdict.value,
            "load_bound": self.load_bound,
        }


def result(row: Row, samples: Samples) -> Result | None:
    """Return what the samples say about a row; None where one of its sides wasn't measured."""
    taken, names = samples.get(row.measurement, {}), (row.subject, *row.references)
    if not all(taken.get(name) for name in names):
        return None
    subject = _values(taken[row.subject], row.metric)
    references = [_values(taken[name], row.metric) for name in row.references]
    if row.reference_metric is not None:
        references = [_values(taken[row.subject], row.reference_metric)]
    judged = Spread.of(ratios(subject, references, row.better) if references else subject)
    best = [row.better.best(values) for values in zip(*references, strict=True)]
    return Result(
        row,
        Spread.of(subject),
        Spread.of(best) if best else None,
        judged,
        verdict(judged.median, row.better, row.bound, row.aim),
        load_bound=any(sample.get("load_busy", 0.0) > LOAD_BOUND for name in names for sample in taken[name]),
    )


def spreads(taken: Mapping[str, Sequence[Sample]], metric: str) -> dict[str, Spread]:
    """Return each contender's spread of a metric."""
    return {name: Spread.of(_values(samples, metric)) for name, samples in taken.items()}


def _values(samples: Sequence[Sample], metric: str) -> list[float]:
    return [sample[metric] for sample in samples]
