"""Spans on their way to a collector: a bounded queue, and a greenlet that sends what is in it.

While a collector is slow or gone the greenlet waits for it, and nobody waits for the greenlet. Spans that find no room
are dropped, and counted in the log.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import gevent
import structlog
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import SpanExportResult

from server.turns import give_way

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter

log = structlog.get_logger(__name__)

AT_ONCE = 64
"""How many spans are encoded at once, while nobody else runs: some two milliseconds."""

MOST_WAITING = 4096
EVERY = 1.0
CLOSE_SECONDS = 2.0
"""How long a stop waits for what has yet to be sent."""


class Outbox(SpanProcessor):
    """Sends ended spans every second, or sooner where they are many."""

    def __init__(self, exporter: SpanExporter) -> None:
        """Send by ``exporter``, from now on."""
        self._exporter = exporter
        self._waiting: deque[ReadableSpan] = deque()
        self._dropped = 0
        self._failing = False
        self._sender = gevent.spawn(self._send_for_ever)

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span that is over; returns at once."""
        if span.context is None or not span.context.trace_flags.sampled:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._dropped += 1
        else:
            self._waiting.append(span)

    def close(self) -> None:
        """Send what waits, for as long as a stop may take; blocks until then."""
        self._sender.kill()
        with gevent.Timeout(CLOSE_SECONDS, False):  # noqa: FBT003 - gevent's: raise nothing
            self._send()
        self._exporter.shutdown()

    def _send_for_ever(self) -> None:
        while True:
            gevent.sleep(EVERY)
            try:
                self._send()
            except Exception:  # The next spans may fare better.
                log.exception("traces_failed")

    def _send(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            self._note(self._exporter.export(batch), len(batch))
            give_way()

    def _note(self, result: SpanExportResult, spans: int) -> None:
        """Say when sending begins to fail, and when it goes well again; the library would say it each time."""
        failing = result is not SpanExportResult.SUCCESS
        if failing and not self._failing:
            log.warning("traces_not_sent", spans=spans)
        elif self._failing and not failing:
            log.info("traces_sent_again", dropped=self._dropped)
            self._dropped = 0
        self._failing = failing
