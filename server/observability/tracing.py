"""Whether runs are traced: where the standard variables name a collector, and the extra that sends to it is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.agents.turn import Question
    from actors.session.events import Recorded
    from server.observability.traces import Traces

log = structlog.get_logger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class Untraced:
    """What stands for `server.observability.traces.Traces` where nothing is traced."""

    def announce(self, session_id: str, client_msg_id: str, traceparent: str | None) -> None:
        """Do nothing."""

    def __call__(self, entries: Sequence[Recorded]) -> None:
        """Do nothing."""

    def asked(self, run_id: str, question: Question) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def tracing() -> Traces | Untraced:
    """Return what follows the runs of this process."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return Untraced()
    try:
        from server.observability.traces import Traces  # noqa: PLC0415 - of an extra; and it takes a while to import
    except ModuleNotFoundError as missing:
        if not str(missing.name).startswith("opentelemetry"):
            raise
        log.warning("traces_unavailable", advice="a collector is named; install greenroom[otel] to send to it")
        return Untraced()
    log.info("tracing")
    return Traces()
