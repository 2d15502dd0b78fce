"""Waiting for something to become true, on whichever clock the runtime has."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import gevent

from actors.testing.clock import ManualClock
from actors.testing.settling import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.clock import Clock

R = TypeVar("R")

LOOK_EVERY = 0.001
"""How many seconds pass between two looks, where time is real."""


def wait_until(condition: Callable[[], R], clock: Clock, within: float) -> R:
    """Block until ``condition()`` is true or ``within`` seconds are over; return its last value.

    A `ManualClock` is advanced meanwhile, from one timer to the next and no further than is needed.
    """
    end = clock.monotonic() + within
    settle()
    found = condition()
    while not found and _wait(clock, end):
        found = condition()
    return found


def _wait(clock: Clock, end: float) -> bool:
    """Let some time pass; tell whether there was any left."""
    now = clock.monotonic()
    if now >= end:
        return False
    if isinstance(clock, ManualClock):
        due = clock.next_due()
        clock.advance((end if due is None else min(due, end)) - now)
    else:
        gevent.sleep(min(LOOK_EVERY, end - now))
    return True
