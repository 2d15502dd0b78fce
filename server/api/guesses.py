"""How often a password may be guessed: failed logins, counted by username and by address."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from gevent.event import Event
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from server.http.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.limits import Limits
    from server.observability.metrics import Metrics


class _Window(NamedTuple):
    """One limit for one name or address."""

    item: RateLimitItemPerMinute
    kind: str
    key: str


class Attempt:
    """One login under way."""

    def __init__(self) -> None:
        """Hope for the best."""
        self.failed = False

    def fail(self) -> None:
        """Say that the password was wrong."""
        self.failed = True


class FailedLogins:
    """Counts failed logins; a good one doesn't count.

    A password takes a while to check, so guesses made all at once would slip in before the first is counted. An
    attempt that could be one too many, if those under way failed, waits for them.
    """

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        """Begin with none."""
        self._metrics = metrics
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_username = RateLimitItemPerMinute(limits.logins_per_username)
        self._per_address = RateLimitItemPerMinute(limits.logins_per_address)
        self._under_way: Counter[_Window] = Counter()
        self._one_is_over = Event()

    @contextmanager
    def attempt(self, username: str, address: str) -> Iterator[Attempt]:
        """Let a login be tried; blocks while others under way could use up what is left.

        Raises:
            Refused: too many failed lately, for this name or from this address; even the right password must wait.
        """
        windows = (_Window(self._per_username, "username", username), _Window(self._per_address, "address", address))
        while not all(self._has_room(window) for window in windows):
            self._one_is_over.clear()
            self._one_is_over.wait()
        self._under_way.update(windows)
        attempt = Attempt()
        try:
            yield attempt
        finally:
            self._metrics.logins["failed" if attempt.failed else "good"].inc()
            self._finish(windows, failed=attempt.failed)

    def _has_room(self, window: _Window) -> bool:
        reset, left = self._limiter.get_window_stats(window.item, window.kind, window.key)
        if left <= 0:
            self._metrics.limits[f"limits.logins_per_{window.kind}"].inc()
            self._metrics.logins["limited"].inc()
            retry_after_ms = max(1000, round((reset - time.time()) * 1000))
            raise Refused(429, "rate_limited", "Too many failed logins. Wait a little.", retry_after_ms)
        return self._under_way[window] < left

    def _finish(self, windows: tuple[_Window, ...], *, failed: bool) -> None:
        for window in windows:
            self._under_way[window] -= 1
            if self._under_way[window] <= 0:
                del self._under_way[window]
            if failed:
                self._limiter.hit(window.item, window.kind, window.key)
        self._one_is_over.set()
