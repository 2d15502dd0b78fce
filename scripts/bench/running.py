"""Measuring: each measurement's contenders in turn, round after round."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scripts.bench.process import ProcessFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scripts.bench.measurements import Measurement
    from scripts.bench.results import Samples


@dataclass
class Outcome:
    """What was sampled so far, and what failed on the way."""

    samples: Samples = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def run(chosen: Iterable[Measurement], outcome: Outcome, step: Callable[[str], object]) -> None:
    """Measure, and add to ``outcome``; ``step`` is called with what comes next. Blocks until all is done.

    A contender that fails is out of its measurement, and the others go on: a peer may not hold what ours does.
    """
    for measurement in chosen:
        step(f"{measurement.name}: prepare")
        try:
            with measurement:
                taken: dict[str, list[dict[str, float]]] = {name: [] for name in measurement.contenders}
                for contender in list(measurement.contenders) * measurement.rounds:
                    step(f"{measurement.name}: {contender}")
                    if contender in taken:
                        _sample(measurement, contender, taken, outcome.failures)
        except ProcessFailed as failure:
            outcome.failures.append(f"{measurement.name}: {failure}")
        else:
            # Not before: half a round is no ratio.
            outcome.samples[measurement.name] = taken


def _sample(
    measurement: Measurement, contender: str, taken: dict[str, list[dict[str, float]]], failures: list[str]
) -> None:
    try:
        taken[contender].append(measurement.sample(contender))
    except ProcessFailed as failure:
        failures.append(f"{measurement.name}, {contender}: {failure}")
        del taken[contender]
