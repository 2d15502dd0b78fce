"""How long a committed event takes to a socket, by a sample: one event at a time is followed.

The log says when an event is committed; a connection, when it has written it. Between the two it is one and the same
bytes, so that for all the others a comparison is all it costs.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gevent import get_hub

from server.observability.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.session.journal import Batch

BOUNDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""In seconds."""

PASSED_OVER = 20
"""How many appends pass between two events that are followed."""

GIVEN_UP = 1000
"""Behind how many more appends another event is followed: nobody watches that session, or its reader is slow."""


class Delivery:
    """The sample.

    Attributes:
        frame: the bytes of the event that is followed, or None.
        seconds: what was measured: from the commit until the bytes were given to the kernel.
    """

    __slots__ = ("_committed_at", "_left", "frame", "seconds")

    def __init__(self) -> None:
        """Follow nothing yet."""
        self.frame: bytes | None = None
        self.seconds = Histogram(*BOUNDS)
        self._committed_at = 0.0
        self._left = 0

    def __call__(self, appends: Sequence[Batch]) -> None:
        """Hear of the appends of a commit."""
        if self._left >= len(appends):
            self._left -= len(appends)
        else:
            self.frame, self._committed_at, self._left = appends[self._left][-1].frame, time.monotonic(), GIVEN_UP

    def written(self) -> None:
        """Hear that the followed event was written to the first socket, which sends it in this turn of the loop."""
        self.frame, self._left = None, PASSED_OVER
        # Callbacks are called in order: behind the one that sends.
        get_hub().loop.run_callback(self._sent, self._committed_at)

    def _sent(self, committed_at: float) -> None:
        self.seconds.observe(time.monotonic() - committed_at)
