"""The simulation: a whole tree of sessions on one thread, where a seed decides who runs next and what goes wrong."""

from actors.testing.simulation.exploration import Find, explore
from actors.testing.simulation.scenario import Scenario
from actors.testing.simulation.simulation import Outcome, simulate

__all__ = ["Find", "Outcome", "Scenario", "explore", "simulate"]
