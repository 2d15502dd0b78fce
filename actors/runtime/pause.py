"""How code waits: until it is woken or its time is up, on the clock of the runtime that it runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gevent import get_hub, getcurrent
from gevent.hub import Waiter

from actors.runtime.dispatcher import HubClock

if TYPE_CHECKING:
    from actors.runtime.cell import Cell
    from actors.runtime.clock import Clock
    from actors.runtime.runtime import Runtime

_HUB_CLOCK = HubClock()


class Pause:
    """One wait of one greenlet. It blocks that greenlet alone; whoever kills the actor ends it."""

    __slots__ = ("_runtime", "_waiter")

    def __init__(self, runtime: Runtime | None) -> None:
        """Go by the clock and the dispatcher of ``runtime``; None is for code that belongs to no actor."""
        self._runtime = runtime
        self._waiter = Waiter()

    def last(self, seconds: float | None) -> None:
        """Block until `wake`, at most for ``seconds`` (None: for ever)."""
        timer = None if seconds is None else self._clock.call_later(max(seconds, 0.0), self.wake)
        try:
            self._waiter.get()
        finally:
            if timer is not None:
                timer.cancel()

    def wake(self) -> None:
        """Let the greenlet go on, soon; harmless where it already does, or was killed meanwhile."""
        if self._runtime is not None:
            self._runtime.dispatcher.wake(self._waiter)
        else:
            get_hub().loop.run_callback(self._waiter.switch, None)

    @property
    def _clock(self) -> Clock:
        return _HUB_CLOCK if self._runtime is None else self._runtime.clock


def current_cell() -> Cell | None:
    """Return the actor whose handler is calling, or None outside of actors."""
    return getattr(getcurrent(), "cell", None)


def sleep(seconds: float) -> None:
    """Block for ``seconds``: what agents and tools use, so that a test on virtual time needn't wait for them.

    Outside of actors it goes by the hub's time.
    """
    _here().last(seconds)


def hang() -> None:
    """Block until somebody ends the caller's actor."""
    _here().last(None)


def _here() -> Pause:
    cell = current_cell()
    return Pause(None if cell is None else cell.runtime)
