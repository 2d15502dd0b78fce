"""What a turn, a session and an actor may take: counts, which no busy machine changes, against recorded ones.

    scripts/bench/run --record-budget

records what they take now. Do so when a change makes them less, so that they stay less; and when one makes them more
and is worth it, which the change of `FILE` then shows.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.bench.process import ROOT

FILE = ROOT / "tests" / "budget.json"
KINDS = ("turns", "sessions", "actors")
LENIENCY = 1.05
"""What is let pass: counts differ by less than a hundredth from run to run."""
SLACK = 0.5
"""And by so much at least, where a count is small: a timer that fires once in a while is no change."""
SECONDS = 100.0


def count(kind: str) -> dict[str, float]:
    """Return what is counted now, by `scripts.bench.counting` in a process of its own; blocks for some seconds."""
    command = [sys.executable, "-m", "scripts.bench.counting", kind]
    counted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=True)  # noqa: S603 - ours
    found: dict[str, float] = json.loads(counted.stdout)
    return found


def recorded(kind: str) -> dict[str, float]:
    """Return what was recorded."""
    kinds: dict[str, Any] = json.loads(FILE.read_text())
    return dict(kinds[kind])


def record() -> None:
    """Count everything, and keep it; blocks for half a minute."""
    Path(FILE).write_text(json.dumps({kind: count(kind) for kind in KINDS}, indent=2) + "\n")


def excesses(found: Mapping[str, float], budget: Mapping[str, float]) -> list[str]:
    """Return what takes more than it may, each as a sentence; what the budget doesn't know as well."""
    return [
        f"{name}: {number:g}, where {budget.get(name, 0.0):g} were recorded"
        for name, number in found.items()
        if number > max(budget.get(name, 0.0) * LENIENCY, budget.get(name, 0.0) + SLACK)
    ]
