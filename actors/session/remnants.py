"""The runs that were open where a pruned log begins, as what is kept of them shows. Pure.

What is gone can't be checked; what it must have been can be: a run whose first event here isn't its
``message_accepted`` had been accepted, and that event says whether it was waiting, running or about to run again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Event = dict[str, Any]


@dataclass
class Run:
    """What a log says of one run."""

    attempts: int = 0
    phase: str = "queued"
    open_calls: dict[str, str] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)


class Remnants(NamedTuple):
    """The runs that were open, and those of them that waited, in the order in which they started."""

    runs: dict[str, Run]
    queue: list[str]


def remnants(events: Iterable[Event]) -> Remnants:
    """Tell how the session stood before the first of ``events``: all that is kept, each by itself as it must be."""
    of_runs: dict[str, list[Event]] = {}
    for event in events:
        of_runs.setdefault(event["run_id"], []).append(event)
    cut = {run_id: of_run for run_id, of_run in of_runs.items() if of_run[0]["type"] != "message_accepted"}
    runs = {run_id: _run(of_run) for run_id, of_run in cut.items()}
    # One that was dequeued in the end may have had any place; the last one is in nobody's way.
    queue = sorted(
        (run_id for run_id, run in runs.items() if run.phase == "queued"),
        key=lambda run_id: cut[run_id][0]["type"] == "message_dequeued",
    )
    return Remnants(runs, queue)


def _run(events: Sequence[Event]) -> Run:
    """Tell what a run was before the first of its events."""
    kind, data = events[0]["type"], events[0]["data"]
    if kind == "message_dequeued" or (kind == "agent_started" and data["attempt"] == 1):
        return Run()
    if kind == "agent_started":
        return Run(data["attempt"] - 1, "restarting")
    calls = _open_calls(events)
    return Run(_attempts(events), "running", calls, set(calls))


def _attempts(events: Sequence[Event]) -> int:
    """Tell which attempt was under way: the next one, or else the end, says it."""
    for event in events:
        if event["type"] in ("agent_restarted", "agent_started"):
            return int(event["data"]["attempt"]) - 1
        if event["type"] == "agent_completed":
            return int(event["data"]["attempts"])
    return 1


def _open_calls(events: Sequence[Event]) -> dict[str, str]:
    """Find the tool calls that end within the attempt that was under way, and didn't begin here."""
    begun: set[str] = set()
    found: dict[str, str] = {}
    for event in events:
        if event["type"] == "agent_restarted":
            break
        call = event["data"].get("tool_call_id")
        if event["type"] == "tool_executing":
            begun.add(call)
        elif event["type"] == "tool_completed" and call not in begun:
            found[call] = event["data"]["tool"]
            begun.add(call)
    return found
