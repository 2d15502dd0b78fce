"""A look at every session, for the few that need one."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gevent.lock import BoundedSemaphore

from server.ops.ranking import Condition, rank
from server.turns import give_way

if TYPE_CHECKING:
    from actors.runtime.runtime import Runtime
    from server.ops.ranking import Rank

ROOT = "root"

SLICE = 0.002
"""How many seconds it goes on before everybody else has a turn."""

FRESH = 1.0
"""For how many seconds what was found holds."""


class Findings(NamedTuple):
    """All sessions, the worst first, else in the order of their starts; how many are how; and what finding out took."""

    ranks: tuple[Rank, ...]
    counts: dict[str, int]
    seconds: float


class Survey:
    """Looks at all sessions when somebody asks, in slices, and once for all who ask at about the same time."""

    def __init__(self, runtime: Runtime) -> None:
        """Know nothing yet."""
        self._runtime = runtime
        self._turn = BoundedSemaphore()
        self._findings = Findings((), {}, 0.0)
        self._fresh_until = 0.0

    def findings(self) -> Findings:
        """Return how the sessions are, as of a second ago at most; blocks the calling greenlet alone."""
        with self._turn:
            if time.monotonic() >= self._fresh_until:
                self._findings = self._look()
                self._fresh_until = time.monotonic() + FRESH
            return self._findings

    def expire(self) -> None:
        """Have the next look made anew: something was done."""
        self._fresh_until = 0.0

    def _look(self) -> Findings:
        ranks: list[Rank] = []
        worked, began = 0.0, time.monotonic()
        for address in self._runtime.children(ROOT):
            ranks.append(rank(address, self._runtime.restless(address)))
            if (took := time.monotonic() - began) >= SLICE:
                worked += took
                give_way()
                began = time.monotonic()
        counts = Counter(one.condition for one in ranks)
        ranks.sort(key=_severity, reverse=True)
        worked += time.monotonic() - began
        return Findings(tuple(ranks), {str(each): counts[each] for each in Condition}, worked)


def _severity(one: Rank) -> float:
    return one.severity
