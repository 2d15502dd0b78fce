"""Measure what is promised, ours and the peers in turn, and say what holds."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.bench import tables
from scripts.bench.budget import record
from scripts.bench.measurements import FULL, QUICK
from scripts.bench.results import result
from scripts.bench.rows import curves, measurements, rows
from scripts.bench.running import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.bench.measurements import Measurement, Scale
    from scripts.bench.results import Samples

WIDTH = 160
"""Columns, where the tables go to a file."""


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="Measure this alone; may be given again. See --list.")
@click.option("--quick", is_flag=True, help="Less of everything: under two minutes, and figures to doubt.")
@click.option("--rounds", type=click.IntRange(min=1), help="How often each is measured, in turn.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write every sample there.")
@click.option("--record-budget", "recording", is_flag=True, help="Count what the tests hold us to, and leave.")
@click.option("--list", "listing", is_flag=True, help="Name what can be measured, and leave.")
def main(
    only: tuple[str, ...], file: Path | None, rounds: int | None, *, quick: bool, recording: bool, listing: bool
) -> None:
    """Measure what is promised, ours and the peers in turn; ratios of one run alone mean something."""
    if recording:
        record()
        return
    scale = QUICK if quick else FULL
    scale = scale if rounds is None else scale._replace(rounds=rounds)
    everything = [*measurements(scale), *curves(scale)]
    if listing:
        for measurement in everything:
            click.echo(f"{measurement.name:20} {(measurement.__doc__ or '').splitlines()[0]}")
        return
    chosen = _chosen(everything, only)
    outcome = Outcome()
    try:
        _measure(chosen, outcome)
    finally:  # What was measured before somebody had enough is shown all the same.
        _show(scale, outcome.samples)
        if file is not None:
            file.write_text(json.dumps(_report(scale, outcome.samples), indent=1))
    for failure in outcome.failures:
        click.echo(failure, err=True)
    sys.exit(bool(outcome.failures))


def _chosen(everything: Sequence[Measurement], only: tuple[str, ...]) -> list[Measurement]:
    known = [measurement.name for measurement in everything]
    for name in only:
        if not any(each.startswith(name) for each in known):
            raise click.BadParameter(f"{name!r} is none of {', '.join(known)}", param_hint="--only")
    return [each for each in everything if not only or each.name.startswith(only)]


def _measure(chosen: Sequence[Measurement], outcome: Outcome) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        total = sum(1 + measurement.rounds * len(measurement.contenders) for measurement in chosen)
        task = progress.add_task("", total=total)

        def step(what: str) -> None:
            progress.update(task, description=what, advance=1)

        run(chosen, outcome, step)


def _show(scale: Scale, samples: Samples) -> None:
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    for table in (*tables.turns(samples), *tables.memory(samples)):
        console.print(table)
    results = [found for row in rows(scale) if (found := result(row, samples)) is not None]
    if results:
        console.print(tables.promises(results))
    grown = tables.growth(curves(scale), samples)
    if grown.row_count:
        console.print(grown)


def _report(scale: Scale, samples: Samples) -> dict[str, object]:
    return {
        "machine": {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()},
        "scale": scale._asdict(),
        "rows": [found.as_json() for row in rows(scale) if (found := result(row, samples)) is not None],
        "samples": samples,
    }


if __name__ == "__main__":
    main()
