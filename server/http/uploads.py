"""A request's body on its way in: so large, and for so long, and no more."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import gevent
from gevent.pywsgi import Input

from server.http.errors import Refused

if TYPE_CHECKING:
    from server.http.visitors import Visit
    from server.observability.metrics import Metrics

PIECE = 16_384
MOST_DISCARDED = 1024 * 1024
"""How much of a body that nobody wants is read, so that a client that writes before it reads gets its answer."""


class Body(Input):  # type: ignore[misc]  # gevent ships no types
    """What the application reads as ``wsgi.input``.

    gevent's own bounds each single read alone: a byte every nine seconds kept a request for as long as its client
    liked. The clock here starts with the first read.
    """

    __slots__ = ("_limit", "_metrics", "_seconds", "_torn", "_until", "_visit", "taken")

    # Attributes of the untyped base.
    position: int
    chunk_length: int
    content_length: int | None
    chunked_input: bool

    def __init__(self, limit: int, seconds: float, visit: Visit, metrics: Metrics, *input_arguments: Any) -> None:
        """Bound the body to ``limit`` bytes and ``seconds``; the rest is gevent's."""
        super().__init__(*input_arguments)
        self.taken = 0
        self._torn = False
        self._limit = limit
        self._seconds = seconds
        self._visit = visit
        self._metrics = metrics
        self._until: float | None = None

    @property
    def refused(self) -> bool:
        """Whether it was, and nothing that comes behind it can be understood."""
        return self._torn or self._is_too_large

    @property
    def _is_too_large(self) -> bool:
        return max(self.taken, 0 if self.chunked_input else self.content_length or 0) > self._limit

    @property
    def complete(self) -> bool:
        """Whether all of it was read, so that the next request can begin behind it."""
        if self._torn:
            return False
        return self.chunk_length == 0 if self.chunked_input else self.position >= (self.content_length or 0)

    def read(self, length: int | None = None) -> bytes:
        """Read up to ``length`` bytes, or all; blocks until they are there.

        Raises:
            Refused: it is too large, comes too slowly, or isn't framed as it says.
        """
        data = b""
        if not self._is_too_large:
            room = self._limit + 1 - self.taken
            data = self._read_in_time(room if length is None or length < 0 else min(length, room))
        if self._is_too_large:
            self._metrics.limits["limits.http_body_bytes"].inc()
            raise Refused(413, "too_large", "The body is larger than this server takes.")
        return data

    def _read_in_time(self, length: int) -> bytes:
        self._visit.awaited()
        try:
            with gevent.Timeout(self._left(), TimeoutError):
                data: bytes = super().read(length)
        except TimeoutError as late:
            self._torn = True
            self._metrics.limits["timeouts.http_body"].inc()
            raise Refused(408, "bad_request", "The body came too slowly.") from late
        except (OSError, ValueError) as broken:
            self._torn = True
            raise Refused(400, "bad_request", "The body ends too early, or isn't framed as it must be.") from broken
        finally:
            self._visit.served()
        self.taken += len(data)
        return data

    def _left(self) -> float:
        if self._until is None:
            self._until = time.monotonic() + self._seconds
        # A timeout of nothing would never strike.
        return max(self._until - time.monotonic(), 0.001)

    def _discard(self) -> None:
        """Read what the application left, within what is left of the time; gevent calls this after the answer."""
        unasked = self.socket is not None  # The client waits for a 100 that it didn't get: nothing will come.
        most = self.taken + MOST_DISCARDED
        with suppress(Refused):  # `complete` says so.
            while not (self.complete or self._torn or unasked) and self.taken < most:
                self._read_in_time(PIECE)
