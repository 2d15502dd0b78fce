"""A fault plan at work: decides about each delivery, and keeps the ledger of what it decided.

Every draw is a function of the seed, the rule, and which delivery of its type to its address this is. So what befalls
one actor depends on that actor's own messages alone, in whatever order the others have theirs; only the budget and
rules that count over several addresses see the order of all.
"""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

from actors.runtime.faultproblems import ANY
from actors.runtime.ledger import START, Action, Injection

if TYPE_CHECKING:
    from actors.runtime.faultplan import FaultPlan, Rule


class _Counting:
    """A rule, and how many deliveries matched it."""

    __slots__ = ("_address", "_count", "_seed", "number", "rule")

    def __init__(self, number: int, rule: Rule, seed: int) -> None:
        self.number = number
        self.rule = rule
        self._seed = seed
        self._address = re.compile(fnmatch.translate(rule.address))
        self._count = 0

    def matches(self, address: str, message: str) -> bool:
        """Tell whether the rule is about such deliveries."""
        of_kind = (self.rule.action == Action.FAIL_START) == (message == START)
        return of_kind and self.rule.message in (ANY, message) and self._address.match(address) is not None

    def count(self, address: str, message: str, delivery: int) -> bool:
        """Count a delivery that matches; tell whether it is one to inject at."""
        self._count += 1
        if self.rule.nth is not None:
            return self._count == self.rule.nth
        if self.rule.every is not None:
            return self._count % self.rule.every == 0
        return self._draw(address, message, delivery) < (self.rule.probability or 0)

    def _draw(self, address: str, message: str, delivery: int) -> float:
        # A random.Random for each draw would do the same at ten times the price; hash() differs between processes.
        key = f"{self._seed}\0{self.number}\0{address}\0{message}\0{delivery}".encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(key, digest_size=6).digest(), "big") / 2**48


class Faults:
    """The state of one plan since it was loaded. Does nothing to anybody: `actors.runtime.injection` does."""

    __slots__ = ("_deliveries", "_rules", "ledger", "plan")

    def __init__(self, plan: FaultPlan) -> None:
        """Begin with nothing delivered and nothing injected."""
        self.plan = plan
        self.ledger: list[Injection] = []
        self._rules = tuple(_Counting(number, rule, plan.seed) for number, rule in enumerate(plan.rules, start=1))
        self._deliveries: Counter[tuple[str, str]] = Counter()

    @property
    def left(self) -> int:
        """How many injections the budget still allows."""
        return self.plan.budget - len(self.ledger)

    def decide(self, address: str, incarnation: int, message: str) -> Injection | None:
        """Count a delivery and decide what to inject at it, if anything.

        Every rule that matches counts it; of those that are due, the first one acts.

        Args:
            address: the actor.
            incarnation: which life of it.
            message: the name of the message's type, or `START`.
        """
        rules = self._matching(address, message)
        if not rules:
            return None
        self._deliveries[address, message] += 1
        delivery = self._deliveries[address, message]
        due = [counting for counting in rules if counting.count(address, message, delivery)]
        return self._note(due[0], delivery, address, incarnation, message) if due else None

    def _matching(self, address: str, message: str) -> list[_Counting]:
        # Once the budget is spent nothing is counted any more: what is counted for each address takes memory.
        return [counting for counting in self._rules if counting.matches(address, message)] if self.left else []

    def _note(self, due: _Counting, delivery: int, address: str, incarnation: int, message: str) -> Injection:
        rule, number = due.rule, len(self.ledger) + 1
        injection = Injection(
            number, delivery, address, incarnation, message, due.number, Action(rule.action), rule.seconds
        )
        self.ledger.append(injection)
        return injection
