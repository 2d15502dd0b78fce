"""What was injected, and where: enough to inject exactly the same again."""

from __future__ import annotations

from collections.abc import Iterable  # noqa: TC003 - beside the fields below, which are read at run time
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from actors.runtime.errors import FaultPlanInvalid

START = "<start>"
"""Stands for an actor's start where otherwise a message's type does; no class can have this name."""


class Action(StrEnum):
    """What can be done to a delivery."""

    RAISE = "raise"
    """`InjectedFault` in the handler's place."""
    KILL = "kill"
    """The actor is killed, as by an operator."""
    EXIT = "exit"
    """`SystemExit` in the handler's place."""
    DELAY = "delay"
    """The message comes again after ``seconds``, behind those that came meanwhile."""
    DROP = "drop"
    """Nobody gets the message, and nobody is told."""
    DUPLICATE = "duplicate"
    """The message comes twice; the second time nobody waits for a reply."""
    HANG = "hang"
    """The handler blocks for ``seconds``, or until it is killed, before it runs."""
    SIGKILL = "sigkill"
    """The whole process is killed at this very delivery, as by the kernel."""
    FAIL_START = "fail_start"
    """`InjectedFault` in the place of an actor's start."""


TIMED = frozenset({Action.DELAY, Action.HANG})
"""What takes time, and may say how much."""


@dataclass(frozen=True, slots=True)
class Injection:
    """One entry of the ledger.

    Attributes:
        number: which entry it is, from 1.
        delivery: which delivery of its message type to its address it was, from 1, counted over all incarnations.
        address: the actor.
        incarnation: the life that the actor was in.
        message: the name of the message's type, or `START`.
        rule: which rule of the plan it was, from 1.
        action: what was done.
        seconds: how long, for a delay or a hang; None otherwise, or where a hang has no end.
    """

    number: int
    delivery: int
    address: str
    incarnation: int
    message: str
    rule: int
    action: Action
    seconds: float | None = None


def to_json(ledger: Iterable[Injection]) -> str:
    """Write a ledger down; the same ledger is the same text."""
    return msgspec.json.encode(list(ledger)).decode()


def from_json(text: str) -> tuple[Injection, ...]:
    """Read what `to_json` wrote.

    Raises:
        FaultPlanInvalid: it is something else.
    """
    try:
        return msgspec.json.decode(text, type=tuple[Injection, ...])
    except msgspec.DecodeError as error:
        raise FaultPlanInvalid([f"this isn't a ledger: {error}; give one as it was written down"]) from error
