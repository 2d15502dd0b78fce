"""How a server is doing, as metrics: the one place that names what is measured.

`server.observability.metrics` names what is counted where it happens. Everything here is read when it is
asked for, from plain numbers that others keep.
"""

from __future__ import annotations

import math
import platform
import sqlite3
from typing import TYPE_CHECKING, Any, TypeVar

import gevent
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from actors.runtime.telemetry import (
    Crashed,
    DeadLettered,
    FaultInjected,
    HubBlocked,
    IntensityExceeded,
    Killed,
    LateReply,
    Rejected,
    Restarting,
    StormBegan,
    Unkillable,
)
from config.version import VERSION
from server.observability.census import take_census
from server.observability.lives import Lives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from prometheus_client.core import Metric

    from actors.runtime.runtime import Runtime
    from actors.runtime.telemetry import Event
    from server.journal.journal import LogJournal
    from server.observability.delivery import Delivery
    from server.observability.histogram import Spread
    from server.observability.pulse import Pulse
    from server.observability.tally import Tally

    Values = Mapping[Any, float]
    """By the labels' values, a tuple of texts."""

Family = TypeVar("Family", CounterMetricFamily, GaugeMetricFamily)

PREFIX = "greenroom_"

COUNTING_SECONDS = 1.0
"""How long a scrape waits for the number of sessions on the disk; without it there is no sample of it."""

LIVES: tuple[tuple[str, str, type[Event]], ...] = (
    ("actor_crashes", "Lives of actors that ended in a failure, by kind", Crashed),
    ("actor_kills", "Lives of actors that were ended without being asked, by kind", Killed),
    ("actor_restarts", "Restarts of actors by their supervisors, by kind", Restarting),
    ("actor_give_ups", "Actors whose budget of restarts was spent, by kind", IntensityExceeded),
    ("actor_unkillables", "Actors that swallowed their kill and were abandoned, by kind", Unkillable),
)

EVENTS: tuple[tuple[str, str, type[Event]], ...] = (
    ("dead_letters", "Messages that reached nobody", DeadLettered),
    ("late_replies", "Replies that came when their askers had given up", LateReply),
    ("mailbox_rejections", "Messages that a full mailbox refused", Rejected),
    ("restart_storms", "Times that new sessions were refused because too many crashed", StormBegan),
    ("fault_strikes", "Messages and starts that a fault plan struck", FaultInjected),
    ("hub_blocks", "Warnings that one handler kept all others waiting", HubBlocked),
)


