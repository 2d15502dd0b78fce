"""The supervision tree as it is drawn in a terminal."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text
from rich.tree import Tree

STYLES = {"failing": "bold red", "strained": "yellow", "well": "green"}
MOST_DOTS = 6
"""Budgets beyond are shown as numbers."""

Look = dict[str, Any]
"""What one look found: ``overview``, ``actors`` at the top, ``sessions``, and ``trees`` of some of them by their id."""


def drawn(look: Look) -> Tree:
    """Return a tree of what was found: the server, the actors at its top, and below the root its sessions."""
    tree = Tree(_headline(look["overview"]))
    for top in look["actors"]["actors"]:
        branch = _branch(tree, top)
        if top["address"] == "root":
            for row in look["sessions"]["sessions"]:
                _session(branch, row, look["trees"].get(row["session_id"]))
            _rest(branch, look["sessions"])
    return tree


def _headline(overview: dict[str, Any]) -> Text:
    conditions = overview["sessions"]
    line = Text(f"Greenroom {overview['version']}, up {_span(overview['now'] - overview['started_at'])}: ")
    parts = [Text(f"{conditions[name]:,} {name}", style=STYLES[name]) for name in STYLES if conditions[name]]
    line += Text(", ").join(parts or [Text("no session has actors")])
    line.append(f"; {overview['actors']:,} actors, {overview['connections']:,} connections")
    for trouble in _troubles(overview):
        line.append(f"\n{trouble}", style="bold red")
    return line


def _troubles(overview: dict[str, Any]) -> Iterator[str]:
    if not overview["recording"]:
        yield "The log can't be written."
    if overview["overloaded"]:
        yield "Overloaded: no new sessions begin."
    if overview["draining"]:
        yield "Draining: the server is going away."
    if overview["faults"]["rules"] is not None:
        yield f"A fault plan is loaded: {overview['faults']['left']} injections are left."


def _session(branch: Tree, row: dict[str, Any], actor: dict[str, Any] | None) -> None:
    name = Text(f"{row['username'] or row['user_id']}/{row['session_id']} ", style="bold")
    line = name + Text(row["condition"], style=STYLES[row["condition"]])
    if actor is None:
        branch.add(line)
    else:
        _branch(branch, actor, line.append(" ") + _vitals(actor))


def _branch(tree: Tree, actor: dict[str, Any], line: Text | None = None) -> Tree:
    name = Text(actor["address"].rpartition("/")[2] + " ", style="bold")
    branch = tree.add(name + _vitals(actor) if line is None else line)
    for child in actor["children"]:
        _branch(branch, child)
    if actor["omitted"] and actor["address"] != "root":
        branch.add(f"and {actor['omitted']:,} more")
    return branch


def _rest(branch: Tree, sessions: dict[str, Any]) -> None:
    left = sessions["matching"] - len(sessions["sessions"])
    if left > 0:
        branch.add(f"and {left:,} more")


def _vitals(actor: dict[str, Any]) -> Text:
    line = Text(actor["state"], style=STYLES[actor["condition"]])
    for fact in _facts(actor):
        line.append(f" · {fact}", style="default")
    return line


def _facts(actor: dict[str, Any]) -> Iterator[str]:
    if actor["retry_in_ms"] is not None:
        yield f"back in {actor['retry_in_ms'] / 1000:.1f} s"
    yield f"life {actor['incarnation']}"
    if actor["depth"]:
        yield f"{actor['depth']:,} waiting, the oldest for {_span(actor['oldest_ms'])}"
    if actor["handling"] is not None:
        yield f"at {actor['handling']}"
    if actor["restarts_left"] is not None:
        yield f"restarts {_dots(actor['restarts_left'], actor['restarts_allowed'])}"
    if actor["last_exit"] is not None:
        yield f"last ended: {actor['last_exit']}"


def _dots(left: int, allowed: int) -> str:
    return f"{left} of {allowed}" if allowed > MOST_DOTS else "●" * left + "○" * (allowed - left)


def _span(ms: int) -> str:
    seconds = ms / 1000
    for most, unit, size in ((90, "s", 1), (5400, "min", 60), (129_600, "h", 3600)):
        if seconds < most:
            return f"{seconds / size:.1f} {unit}" if seconds < 10 else f"{seconds / size:.0f} {unit}"  # noqa: PLR2004 - one digit behind the point says something up to here
    return f"{seconds / 86_400:.0f} d"
