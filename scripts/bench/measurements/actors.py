"""What actors cost, without any server."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from scripts.bench.measurements import Measurement, Sample, Scale
from scripts.bench.process import SERVER_CORE, Process, python

if TYPE_CHECKING:
    from collections.abc import Sequence


class Probed(Measurement):
    """A kind of `scripts.bench.probes`, by a process for each contender that lives for all rounds."""

    kind: ClassVar[str]
    contenders: Sequence[str] = ("greenroom", "pykka")

    @property
    def count(self) -> int:
        """How many things each sample does."""
        raise NotImplementedError

    def arguments(self, contender: str) -> tuple[object, ...]:
        """Return what the process of a contender is started with."""
        return (contender, self.kind)

    def prepare(self) -> None:
        """Start the processes."""
        self._probes = {contender: self.start(contender) for contender in self.contenders}

    def start(self, contender: str) -> Process:
        """Start the process of a contender, which ends with the measurement."""
        probe = Process(python("scripts.bench.probes", *self.arguments(contender)), SERVER_CORE)
        self._stack.enter_context(probe)
        probe.await_ready()
        return probe

    def sample(self, contender: str) -> Sample:
        """Have it done once."""
        return self._probes[contender].ask(self.count)


class Asks(Probed):
    """Ask one actor over and over."""

    name, kind = "asks", "asks"

    @property
    def count(self) -> int:
        """How many asks."""
        return self.scale.asks


class Spawns(Probed):
    """Start and stop actors, one after the other."""

    name, kind = "spawns", "spawns"

    @property
    def count(self) -> int:
        """How many actors."""
        return self.scale.spawns


class IdleActors(Probed):
    """Start actors and leave them alone."""

    name, kind = "idle-actors", "idle"
    most_rounds = 2

    @property
    def count(self) -> int:
        """How many actors."""
        return self.scale.idle_actors

    def prepare(self) -> None:
        """Do nothing: a process has grown once it was measured."""

    def sample(self, contender: str) -> Sample:
        """Measure a process of its own."""
        return self.start(contender).ask(self.count)


class Stops(Probed):
    """Stop actors where few live, and where many do."""

    name, kind = "stops", "stops"
    FEW = 1_000
    STOPPED = 5_000

    def __init__(self, scale: Scale) -> None:
        """Name them by how many live meanwhile."""
        super().__init__(scale)
        self.contenders = (f"{scale.live_actors} live", f"{self.FEW} live")

    @property
    def count(self) -> int:
        """How many are stopped."""
        return self.STOPPED

    def arguments(self, contender: str) -> tuple[object, ...]:
        """Have so many live."""
        return ("greenroom", self.kind, contender.partition(" ")[0])


class Restarts(Probed):
    """Crash supervised actors, and wait for their next lives."""

    name, kind = "restarts", "restarts"
    contenders = ("greenroom",)

    @property
    def count(self) -> int:
        """How many crash."""
        return self.scale.crashes
