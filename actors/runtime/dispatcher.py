"""Who runs: the M:N dispatcher that lets a few greenlets serve any number of actors.

An idle actor holds no greenlet. A runnable one stands in a queue; one callback a turn of the loop switches to a
worker, which runs actors from the queue, each for a bounded number of messages, until the queue is empty. A hop
between actors is a function call. Where a handler blocks, control comes back to the hub with the queue not empty, and
another worker goes on with it.

A greenlet that waits for an answer lends its time: instead of going to sleep until the hub comes to the turn that would
answer it, it switches to a worker itself, which runs the queue as ever and then comes straight back. That is two
switches an ask instead of four, no timer, and no callback to wake the asker (5.5 µs where it was 7.5). Handlers run in
their own greenlet all the same, so what is raised at the asker isn't raised in them. As soon as the hub gets control,
because a handler blocks or there is no answer yet, the loan is called in: the asker waits as everybody waits.

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
"""How many actors run before the loop looks at its sockets and timers again, whoever's time they run in."""

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


class Borrowed(Protocol):
    """What the dispatcher knows of a wait whose greenlet lends its time; see `actors.runtime.pause`."""

    greenlet: Any
    lent: bool
    over: bool

    def call_in(self) -> None:
        """Wait as everybody waits: until `wake` or the time is up."""

    def go_on(self) -> None:
        """Switch to the greenlet that waits, if it still does."""


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

    def lend(self, pause: Borrowed) -> bool:
        """Run others in the time of the calling greenlet, until its pause is over; False where that can't be."""

    def wake(self, pause: Borrowed) -> None:
        """Let the greenlet that pauses go on, in its turn."""

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


class _Hub:
    """Who lends to a worker that runs in a turn of the loop."""

    lent = True
    over = False


class _Worker(greenlet):  # type: ignore[misc]  # greenlet ships no types
    """A greenlet that runs actors until the queue is empty."""

    def __init__(self, dispatcher: HubDispatcher) -> None:
        super().__init__(parent=dispatcher.hub)
        self.dispatcher = dispatcher
        self.cell: Runnable | None = None
        self.lender: Any = _Hub
        self.blocked = False
        self.returned_to = 0

    def run(self) -> None:
        # All in one frame: each further frame with a `self` would be a reference more.
        unreferenced, dispatcher = sys.getrefcount(self), self.dispatcher
        queue = dispatcher.queue
        while True:
            while queue and dispatcher.ran < ACTORS_PER_TURN:
                dispatcher.ran += 1
                cell = self.cell = queue.popleft()
                cell.run(self)
                references = sys.getrefcount(self) - unreferenced
                if self.blocked or not self.lender.lent or (references and references > dispatcher.returned(id(self))):
                    return  # Still with its cell: the watchdog may ask only then whose greenlet this was.
                self.cell = None
            if not dispatcher.park(self):
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
        self.queue: deque[Runnable] = deque()
        """Who is runnable; the workers take them from here."""
        self._idle: list[_Worker] = []
        self._lent: list[Borrowed] = []
        self._worker_lacking = False
        # How many ran since the loop's last turn.
        self.ran = ACTORS_PER_TURN  # As if: a worker that ends must find the hub running, so that has the first turn.
        self._turn_due = False

    def schedule(self, cell: Runnable) -> None:
        """Put a cell on the run queue."""
        self.queue.append(cell)
        if not self._turn_due:
            self._ask_for_turn()

    def current(self) -> Any:
        """Return the cell whose handler is calling, or None."""
        return getattr(getcurrent(), "cell", None)

    def interrupt(self, cell: Runnable, error: BaseException) -> None:
        """Raise ``error`` in the handler of ``cell``; in the loop's next turn unless it is the caller's own."""
        if cell.worker is getcurrent():
            raise error
        self.hub.loop.run_callback(self._throw, cell.worker, cell, (cell.incarnation, cell.state), error)

    def lend(self, pause: Borrowed) -> bool:
        """Run the queue in the time of the calling greenlet, until its pause is over; False where that can't be."""
        # A turn is due, or under way, as the queue isn't empty: should the loop get control, it calls the loan in.
        if not self.queue or self.ran >= ACTORS_PER_TURN or pause.greenlet is self.hub:
            return False
        if not self._idle:
            # The hub has to start one: a greenlet counts its depth, which is limited, from where it was started.
            self._worker_lacking = True
            return False
        pause.lent = True
        self._lent.append(pause)
        try:
            worker = self._idle.pop()
            worker.lender = pause  # As in `_switch_to`: a call is a fiftieth of an ask.
            worker.switch()
            worker.blocked = worker.cell is not None
        finally:
            if pause.lent:
                pause.lent = False
                self._lent.remove(pause)
        return True

    def wake(self, pause: Borrowed) -> None:
        """Let the greenlet that pauses go on in the loop's next turn."""
        self.hub.loop.run_callback(pause.go_on)

    def call_soon(self, call: Callable[..., object], *args: Any) -> None:
        """Call on the hub's thread; safe from any thread."""
        self.hub.loop.run_callback_threadsafe(call, *args)

    def park(self, worker: _Worker) -> bool:
        """Keep ``worker`` until there is more to run; return False when enough are kept already."""
        if len(self._idle) >= IDLE_WORKERS:
            return False
        self._idle.append(worker)
        lender, worker.lender = worker.lender, _Hub
        if lender.lent and lender.over:
            worker.returned_to = id(lender.greenlet)
            lender.greenlet.switch()
            worker.returned_to = 0
        else:
            self.hub.switch()
        return True

    def returned(self, lender: int) -> int:
        """Count the idle workers that returned to the worker with that id: each refers to it."""
        return sum(worker.returned_to == lender for worker in self._idle)

    def _ask_for_turn(self) -> None:
        # The one invariant: whenever the hub has control and the queue isn't empty, or time is lent, a turn is due.
        self._turn_due = True
        self.hub.loop.run_callback(self._turn)

    def _turn(self) -> None:
        # The flag stays up while the worker runs: what it schedules, it runs itself.
        self.ran = 0
        try:
            self._call_in()
            if self.queue:
                self._switch_to(self._idle.pop() if self._idle else _Worker(self), _Hub)
            if self._worker_lacking and not self.queue:
                self._start_workers()
        finally:  # A worker that dies of a defect, or of a subscriber's, doesn't take the others' turns with it.
            self._turn_due = False
            if self.queue or self._lent:
                self._ask_for_turn()

    def _start_workers(self) -> None:
        # As many as may idle: those that wait for a lacking one end, as everybody who blocked, and would lack next.
        self._worker_lacking = False
        while len(self._idle) < IDLE_WORKERS:
            self._switch_to(_Worker(self), _Hub)

    def _call_in(self) -> None:
        lent, self._lent = self._lent, []
        for pause in lent:
            pause.lent = False
            pause.call_in()

    @staticmethod
    def _switch_to(worker: _Worker, lender: Any) -> None:
        worker.lender = lender
        worker.switch()
        worker.blocked = worker.cell is not None

    @staticmethod
    def _throw(worker: _Worker | None, cell: Runnable, stage: tuple[int, Any], error: BaseException) -> None:
        # By now the handler may have returned and the worker run somebody else, or the cell's last hook.
        here = worker is not None and worker.cell is cell and cell.worker is worker
        if here and (cell.incarnation, cell.state) == stage:
            worker.throw(error)  # type: ignore[union-attr]