class Vitals(Collector):
    """The measurements of one server.

    ``count_sessions`` tells how many sessions are kept; it may block, and fail as SQLite does.
    """

    def __init__(
        self,
        runtime: Runtime,
        journal: LogJournal,
        tally: Tally,
        delivery: Delivery,
        pulse: Pulse,
        count_sessions: Callable[[], int],
    ) -> None:
        """Read these, and count what becomes of actors from now on."""
        self._runtime = runtime
        self._journal = journal
        self._tally = tally
        self._lives = Lives(event for *_, event in LIVES)
        self._delivery = delivery
        self._pulse = pulse
        self._count_sessions = count_sessions
        runtime.telemetry.subscribe(self._lives)

    def collect(self) -> Iterator[Metric]:
        """Read everything; blocks the calling greenlet for as long as counting takes."""
        build = (VERSION, platform.python_version())
        yield _gauge("build_info", "The version that runs", {build: 1}, ("version", "python"))
        yield from self._runs()
        yield from self._supervision()
        yield from self._population()
        yield from self._log()
        yield _histogram("hub_delay_seconds", "How late the loop got to a timer", self._pulse.seconds.spread)
        yield _gauge("hub_delay_worst_seconds", "How late the loop was at its worst", {(): self._pulse.worst})

    def _runs(self) -> Iterator[Metric]:
        tally = self._tally
        yield _counter("messages_accepted", "Messages on record", {(): tally.accepted})
        yield _counter("messages_dequeued", "Messages taken back before they ran", {(): tally.dequeued})
        yield _counter("runs", "Ended runs, by outcome", _single(tally.runs), ("outcome",))
        yield _counter("run_retries", "Attempts after a run's first", {(): tally.retries})
        yield _histogram("run_duration_seconds", "How long runs took, over all attempts", tally.run_seconds.spread)
        yield _histogram("run_wait_seconds", "How long messages waited for their first attempt", tally.waits.spread)
        yield _counter("tool_calls", "Ended tool calls, by tool and outcome", tally.tools, ("tool", "outcome"))
        yield _histogram("tool_duration_seconds", "How long tool calls took", tally.tool_seconds.spread)
        yield _counter("model_calls", "Questions to models, by outcome", _single(tally.questions), ("outcome",))
        yield _histogram("model_call_duration_seconds", "How long models took", tally.question_seconds.spread)
        yield _counter("model_tokens", "Tokens that models counted, by kind", _single(tally.tokens), ("kind",))
        yield _histogram(
            "event_delivery_seconds",
            "From an event's commit until it left for a socket, of a sample",
            self._delivery.seconds.spread,
        )

    def _supervision(self) -> Iterator[Metric]:
        for name, text, event in LIVES:
            yield _counter(name, text, _single(self._lives.by_kind(event)), ("kind",))
        for name, text, event in EVENTS:
            yield _counter(name, text, {(): self._runtime.telemetry.counts[event]})

    def _population(self) -> Iterator[Metric]:
        census = take_census(self._runtime.walk())
        yield _gauge("actors", "Actors that live or will live again", {(): census.actors})
        yield _gauge("mailbox_messages", "Messages that wait in all mailboxes", {(): census.waiting})
        yield _gauge("mailbox_messages_max", "Messages that wait in the fullest mailbox", {(): census.fullest})
        states = {("live",): census.sessions}
        kept = self._kept()
        if kept is not None:
            states["passive",] = max(0, kept - census.sessions)
        yield _gauge("sessions", "Sessions with their actors, and without", states, ("state",))

    def _kept(self) -> int | None:
        try:
            with gevent.Timeout(COUNTING_SECONDS, TimeoutError):
                return self._count_sessions()
        except (sqlite3.Error, TimeoutError):
            return None

    def _log(self) -> Iterator[Metric]:
        journal = self._journal
        yield _histogram("journal_commit_duration_seconds", "How long commits took", journal.commit_seconds.spread)
        yield _counter("journal_commit_failures", "Commits that failed", {(): journal.failures})
        yield _gauge("journal_available", "Whether the log can be written: 1 or 0", {(): int(journal.available)})
        yield _gauge("journal_uncommitted_appends", "Appends that wait to be committed", {(): journal.pending})
        yield _gauge("journal_commit_age_seconds", "How long the commit under way has taken", {(): journal.lag})
        yield _gauge(
            "journal_uncompacted_bytes",
            "Committed bytes that are still in memory and the write-ahead table",
            {(): journal.uncompacted},
        )


def _single(values: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(label,): value for label, value in values.items()}


def _counter(name: str, text: str, values: Values, labels: Iterable[str] = ()) -> CounterMetricFamily:
    return _filled(CounterMetricFamily(PREFIX + name, text, labels=tuple(labels)), values)


def _gauge(name: str, text: str, values: Values, labels: Iterable[str] = ()) -> GaugeMetricFamily:
    return _filled(GaugeMetricFamily(PREFIX + name, text, labels=tuple(labels)), values)


def _filled(family: Family, values: Values) -> Family:
    for label, value in values.items():
        family.add_metric(label, value)
    return family


def _histogram(name: str, text: str, spread: Spread) -> HistogramMetricFamily:
    buckets = [(_written(bound), count) for bound, count in zip(spread.bounds, spread.counts, strict=True)]
    return HistogramMetricFamily(PREFIX + name, text, buckets=buckets, sum_value=spread.sum)


def _written(bound: float) -> str:
    return "+Inf" if math.isinf(bound) else str(bound)
