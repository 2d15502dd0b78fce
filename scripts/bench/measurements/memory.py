"""How much memory a connection takes that nobody uses."""

from __future__ import annotations

import time

from scripts.bench.measurements import Measurement, Sample, Scale
from scripts.bench.servers import ALL, loaded, serving

WARM = 50
"""How many are connected before: what the first ones make a server load isn't theirs."""
SETTLE_SECONDS = 1.0
SURE = 5_000
"""How many connections make a second time needless."""


class Memory(Measurement):
    """Idle connections, each to a session of its own where there are sessions."""

    contenders = ALL

    def __init__(self, scale: Scale, connections: int) -> None:
        """Measure at so many."""
        super().__init__(scale)
        self.name = f"memory@{connections}"
        self._connections = connections

    @property
    def rounds(self) -> int:
        """How often: it hardly differs from time to time, the less the more there are."""
        return 1 if self._connections > SURE else self.scale.memory_rounds

    def sample(self, contender: str) -> Sample:
        """Measure the resident growth of a server that was just started."""
        with serving(contender, WARM + self._connections) as server, loaded(server, WARM, 0):
            time.sleep(SETTLE_SECONDS)
            before = server.process.resident_bytes()
            began = time.perf_counter()
            with loaded(server, self._connections, 0, first=WARM):
                took = time.perf_counter() - began
                time.sleep(SETTLE_SECONDS)
                grown = server.process.resident_bytes() - before
        return {"kib": grown / self._connections / 1024, "connections_per_second": self._connections / took}
