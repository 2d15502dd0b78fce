"""How the costs grow: curves, for a table of their own."""

from __future__ import annotations

from scripts.bench.measurements import Measurement, Sample, Scale
from scripts.bench.measurements.actors import Probed
from scripts.bench.measurements.turns import WARM_SECONDS, Pair
from scripts.bench.servers import OURS, loaded, serving

ACTIVE = 50


class Curve(Measurement):
    """A cost at several sizes, each a contender; the first size is what the others are compared with."""

    most_rounds = 3
    metric: str

    def __init__(self, scale: Scale) -> None:
        """Take the sizes from the scale."""
        super().__init__(scale)
        self.contenders = tuple(map(str, scale.growth))


class TurnsBySessions(Curve):
    """The cost of a turn while so many sessions are connected, fifty of which ask."""

    name = "growth-sessions"
    metric = "cpu_us_per_turn"

    def prepare(self) -> None:
        """Have a server for each size."""
        self._pairs = {}
        for size in self.scale.growth:
            server = self._stack.enter_context(serving(OURS, size))
            load = self._stack.enter_context(loaded(server, size, ACTIVE))
            load.ask(WARM_SECONDS, 0.0)
            self._pairs[str(size)] = Pair(server.process, load)

    def sample(self, contender: str) -> Sample:
        """Measure one size."""
        return self._pairs[contender].turns(self.scale.seconds)


class TurnsByEvents(TurnsBySessions):
    """The cost of a turn in sessions whose logs hold so many events already."""

    name = "growth-events"

    def prepare(self) -> None:
        """Have a server for each size."""
        self._pairs = {}
        for size in self.scale.growth:
            server = self._stack.enter_context(serving(OURS, ACTIVE, size))
            load = self._stack.enter_context(loaded(server, ACTIVE, ACTIVE))
            load.ask(WARM_SECONDS, 0.0)
            self._pairs[str(size)] = Pair(server.process, load)


class AsksByActors(Curve, Probed):
    """The cost of an ask while so many actors live."""

    name, kind = "growth-actors", "asks"
    metric = "cpu_us"

    @property
    def count(self) -> int:
        """How many asks."""
        return self.scale.asks

    def arguments(self, contender: str) -> tuple[object, ...]:
        """Have so many live."""
        return ("greenroom", self.kind, contender)
