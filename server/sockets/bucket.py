"""How often a client may do a thing: a token bucket, and the count of refusals that ends patience. Pure."""

from __future__ import annotations

from collections import deque

PATIENCE = 100
"""How many refusals within `PATIENCE_SECONDS` are too many."""

PATIENCE_SECONDS = 10.0


class Bucket:
    """Holds up to ``burst`` tokens and regains ``rate`` a second. Times are monotonic seconds."""

    __slots__ = ("_at", "_burst", "_rate", "_refusals", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        """Begin full."""
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now
        self._refusals: deque[float] | None = None

    def take(self, cost: float, now: float) -> float:
        """Take ``cost`` tokens and return 0, or take none and return in how many seconds there will be enough."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens >= cost:
            self._tokens -= cost
            return 0.0
        return (cost - self._tokens) / self._rate

    def refused(self, now: float) -> bool:
        """Count a refusal; tell whether patience has come to its end."""
        if self._refusals is None:
            self._refusals = deque(maxlen=PATIENCE)
        self._refusals.append(now)
        return len(self._refusals) == PATIENCE and now - self._refusals[0] <= PATIENCE_SECONDS
