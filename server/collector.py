"""When Python's collector of cycles goes through everything that lives.

Nothing else runs meanwhile: 0.35 s among 15,000 connected sessions, on a machine where a turn takes 0.3 ms. CPython
(3.11) does it whenever what outlived its younger generations comes to a quarter of what is old. Turns under way outlive
them, too, and then end: at 15,000 sessions it came every two seconds, for nothing. No turn, session or connection
leaves a cycle behind when it ends. So everything is gone through when what lives has really grown by a quarter, of
which all may be cycles, and every now and then, for those that hold more than memory.
"""

from __future__ import annotations

import gc
import sys
import time
from typing import TYPE_CHECKING, Any

import structlog
from gevent import get_hub

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)

EVERY = 1.0
"""Seconds between two looks at how much lives: 0.7 ms each among 15,000 sessions."""
LEAST_GROWTH = 100_000
"""How many blocks of memory it must have grown by; some 600 sessions, or 10 MB."""
LONGEST_SECONDS = 600.0
"""When it is due though nothing grew. A pause of 0.35 s is less than a thousandth of this."""

YOUNG, MIDDLE = 10_000, 3
"""How many more objects than have died make a collection of the youngest, and how many of these one of the middle.

Python's 700 is passed ten times within each round of 150 turns: it took 25 µs of each turn. So many as this take 2 ms.
"""
NEVER = 2**31 - 1


def limit(blocks: int, for_good: int) -> int:
    """Return how many blocks of memory may live, when ``blocks`` did and ``for_good`` of them are there to stay."""
    return blocks + max((blocks - for_good) // 4, LEAST_GROWTH)


class Collector:
    """Decides for this process, from `start` to `stop`, when everything is gone through."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Leave it to Python so far; ``now`` tells monotonic seconds."""
        self._now = now
        self._for_good = 0
        self._limit = 0
        self._due_at = 0.0
        self._timer: Any = None

    def start(self) -> None:
        """Take over. What is loaded by now stays: the collector needn't go through it again."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, NEVER)
        self._for_good = sys.getallocatedblocks()
        self._put_off()
        self._timer = get_hub().loop.timer(EVERY, EVERY)
        self._timer.start(self.look)

    def stop(self) -> None:
        """Let nothing be gone through any more."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.close()

    def look(self) -> None:
        """Go through everything if that is due; blocks the process for as long as it takes."""
        if sys.getallocatedblocks() > self._limit or self._now() >= self._due_at:
            began = time.perf_counter()
            freed = gc.collect()
            log.info("collected", freed=freed, seconds=round(time.perf_counter() - began, 3))
            self._put_off()

    def _put_off(self) -> None:
        self._limit = limit(sys.getallocatedblocks(), self._for_good)
        self._due_at = self._now() + LONGEST_SECONDS
