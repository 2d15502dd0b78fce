"""When to commit: once everybody who can run has put what he has, or after a bounded time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gevent import get_hub

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_SECONDS = 0.02
"""How long the loop may be busy before a commit is made all the same.

It is what a commit waits at most, and it does so only where more is to be done than can be done at once: then each
commit less is one time less that every session hears of it and writes to its sockets (with 50 sessions in turns all
the time a tenth of a turn's cost, with 150 a quarter).
"""


class Lull:
    """Makes a call in the next pause: when nobody is runnable, `MOST_SECONDS` after it was asked for at the latest.

    A timer of no time is due once the loop has made its callbacks, of which each actor's turn is one. (A callback
    would come between the turns of handlers that wait for each other: a commit for each, where one serves all.)
    """

    def __init__(self, busy: Callable[[], bool]) -> None:
        """Bind to this thread's hub; ``busy`` tells whether anybody is runnable."""
        self._busy = busy
        self._timer = get_hub().loop.timer(0.0)
        self._latest = 0.0

    def __call__(self, call: Callable[[], None]) -> None:
        """Make ``call``, soon; the one before has been made."""
        self._latest = time.monotonic() + MOST_SECONDS
        self._look_soon(call)

    def _look_soon(self, call: Callable[[], None]) -> None:
        self._timer.start(self._look, call, update=False)

    def _look(self, call: Callable[[], None]) -> None:
        if self._busy() and time.monotonic() < self._latest:
            self._look_soon(call)
        else:
            call()
