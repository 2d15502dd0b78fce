"""What is wrong with a fault plan: everything at once, each with what to do."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from actors.runtime.ledger import TIMED, Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ANY = "*"
"""Any message type; in an address glob, any text."""

MOST_INJECTIONS = 100_000
"""How large a budget may be: each injection is kept in the ledger."""

MOST_SECONDS = 86_400

TRIGGERS = ("nth", "every", "probability")
PLAN_NAMES = ("seed", "budget", "rules")
RULE_NAMES = ("address", "message", *TRIGGERS, "action", "seconds")


def problems(plan: Mapping[str, Any]) -> list[str]:
    """Return a line for everything that keeps ``plan``, as its TOML or JSON has it, from being one."""
    checks: dict[str, tuple[Callable[[Any], bool], str]] = {
        "seed": (lambda value: _is_whole(value) and abs(value) < 2**63, "write a whole number of at most 63 bits"),
        "budget": (lambda value: _is_count(value) and value <= MOST_INJECTIONS, _whole_up_to(MOST_INJECTIONS)),
    }
    return [*_misnamed("", plan, PLAN_NAMES), *_wrong("", plan, checks), *_of_rules(plan.get("rules"))]


def _of_rules(rules: Any) -> Iterator[str]:
    if not isinstance(rules, list | tuple):
        yield "rules: there are none; write a [[rules]] table for each, with an address, an action and when"
        return
    for number, rule in enumerate(rules, start=1):
        where = f"rule {number}: "
        if isinstance(rule, dict):
            yield from _of_rule(where, rule)
        else:
            yield f"{where}{rule!r} isn't a table; write [[rules]] and the rule's entries below it"


def _of_rule(where: str, rule: Mapping[str, Any]) -> Iterator[str]:
    checks: dict[str, tuple[Callable[[Any], bool], str]] = {
        "address": (_is_text, "write an actor's address, with * for any text"),
        "message": (_is_text, 'write the name of a message\'s type, or "*"'),
        "nth": (_is_count, "write a whole number from 1"),
        "every": (_is_count, "write a whole number from 1"),
        "probability": (lambda value: _is_number(value) and 0 < value <= 1, "write a number above 0, at most 1"),
        "action": (lambda value: value in tuple(Action), f"write one of {', '.join(Action)}"),
        "seconds": (_is_duration, f"write a number above 0, at most {MOST_SECONDS}"),
    }
    yield from _misnamed(where, rule, RULE_NAMES)
    yield from (f"{where}{name} is missing; {checks[name][1]}" for name in ("address", "action") if name not in rule)
    yield from _wrong(where, rule, checks)
    yield from _contradictions(where, rule)


def _contradictions(where: str, rule: Mapping[str, Any]) -> Iterator[str]:
    given = [name for name in TRIGGERS if name in rule]
    action = rule.get("action")
    if len(given) != 1:
        yield f"{where}write exactly one of {', '.join(TRIGGERS)}; it has {' and '.join(given) or 'none'}"
    if action == Action.DELAY and "seconds" not in rule:
        yield f"{where}a delay needs to know for how long; write seconds"
    if action in tuple(Action) and action not in TIMED and "seconds" in rule:
        yield f"{where}{action} takes no time; leave seconds out"
    if action == Action.FAIL_START and rule.get("message", ANY) != ANY:
        yield f"{where}fail_start is about starts, not messages; leave message out"


def _wrong(
    where: str, table: Mapping[str, Any], checks: Mapping[str, tuple[Callable[[Any], bool], str]]
) -> Iterator[str]:
    for name, (holds, advice) in checks.items():
        if name in table and not holds(table[name]):
            yield f"{where}{name} can't be {table[name]!r}; {advice}"


def _misnamed(where: str, table: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    names = tuple(names)
    for name in table:
        if name not in names:
            close = difflib.get_close_matches(str(name), names, n=1)
            advice = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
            yield f"{where}there is no {name!r}; {advice}"


def _whole_up_to(most: int) -> str:
    return f"write a whole number from 1 to {most}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_whole(value) and value >= 1


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_duration(value: Any) -> bool:
    return _is_number(value) and 0 < value <= MOST_SECONDS
