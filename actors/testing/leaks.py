"""A runtime that must leave nothing behind."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import gevent

from actors.runtime.dispatcher import HubClock, _Worker
from actors.runtime.runtime import Runtime
from actors.testing.patience import wait_until
from actors.testing.settling import settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.runtime.clock import Clock

STOP_WITHIN = 0.5
"""How many seconds the actors have to stop by themselves at the end."""

GIVE_UP_AFTER = 60.0
"""How many seconds all kills and graces may take after that."""


@contextmanager
def clean_runtime(
    clock: Clock | None = None, *, seed: int = 20, dead_letters_expected: bool = False
) -> Iterator[Runtime]:
    """Give a runtime for the time of the block; stop it, and see that nothing of it is left.

    Raises:
        AssertionError: there is still an actor, a greenlet inside a handler, or a dead letter that isn't expected.
    """
    runtime = Runtime(clock=clock or HubClock(), seed=seed)
    yield runtime
    settle()
    letters = {} if dead_letters_expected else dict(runtime.dead_letters.counts)
    stopping = gevent.spawn(runtime.stop, timeout=STOP_WITHIN)
    wait_until(stopping.ready, runtime.clock, GIVE_UP_AFTER)
    stopping.kill()
    settle()
    left = leaks(runtime) + [f"{count} dead letters {kind} to {address}" for (address, kind), count in letters.items()]
    assert not left, "left behind:\n" + "\n".join(left)


def leaks(runtime: Runtime) -> list[str]:
    """Name the actors that aren't dead, and the greenlets that are inside a handler."""
    actors = [f"actor {ref.address}" for ref in runtime.refs()]
    return actors + [f"greenlet of {worker.cell}" for worker in busy_workers(runtime)]


def busy_workers(runtime: Runtime) -> list[Any]:
    """Return the greenlets that are inside a handler, those of abandoned actors included."""
    workers = [thing for thing in gc.get_objects() if type(thing) is _Worker]
    return [worker for worker in workers if worker.dispatcher is runtime.dispatcher and worker.cell and not worker.dead]
