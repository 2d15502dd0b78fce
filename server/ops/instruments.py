"""All that is measured of one server for its operator, in a memory that doesn't grow."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import gevent

from actors.runtime.telemetry import Crashed, DeadLettered, Restarting, StormBegan, StormEnded
from server.ops import samples
from server.ops.incidents import Incidents
from server.ops.samples import Count, Gauge, Ring
from server.ops.survey import Survey

if TYPE_CHECKING:
    from actors.runtime.runtime import Runtime
    from server.journal.journal import LogJournal
    from server.observability.pulse import Pulse
    from server.observability.tally import Tally
    from server.sockets.reception import Reception


class Instruments:
    """Counts and measures from `start` to `stop`; what is asked of it in between costs next to nothing.

    Attributes:
        started_at: when it was made, in epoch ms.
        incidents: what happened lately.
        ring: the samples.
        survey: how the sessions are.
    """

    def __init__(self, runtime: Runtime, journal: LogJournal, reception: Reception, tally: Tally, pulse: Pulse) -> None:
        """Listen to the telemetry from now on."""
        self._runtime = runtime
        self._journal = journal
        self._reception = reception
        self._tally = tally
        self._pulse = pulse
        self.started_at = runtime.clock.epoch_ms()
        self.incidents = Incidents(runtime.clock)
        self.ring = Ring()
        self.survey = Survey(runtime)
        self._sampler = gevent.Greenlet(self._sample)
        runtime.telemetry.subscribe(self.incidents.hear)

    def start(self) -> None:
        """Begin to measure."""
        self._sampler.start()

    def stop(self) -> None:
        """End it."""
        self._sampler.kill()

    @property
    def overloaded(self) -> bool:
        """Whether so many sessions crash that no new ones begin."""
        counts = self._runtime.telemetry.counts
        return counts[StormBegan] > counts[StormEnded]

    def _sample(self) -> None:
        before, then = self._count(), time.monotonic()
        while True:
            gevent.sleep(samples.EVERY)
            count, now = self._count(), time.monotonic()
            self.ring.add(samples.sample(before, count, self._gauge(), now - then))
            before, then = count, now

    def _count(self) -> Count:
        runs, counts = self._tally.runs, self._runtime.telemetry.counts
        return Count(
            self._tally.events,
            runs["success"],
            runs["error"],
            runs["cancelled"],
            runs["timed_out"],
            counts[Crashed],
            counts[Restarting],
            counts[DeadLettered],
        )

    def _gauge(self) -> Gauge:
        commits, hub = self._journal.commit_seconds.lap(), self._pulse.seconds.lap()
        return Gauge(
            len(self._reception),
            self._runtime.population,
            commits.mean * 1000,
            max(commits.maximum, self._journal.lag) * 1000,
            hub.maximum * 1000,
        )
