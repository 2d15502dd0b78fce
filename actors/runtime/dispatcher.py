"""Who runs: the M:N dispatcher that lets a few greenlets serve any number of actors.

An idle actor holds no greenlet. A runnable one stands in a queue; one callback a turn of the loop switches to a
worker, which runs actors from the queue, each for a bounded number of messages, until the queue is empty. A hop
between actors is a function call. Where a handler blocks, control comes back to the hub with the queue not empty, and
another worker goes on with it.

A worker is used again only while nobody else can reach it. `gevent.Timeout` throws into the greenlet that started it,
so one that a handler leaks would strike whichever actor the worker runs by then. Whoever can throw holds a reference;
a worker that is referenced from elsewhere, or whose handler blocked, therefore ends with the actor that it ran.
(One greenlet for each run of an actor would be as safe and costs 5.5 µs where a used one costs 0.4.)
"""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from gevent import get_hub, getcurrent
from greenlet import greenlet

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.clock import Timer

log = structlog.get_logger(__name__)

ACTORS_PER_TURN = 64
"""How many actors run before the loop looks at its sockets and timers again."""

MESSAGES_PER_RUN = 16
"""How many messages one actor handles before others have their turn."""

IDLE_WORKERS = 4
"""How many workers are kept for the next turn; more are needed only while handlers block."""


class Runnable(Protocol):
    """What the dispatcher runs: an actor's cell."""

    incarnation: int
    state: Any
    worker: Any

    def run(self, worker: object) -> None:
        """Handle a bounded number of messages; raises nothing."""


class Dispatcher(Protocol):
    """Decides who runs next. Bodies: `HubDispatcher`, and the simulation's."""

    messages_per_run: int
    """How many messages one actor handles before others have their turn."""

    def schedule(self, cell: Runnable) -> None:
        """Put a cell on the run queue; the caller makes sure that it stands there once."""

    def current(self) -> Any:
        """Return the cell whose handler is calling, or None outside of actors."""

    def interrupt(self, cell: Runnable, error: BaseException) -> None:
        """Raise ``error`` in the running handler of ``cell``: at once in the caller's own, else where it blocks."""

    def wake(self, waiter: Any) -> None:
        """Let the greenlet behind a gevent ``Waiter`` go on, in its turn."""

    def call_soon(self, call: Callable[..., object], *args: Any) -> None:
        """Call on the hub's thread, soon; safe from any thread."""


class HubClock:
    """The hub's loop as a clock."""

    monotonic = staticmethod(time.monotonic)

    def epoch_ms(self) -> int:
        """Return milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Call on the hub after ``seconds``."""
        timer = get_hub().loop.timer(max(seconds, 0.0))
        timer.start(call, update=True)
        return _HubTimer(timer)


class _HubTimer:
    __slots__ = ("_timer",)

    def __init__(self, timer: Any) -> None:
        self._timer = timer

    def cancel(self) -> None:
        self._timer.close()


class _Worker(greenlet):  # type: ignore[misc]  # greenlet ships no types
    """A greenlet that runs actors until the queue is empty."""

    def __init__(self, dispatcher: HubDispatcher) -> None:
        super().__init__(parent=dispatcher.hub)
        self.dispatcher = dispatcher
        self.cell: Runnable | None = None
        self.blocked = False

    def run(self) -> None:
        # All in one frame: each further frame with a `self` would be a reference more.
        unreferenced = sys.getrefcount(self)
        while True:
            for cell in self.dispatcher.take():
                self.cell = cell
                cell.run(self)
                self.cell = None
                if self.blocked or sys.getrefcount(self) > unreferenced:
                    return
            if not self.dispatcher.park(self):
                return

    def throw(self, *error: Any) -> Any:
        """Raise in the handler that this worker runs; one that no longer runs anything has nobody to tell.

        gevent's Timeout and kill come through here.
        """
        if self.cell is None or self.dead:
            log.warning("leaked_timeout", error=repr(error[0] if error else None))
            return None
        return super().throw(*error)


class HubDispatcher:
    """The real dispatcher, on the hub of the thread that makes it."""

    messages_per_run = MESSAGES_PER_RUN

    def __init__(self) -> None:
        """Bind to this thread's hub."""
        self.hub = get_hub()
        self._queue: deque[Runnable] = deque()
        self._idle: list[_Worker] = []
        self._turn_due = False

    def schedule(self, cell: Runnable) -> None:
        """Put a cell on the run queue."""
        self._queue.append(cell)
        self._ask_for_turn()

    def current(self) -> Any:
        """Return the cell whose handler is calling, or None."""
        return getattr(getcurrent(), "cell", None)

    def interrupt(self, cell: Runnable, error: BaseException) -> None:
        """Raise ``error`` in the handler of ``cell``; in the loop's next turn unless it is the caller's own."""
        if cell.worker is getcurrent():
            raise error
        self.hub.loop.run_callback(self._throw, cell.worker, cell, (cell.incarnation, cell.state), error)

    def wake(self, waiter: Any) -> None:
        """Let the greenlet behind ``waiter`` go on in the loop's next turn."""
        self.hub.loop.run_callback(waiter.switch, None)

    def call_soon(self, call: Callable[..., object], *args: Any) -> None:
        """Call on the hub's thread; safe from any thread."""
        self.hub.loop.run_callback_threadsafe(call, *args)

    def take(self) -> Any:
        """Yield runnable cells, at most as many as one turn may run."""
        for _ in range(ACTORS_PER_TURN):
            if not self._queue:
                return
            yield self._queue.popleft()

    def park(self, worker: _Worker) -> bool:
        """Keep ``worker`` until there is more to run; return False when enough are kept already."""
        if len(self._idle) >= IDLE_WORKERS:
            return False
        self._idle.append(worker)
        self.hub.switch()
        return True

    def _ask_for_turn(self) -> None:
        # The one invariant: whenever the hub has control and the queue isn't empty, a turn is due.
        if not self._turn_due:
            self._turn_due = True
            self.hub.loop.run_callback(self._turn)

    def _turn(self) -> None:
        # The flag stays up while the worker runs: what it schedules, it runs itself.
        try:
            if self._queue:
                self._switch_to(self._idle.pop() if self._idle else _Worker(self))
        finally:  # A worker that dies of a defect, or of a subscriber's, doesn't take the others' turns with it.
            self._turn_due = False
            if self._queue:
                self._ask_for_turn()

    @staticmethod
    def _switch_to(worker: _Worker) -> None:
        worker.switch()
        worker.blocked = worker.cell is not None

    @staticmethod
    def _throw(worker: _Worker | None, cell: Runnable, stage: tuple[int, Any], error: BaseException) -> None:
        # By now the handler may have returned and the worker run somebody else, or the cell's last hook.
        here = worker is not None and worker.cell is cell and cell.worker is worker
        if here and (cell.incarnation, cell.state) == stage:
            worker.throw(error)  # type: ignore[union-attr]
