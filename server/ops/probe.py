"""How late the loop is: what everybody who waits for a turn has to wait."""

from __future__ import annotations

import time

import gevent

from server.times import Times

EVERY = 0.1
"""How many seconds pass between two looks: gevent's own monitor tells of blocks much longer than this ever sees."""


class Probe:
    """A greenlet that sleeps and notes how much later than it should it wakes."""

    def __init__(self) -> None:
        """Begin with nothing noted."""
        self.times = Times()
        self._greenlet = gevent.Greenlet(self._run)

    def start(self) -> None:
        """Begin."""
        self._greenlet.start()

    def stop(self) -> None:
        """End."""
        self._greenlet.kill()

    def _run(self) -> None:
        while True:
            due = time.monotonic() + EVERY
            gevent.sleep(EVERY)
            self.times.note(max(0.0, time.monotonic() - due))
