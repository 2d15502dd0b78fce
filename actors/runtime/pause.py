"""How code waits: until it is woken or its time is up, on the clock of the runtime that it runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from gevent import get_hub, getcurrent

from actors.runtime.dispatcher import HubClock

if TYPE_CHECKING:
    from greenlet import greenlet

    from actors.runtime.cell import Cell
    from actors.runtime.clock import Clock, Timer
    from actors.runtime.runtime import Runtime

_HUB_CLOCK = HubClock()


class Pause(msgspec.Struct, eq=False):
    """One wait of one greenlet. It blocks that greenlet alone; whoever kills the actor ends it.

    It goes by the clock and the dispatcher of ``runtime``; None is for code that belongs to no actor.
    """

    runtime: Runtime | None
    greenlet: greenlet | None = None
    lent: bool = False
    over: bool = False
    timer: Timer | None = None
    until: float | None = None

    def last(self, seconds: float | None) -> None:
        """Block until `wake`, at most for ``seconds`` (None: for ever)."""
        if seconds is not None:
            self.timer = self._clock.call_later(max(seconds, 0.0), self.wake)
        self.greenlet = getcurrent()
        try:
            if not self.over:
                get_hub().switch()
        finally:
            self.greenlet = None
            if self.timer is not None:
                self.timer.cancel()

    def last_for_answer(self, seconds: float | None) -> None:
        """Block as `last` does, lending the dispatcher the time where it has use for it: then it may take no timer.

        ``greenlet`` is the caller's.
        """
        runtime = self.runtime
        if runtime is None:
            self.last(seconds)
            return
        if seconds is not None:
            self.until = runtime.clock.monotonic() + seconds
        try:
            lent = runtime.dispatcher.lend(self)
        finally:
            self.greenlet = None
            if self.timer is not None:
                self.timer.cancel()
        if not lent:
            self.last(seconds)

    def call_in(self) -> None:
        """Wait like others from here on, the hub having had control; called by the dispatcher."""
        if self.over:
            self.wake()
        elif self.until is not None:
            self.timer = self._clock.call_later(max(self.until - self._clock.monotonic(), 0.0), self.wake)

    def wake(self) -> None:
        """Let the greenlet go on, soon; harmless where it already does, or was killed meanwhile."""
        if self.lent:
            self.over = True
        elif self.runtime is not None:
            self.runtime.dispatcher.wake(self)
        else:
            get_hub().loop.run_callback(self.go_on)

    def go_on(self) -> None:
        """Switch to the greenlet, from the hub; one that doesn't wait yet won't."""
        self.over = True
        if self.greenlet is not None:
            self.greenlet.switch()

    @property
    def _clock(self) -> Clock:
        return _HUB_CLOCK if self.runtime is None else self.runtime.clock


def sleep(seconds: float) -> None:
    """Block for ``seconds``: what agents and tools use, so that a test on virtual time needn't wait for them.

    Outside of actors it goes by the hub's time.
    """
    _here().last(seconds)


def hang() -> None:
    """Block until somebody ends the caller's actor."""
    _here().last(None)


def _here() -> Pause:
    cell: Cell | None = getattr(getcurrent(), "cell", None)
    return Pause(None if cell is None else cell.runtime)
