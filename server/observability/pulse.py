"""How late the loop is: a timer that is due every so often, and when it has its turn."""

from __future__ import annotations

import time
from typing import Any

from gevent import get_hub

from server.observability.histogram import Histogram

EVERY = 0.25
"""Seconds between two beats: the most that a beat can miss of a block, and a cost that nobody sees."""

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Pulse:
    """Measures, for as long as it beats, how late each beat is.

    Attributes:
        seconds: how late they were.
        worst: how late the latest of all was.
    """

    def __init__(self) -> None:
        """Stand still."""
        self.seconds = Histogram(*BOUNDS)
        self.worst = 0.0
        self._due = 0.0
        self._timer: Any = None

    def start(self) -> None:
        """Beat from now on."""
        self._due = time.monotonic() + EVERY
        self._timer = get_hub().loop.timer(EVERY, EVERY)
        self._timer.start(self._beat)

    def stop(self) -> None:
        """Stand still again."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.close()

    def _beat(self) -> None:
        now = time.monotonic()
        late = max(0.0, now - self._due)
        self.seconds.observe(late)
        self.worst = max(self.worst, late)
        # From now: what was missed in a long block is no block of its own.
        self._due = now + EVERY
