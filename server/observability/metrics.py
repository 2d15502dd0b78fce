"""What a server counts where it happens; what is measured, `server.observability.vitals` names.

No user, session, address or text is ever a label: `/metrics` is open to whoever can reach the server. Whoever counts
on a hot path holds its child: a look-up by label takes a lock and builds a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from server.observability.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

CLOSE_CODES = frozenset(
    {1000, 1001, 1002, 1003, 1005, 1006, 1007, 1009, 1011, 1012, 1013, 4001, 4003, 4008, 4010, 4011, 4029}
)
"""The closes that are told apart; a client may make up thousands of others."""

LIMITS = (
    "limits.message_bytes",
    "limits.messages_per_second",
    "limits.connections_per_user",
    "limits.connections_per_address",
    "limits.connections",
    "limits.http_connections",
    "limits.sessions_per_user",
    "limits.queued_messages",
    "limits.logins_per_username",
    "limits.logins_per_address",
    "limits.http_header_bytes",
    "limits.http_body_bytes",
    "timeouts.dead_after",
    "timeouts.write",
    "timeouts.auth",
    "timeouts.http_header",
    "timeouts.http_body",
    "tokens.expiry_grace",
)
"""The settings that a client can run into."""


class Children(dict[str, Counter]):
    """The children of a counter with one label, each looked up once."""

    def __init__(self, parent: Counter, known: tuple[str, ...] = ()) -> None:
        """Begin with those that are ``known``: they are shown before they are first counted."""
        super().__init__((name, parent.labels(name)) for name in known)
        self._parent = parent

    def __missing__(self, name: str) -> Counter:
        """Look up a child."""
        child = self[name] = self._parent.labels(name)
        return child


class Metrics:
    """The metrics of one server.

    Attributes:
        delivery: how long events take to their sockets.
        limits: how often each limit was run into, by its setting.
        refusals: error frames, by the protocol's code.
        requests: answered HTTP requests, by status.
        opened: WebSockets, from their upgrade on.
        logins: attempts, by ``good``, ``failed`` or ``limited``.
    """

    def __init__(self) -> None:
        """Begin with nothing counted."""
        # When each counter began: as many series again, which nobody asks for.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves this one untyped
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.delivery = Delivery()
        self.limits = Children(self._counter("limits_reached", "Limits run into, by setting", "limit"), LIMITS)
        self.refusals = Children(self._counter("frames_refused", "Error frames sent, by code", "code"))
        self.requests = Children(self._counter("http_requests", "HTTP requests answered, by status", "status"))
        self.logins = Children(
            self._counter("logins", "Attempts to log in, by outcome", "outcome"), ("good", "failed", "limited")
        )
        self._closes = Children(self._counter("connections_closed", "WebSockets closed, by close code", "code"))
        self.opened = Counter("connections_opened", "WebSockets opened", namespace="greenroom", registry=self._registry)

    def _counter(self, name: str, text: str, label: str) -> Counter:
        return Counter(name, text, (label,), namespace="greenroom", registry=self._registry)

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Show a gauge whose value is asked for whenever the metrics are."""
        Gauge(name, text, namespace="greenroom", registry=self._registry).set_function(value)

    def show(self, collector: Collector) -> None:
        """Show what a collector collects whenever the metrics are asked for."""
        self._registry.register(collector)

    def closed(self, code: int) -> None:
        """Count a WebSocket that ended with ``code``."""
        self._closes[str(code) if code in CLOSE_CODES else "other"].inc()

    def exposition(self) -> bytes:
        """Return everything as Prometheus text."""
        return generate_latest(self._registry)
