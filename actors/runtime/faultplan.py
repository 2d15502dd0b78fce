"""Which faults to inject where: a plan is data, from TOML, JSON or code, and is checked as a whole."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from actors.runtime.errors import FaultPlanInvalid
from actors.runtime.faultproblems import ANY, problems
from actors.runtime.ledger import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from actors.runtime.ledger import Injection


@dataclass(frozen=True, slots=True)
class Rule:
    """When to do what to which deliveries; the plan that it is in checks it.

    Attributes:
        address: a glob: ``*`` stands for any text, slashes too, ``?`` for one character, ``[ab]`` for either.
        action: what to do.
        message: the name of the message's type, or ``*``.
        nth: at the nth delivery that matches, once.
        every: at each nth delivery that matches.
        probability: at each delivery that matches, with this probability.
        seconds: how long to delay or to hang.
    """

    address: str
    action: Action
    message: str = ANY
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    seconds: float | None = None

    @classmethod
    def repeating(cls, injection: Injection) -> Self:
        """Make the rule that does the same again to the same delivery, and nothing else."""
        literal = re.sub(r"([*?[])", r"[\1]", injection.address)
        message = ANY if injection.action is Action.FAIL_START else injection.message
        return cls(literal, injection.action, message, nth=injection.delivery, seconds=injection.seconds)

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as TOML or JSON would have it."""
        return {name: value for name in _names(Rule) if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Rules, the seed of their draws, and how many injections there are at most."""

    rules: tuple[Rule, ...]
    seed: int = 0
    budget: int = 100

    def __post_init__(self) -> None:
        """Refuse a plan that can't be.

        Raises:
            FaultPlanInvalid: with everything that is wrong.
        """
        _refuse_invalid(self.to_dict())

    @classmethod
    def from_dict(cls, tree: Any) -> Self:
        """Make a plan of what TOML or JSON says.

        Raises:
            FaultPlanInvalid: with everything that is wrong.
        """
        _refuse_invalid(tree)
        return cls(**{**tree, "rules": tuple(_rule(entries) for entries in tree["rules"])})

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Make a plan of TOML.

        Raises:
            FaultPlanInvalid: with everything that is wrong.
        """
        try:
            return cls.from_dict(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise FaultPlanInvalid([f"this isn't valid TOML: {error}"]) from error

    @classmethod
    def from_ledger(cls, ledger: Iterable[Injection]) -> Self:
        """Make the plan that injects exactly at the deliveries of ``ledger``, where these come again."""
        rules = tuple(Rule.repeating(injection) for injection in ledger)
        return cls(rules, budget=max(1, len(rules)))

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as TOML or JSON would have it."""
        return {"seed": self.seed, "budget": self.budget, "rules": [rule.to_dict() for rule in self.rules]}


def _refuse_invalid(tree: Any) -> None:
    found = problems(tree) if isinstance(tree, dict) else ["a plan is a table of seed, budget and rules"]
    if found:
        raise FaultPlanInvalid(found)


def _rule(entries: Mapping[str, Any]) -> Rule:
    return Rule(**{**entries, "action": Action(entries["action"])})


def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
