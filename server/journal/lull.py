"""When to commit: once everybody who can run has put what he has, or after a bounded time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gevent import get_hub

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_SECONDS = 0.05
"""How long the loop may be busy before a commit is made all the same: so briefly that nobody sees it.

It is what a commit waits at most, and it does so only where more is to be done than can be done at once: then each
commit less is one time less that every session hears of it and writes to its sockets (with 50 sessions in turns all
the time a tenth of a turn's cost, with 200 a third).
"""


class Lull:
    """Makes a call once the loop has nothing else to do, `MOST_SECONDS` after it was asked for at the latest.

    (A callback would come between the turns of handlers that wait for each other: a commit for each. A timer of no time
    would come between the stages of runs that go on side by side: three commits, and three writes to each socket, where
    one serves all.)
    """

    def __init__(self) -> None:
        """Bind to this thread's hub."""
        loop = get_hub().loop
        self._idle = loop.idle()
        # With a repeat: libev forgets the delay of one that has fired, or was stopped.
        self._latest = loop.timer(MOST_SECONDS, MOST_SECONDS)

    def __call__(self, call: Callable[[], None]) -> None:
        """Make ``call``, soon; the one before has been made."""
        self._idle.start(self._end, call)
        self._latest.again(self._end, call, update=False)

    def _end(self, call: Callable[[], None]) -> None:
        self._idle.stop()
        self._latest.stop()
        call()
