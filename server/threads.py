"""Native threads that get their share of the interpreter from a hub that never rests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gevent.monkey import get_original
from gevent.threadpool import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable

    from gevent.event import AsyncResult
    from gevent.hub import Hub

EVERY_SECONDS = 0.005
"""How often the hub lets go: as often as the interpreter makes any other thread do so."""

PAUSE_SECONDS = 0.0001
"""For how long: twice what a thread needs to wake up, which is a fiftieth of the hub's time."""

_sleep: Callable[[float], None] = get_original("time", "sleep")


class FairThreadPool(ThreadPool):  # type: ignore[misc]  # gevent has no type hints
    """A pool of gevent's, for whose jobs the hub lets go of the interpreter now and then.

    CPython's lock isn't fair (see its `take_gil`). A thread asks for it with force only when nobody let go of it for
    5 ms; until then it is woken whenever somebody did. A loop that always has something ready does so for a microsecond
    in each of its turns, which come much sooner: whoever waits is woken each time, and each time too late. With one
    greenlet that does nothing but let the others run, a login took seconds, and a compaction, during which nothing can
    be committed, up to half a minute.
    """

    def __init__(self, maxsize: int, hub: Hub | None = None, idle_task_timeout: float = -1) -> None:
        """Make no thread yet: as `gevent.threadpool.ThreadPool`."""
        super().__init__(maxsize, hub, idle_task_timeout)
        self._jobs = 0
        self._pause_at = 0.0
        self._loop_turned = self.hub.loop.check()

    def spawn(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> AsyncResult:
        """Have a thread make a call; blocks the calling greenlet until one is free."""
        result = super().spawn(func, *args, **kwargs)
        self._begin()
        result.rawlink(self._end)
        return result

    def kill(self) -> None:
        """End the threads; blocks the calling greenlet until they have done what they were given."""
        self._begin()
        try:
            super().kill()
        finally:
            self._end()

    def _begin(self) -> None:
        self._jobs += 1
        if self._jobs == 1:
            self._pause_at = time.monotonic() + EVERY_SECONDS
            self._loop_turned.start(self._let_go)

    def _end(self, _: AsyncResult | None = None) -> None:
        self._jobs -= 1
        if not self._jobs:
            self._loop_turned.stop()

    def _let_go(self) -> None:
        if time.monotonic() >= self._pause_at:
            _sleep(PAUSE_SECONDS)
            self._pause_at = time.monotonic() + EVERY_SECONDS
