"""All that is measured of one server for its operator, in a memory that doesn't grow."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import gevent

from actors.runtime.telemetry import Crashed, DeadLettered, Restarting, StormBegan, StormEnded
from actors.session.events import AgentCompleted
from server.ops import samples
from server.ops.incidents import Incidents
from server.ops.samples import Count, Gauge, Ring
from server.ops.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.runtime.runtime import Runtime
    from actors.session.events import Recorded
    from server.journal.journal import LogJournal
    from server.observability.pulse import Pulse
    from server.sockets.reception import Reception


class Instruments:
    """Counts and measures from `start` to `stop`; what is asked of it in between costs next to nothing.

    Attributes:
        started_at: when it was made, in epoch ms.
        incidents: what happened lately.
        ring: the samples.
        survey: how the sessions are.
    """

    def __init__(self, runtime: Runtime, journal: LogJournal, reception: Reception, pulse: Pulse) -> None:
        """Listen to the telemetry from now on."""
        self._runtime = runtime
        self._journal = journal
        self._reception = reception
        self.started_at = runtime.clock.epoch_ms()
        self.incidents = Incidents(runtime.clock)
        self.ring = Ring()
        self.survey = Survey(runtime)
        self._pulse = pulse
        self._sampler = gevent.Greenlet(self._sample)
        self._events = 0
        self._outcomes: Counter[str] = Counter()
        runtime.telemetry.subscribe(self.incidents.hear)
        journal.on_committed.append(self._note)

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

    def _note(self, entries: Sequence[Recorded]) -> None:
        self._events += len(entries)
        for entry in entries:
            if type(entry.event.data) is AgentCompleted:
                self._outcomes[entry.event.data.outcome] += 1

    def _count(self) -> Count:
        outcomes, counts = self._outcomes, self._runtime.telemetry.counts
        return Count(
            self._events,
            outcomes["success"],
            outcomes["error"],
            outcomes["cancelled"],
            outcomes["timed_out"],
            counts[Crashed],
            counts[Restarting],
            counts[DeadLettered],
        )

    def _gauge(self) -> Gauge:
        commits, hub = self._journal.commit_times.lap(), self._pulse.times.lap()
        return Gauge(
            len(self._reception),
            self._runtime.population,
            commits.mean * 1000,
            max(commits.worst, self._journal.lag) * 1000,
            hub.worst * 1000,
        )
