"""Turns over real sockets: a message in, five events out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from scripts.bench.measurements import Measurement, Sample
from scripts.bench.servers import ALL, OURS, STARLETTE, loaded, serving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.bench.process import Process

WARM_SECONDS = 0.5


class Pair(NamedTuple):
    """A server and its load."""

    server: Process
    load: Process

    def turns(self, seconds: float, pause: float = 0.0) -> Sample:
        """Have the load ask for so long, each anew after a pause; say what both saw of it."""
        spent = self.server.cpu_seconds()
        seen = self.load.ask(seconds, pause)
        spent = self.server.cpu_seconds() - spent
        return {**seen, "cpu_us_per_turn": spent / seen["turns"] * 1e6}


class Turns(Measurement):
    """Many connections at once, each of which asks again as soon as it is answered."""

    name = "turns"
    connections: ClassVar[int] = 50
    contenders: Sequence[str] = ALL

    def prepare(self) -> None:
        """Start all servers: those that aren't measured idle meanwhile."""
        self._pairs = {}
        for name in self.contenders:
            server = self._stack.enter_context(serving(name, self.connections))
            load = self._stack.enter_context(loaded(server, self.connections, self.connections))
            self._pairs[name] = Pair(server.process, load)
            load.ask(WARM_SECONDS, 0.0)

    def sample(self, contender: str) -> Sample:
        """Measure one server."""
        return self._pairs[contender].turns(self.scale.seconds)


class Latency(Turns):
    """One connection."""

    name = "latency"
    connections = 1
    contenders = (OURS, *STARLETTE)


class Crowd(Measurement):
    """Many connected sessions, one in a hundred active: always in a turn, and as people are, a second apart."""

    name = "crowd"
    STEADY, PACED = f"{OURS}, without pause", f"{OURS}, a second apart"
    contenders = (STEADY, PACED)
    SHARE = 100
    PAUSES: ClassVar[dict[str, float]] = {STEADY: 0.0, PACED: 1.0}

    def prepare(self) -> None:
        """Have them all connect."""
        connections = self.scale.crowd
        server = self._stack.enter_context(serving(OURS, connections))
        load = self._stack.enter_context(loaded(server, connections, connections // self.SHARE))
        self._pair = Pair(server.process, load)
        load.ask(WARM_SECONDS, 0.0)

    def sample(self, contender: str) -> Sample:
        """Measure one way of being active."""
        return self._pair.turns(self.scale.seconds, self.PAUSES[contender])
