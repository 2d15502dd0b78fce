"""The connections that are still HTTP: how many there may be, and who makes room when all places are taken."""

from __future__ import annotations

import socket
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import gevent.socket

from config.settings import is_loopback

if TYPE_CHECKING:
    from config.limits import Limits
    from server.http.proxies import Proxies
    from server.observability.metrics import Metrics


class Visit:
    """One TCP connection, until it ends or becomes a WebSocket.

    Attributes:
        sock: the socket as it was accepted; TLS puts its own in its place.
        address: the peer's.
    """

    __slots__ = ("_visitors", "address", "sock")

    def __init__(self, visitors: Visitors, sock: Any, address: str) -> None:
        self._visitors = visitors
        self.sock = sock
        self.address = address

    def awaited(self) -> None:
        """Note that the server waits for the client from now on."""
        self._visitors.waiting[self] = None

    def served(self) -> None:
        """Note that the client waits for the server from now on."""
        self._visitors.waiting.pop(self, None)

    def end(self) -> None:
        """Let whoever reads or writes it find it closed."""
        with suppress(OSError):  # It may be closed already.
            # Not the TLS socket's own, which forgets its cipher and would go on in plain text.
            gevent.socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class Visitors:
    """Who is here.

    When all places are taken, the one that has kept the server waiting longest, for a head or a body, makes room. Were
    the newcomer sent away instead, a few who never finish their requests could keep everybody out.

    Attributes:
        waiting: those that the server waits for, the longest first.
    """

    def __init__(self, limits: Limits, proxies: Proxies, metrics: Metrics) -> None:
        """Begin with nobody. A proxy, behind which there are many, may have as many places as there are."""
        self._limits = limits
        self._proxies = proxies
        self._metrics = metrics
        self._count = 0
        self._by_address: Counter[str] = Counter()
        self.waiting: dict[Visit, None] = {}

    def __len__(self) -> int:
        """Count the places that are taken."""
        return self._count

    def enter(self, visit: Visit) -> bool:
        """Give a connection a place; tell whether there was one."""
        limits, address = self._limits, visit.address
        if self._by_address[address] >= limits.connections_per_address and not self._is_exempt(address):
            self._metrics.limits["limits.connections_per_address"].inc()
            return False
        if self._count >= limits.http_connections:
            self._metrics.limits["limits.http_connections"].inc()
            if not self._make_room():
                return False
        self._count += 1
        self._by_address[address] += 1
        return True

    def _is_exempt(self, address: str) -> bool:
        return is_loopback(address) or self._proxies.trusts(address)

    def _make_room(self) -> bool:
        longest = next(iter(self.waiting), None)
        if longest is not None:
            del self.waiting[longest]
            longest.end()
        return longest is not None

    def leave(self, visit: Visit) -> None:
        """Free the place."""
        self._count -= 1
        self._by_address[visit.address] -= 1
        if self._by_address[visit.address] <= 0:
            del self._by_address[visit.address]
        self.waiting.pop(visit, None)
