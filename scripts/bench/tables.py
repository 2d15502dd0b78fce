"""What came out, shown to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from scripts.bench.ratios import Spread, Verdict
from scripts.bench.results import LOAD_BOUND, spreads
from scripts.bench.servers import OURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scripts.bench.measurements.growth import Curve
    from scripts.bench.results import Result, Samples

_COLOURS = {Verdict.AIM: "green", Verdict.HOLDS: "yellow", Verdict.SHORT: "red"}
_LARGE = 100


def promises(results: Iterable[Result]) -> Table:
    """Show each row: what it was held against, the ratio with its spread, and what was promised."""
    table = Table("what", "ours", "side by side with", "", "ratio", "lowest to highest", "promised", "aim", "")
    for result in results:
        row, judged = result.row, result.judged
        sign = "≥" if row.better.name == "HIGHER" else "≤"
        unit = "x" if row.is_ratio else f" {row.unit}"
        table.add_row(
            row.what,
            f"{_short(result.subject.median)} {row.unit}",
            " or ".join(row.references) or (row.reference_metric or "").replace("_", " "),
            "" if result.reference is None else f"{_short(result.reference.median)} {row.unit}",
            f"{_short(judged.median)}{unit}",
            f"{_short(judged.low)} to {_short(judged.high)}",
            f"{sign} {row.bound:.3g}{unit}",
            "" if row.aim is None else f"{row.aim:.3g}{unit}",
            f"[{_COLOURS[result.verdict]}]{result.verdict.value}[/]" + (" (load-bound)" if result.load_bound else ""),
        )
    return table


def turns(samples: Samples) -> Iterable[Table]:
    """Show what every server did in each measurement of turns."""
    for name in ("turns", "latency", "crowd"):
        if name not in samples:
            continue
        table = Table(name, "turns/s", "processor, µs a turn", "p50, ms", "p99, ms", "load busy")
        taken = samples[name]
        for contender in taken:
            columns = [
                spreads(taken, metric)[contender]
                for metric in ("turns_per_second", "cpu_us_per_turn", "p50_ms", "p99_ms")
            ]
            busy = spreads(taken, "load_busy")[contender].high
            told = f"{busy:.2f}" + (" the bound" if busy > LOAD_BOUND else "")
            table.add_row(contender, *(_spread(column) for column in columns), told)
        yield table


def memory(samples: Samples) -> Iterable[Table]:
    """Show what every server holds for an idle connection."""
    for name, taken in samples.items():
        if name.startswith("memory@"):
            table = Table(name, "KiB a connection", "ours by this", "connections a second while they come")
            kib, rate = (spreads(taken, metric) for metric in ("kib", "connections_per_second"))
            for contender in taken:
                by = f"{kib[OURS].median / kib[contender].median:.2f}x" if OURS in kib else ""
                table.add_row(contender, _spread(kib[contender]), by, _spread(rate[contender]))
            yield table


def growth(curves: Iterable[Curve], samples: Samples) -> Table:
    """Show the curves, each point as what it is and by what it is more than the first."""
    table = Table("how it grows", "at", "processor, µs", "by the first")
    for curve in curves:
        if not samples.get(curve.name):
            continue
        points: Mapping[str, Spread] = spreads(samples[curve.name], curve.metric)
        first = next(iter(points.values())).median
        for size, point in points.items():
            table.add_row(curve.name, size, _spread(point), f"{point.median / first:.2f}x")
    return table


def _spread(spread: Spread) -> str:
    return f"{_short(spread.median)} ({_short(spread.low)} to {_short(spread.high)})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= _LARGE else f"{value:.3g}"
