"""Who needs looking after first. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from actors.runtime.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.runtime.tree import Snapshot

SLOW = 1.0
"""How many seconds a message may wait in a mailbox before that is worth a word."""

LONGEST = 99.0
"""Longer waits are all the same: how often somebody failed counts for more."""


class Condition(StrEnum):
    """How a tree of actors is."""

    FAILING = "failing"
    """One of them is between two lives."""
    STRAINED = "strained"
    """One of them failed lately, keeps messages waiting, or is ending."""
    WELL = "well"


class Rank(NamedTuple):
    """A place in the order, the worst the highest."""

    severity: float
    condition: Condition
    address: str


def condition_of(actor: Snapshot) -> Condition:
    """Return how one actor is."""
    if actor.state is State.DOWN or (actor.state is State.STARTING and actor.incarnation > 1):
        return Condition.FAILING
    if actor.state is State.STOPPING or _spent(actor) or (actor.oldest or 0.0) >= SLOW:
        return Condition.STRAINED
    return Condition.WELL


def severity_of(actor: Snapshot) -> float:
    """Return how much one actor needs looking after."""
    return _WEIGHTS[condition_of(actor)] + 100 * _spent(actor) + min(actor.oldest or 0.0, LONGEST)


def rank(address: str, restless: Iterable[Snapshot]) -> Rank:
    """Rank the tree at ``address`` by the worst of those in it of whom there is anything to tell."""
    worst = max(restless, key=severity_of, default=None)
    if worst is None:
        return Rank(0.0, Condition.WELL, address)
    return Rank(severity_of(worst), condition_of(worst), address)


def _spent(actor: Snapshot) -> float:
    """Return which share of its restarts is used up."""
    if actor.budget is None or actor.budget.left >= actor.budget.allowed:
        return 0.0
    return 1 - actor.budget.left / actor.budget.allowed


_WEIGHTS = {Condition.FAILING: 2000.0, Condition.STRAINED: 1000.0, Condition.WELL: 0.0}
