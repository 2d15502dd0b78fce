"""Waiting for actors to come to rest."""

from __future__ import annotations

import gevent
from gevent import get_hub

MOST_TURNS = 100_000
"""After so many turns of the loop it isn't going to be quiet."""


def settle() -> None:
    """Block until nothing is left that could run at once: every actor is idle, or waits for time, a socket or a thread.

    Raises:
        AssertionError: they keep each other busy for ever.
    """
    loop = get_hub().loop
    for _ in range(MOST_TURNS):
        gevent.sleep(0)
        # Whatever a dispatcher or a future means to do, it has asked the loop for by now.
        if not loop._callbacks:  # noqa: SLF001 - gevent has no public name for it; pinned by a contract test
            return
    raise AssertionError(f"the actors haven't come to rest in {MOST_TURNS} turns of the loop")
