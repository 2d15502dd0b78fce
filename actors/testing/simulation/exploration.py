"""Looking for the seed that breaks a promise, and for how little it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from actors.testing.simulation.simulation import Outcome, simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from actors.testing.simulation.scenario import Scenario


class Find(NamedTuple):
    """A seed that breaks a promise, and the fewest of its first injections that still do."""

    outcome: Outcome
    injections: int

    def __str__(self) -> str:
        """Tell all that is needed to look into it."""
        injected = [f"  {entry.at:.3f} s  {entry.what}" for entry in self.outcome.ledger.of("inject")]
        return "\n".join(
            [
                f"seed {self.outcome.seed} breaks a promise with {self.injections} injections:",
                *injected,
                str(self.outcome.failure),
                "the end of its ledger:",
                str(self.outcome.ledger),
            ]
        )


def explore(
    scenario: Scenario, seeds: Iterable[int], after_each: Callable[[Outcome], object] = lambda _: None
) -> Find | None:
    """Simulate with each seed until one breaks a promise; return that one, shrunk, or None. Blocks all the while."""
    for seed in seeds:
        outcome = simulate(scenario, seed)
        after_each(outcome)
        if outcome.failure is not None:
            return shrink(scenario, outcome)
    return None


def shrink(scenario: Scenario, outcome: Outcome) -> Find:
    """Find the shortest prefix of a failed simulation's injections with which it still fails."""
    injected = len(outcome.ledger.of("inject"))
    for injections in range(injected):
        smaller = simulate(scenario, outcome.seed, injections=injections)
        if smaller.failure is not None:
            return Find(smaller, injections)
    return Find(outcome, injected)
