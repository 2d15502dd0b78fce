"""One life of a simulated server's process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.agents.registry import AgentCatalog
from actors.agents.rehearsal import Rehearsal
from actors.runtime.runtime import Runtime
from actors.runtime.specs import ChildSpec
from actors.session.environment import Environment
from actors.session.messages import TakeUp

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.clock import Timer
    from actors.session.journal import Journal
    from actors.testing.clock import ManualClock
    from actors.testing.simulation.scenario import Scenario
    from actors.testing.simulation.scheduler import SimulatedDispatcher


class _MortalClock:
    """A clock whose timers end with the process that set them."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.stopped = False

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def epoch_ms(self) -> int:
        return self._clock.epoch_ms()

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        return self._clock.call_later(seconds, lambda: None if self.stopped else call())


class Process:
    """A runtime with its root, which takes up what the process before it left in the journal."""

    def __init__(
        self, dispatcher: SimulatedDispatcher, clock: ManualClock, journal: Journal, scenario: Scenario, seed: int
    ) -> None:
        """Start it; nothing runs before the dispatcher does."""
        self._dispatcher = dispatcher
        self._clock = _MortalClock(clock)
        self.runtime = Runtime(dispatcher, self._clock, seed)
        environment = Environment(journal, AgentCatalog(Rehearsal), Rehearsal.name, **scenario.limits)
        self.root = self.runtime.supervise(ChildSpec("root", scenario.root, (environment,)))
        unfinished = journal.unfinished()
        if unfinished:
            self.root.tell(TakeUp(tuple(unfinished)))

    def kill(self) -> None:
        """End it as SIGKILL does: nothing of it moves again, and nothing is cleaned up."""
        self._clock.stopped = True
        self._dispatcher.cut_off()
