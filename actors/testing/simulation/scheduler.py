"""The dispatcher of a simulation: among all that could run, a seeded source picks what does."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from gevent import GreenletExit, get_hub, getcurrent
from gevent.hub import Waiter
from greenlet import greenlet

from actors.runtime.pause import sleep

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from actors.runtime.cell import Cell
    from actors.testing.clock import ManualClock
    from actors.testing.simulation.ledger import Ledger

TIME_PASSES = 0.02
"""How likely the next timer fires though somebody could run: machines are slow sometimes."""

LONGEST_STALL = 1.0
"""How many seconds may pass so, at most."""

MOST_STEPS = 300_000
"""After so many steps it isn't going to end."""


class NeverAtRest(AssertionError):
    """The actors kept each other busy until the simulation gave up."""


class _Choice(NamedTuple):
    kind: str
    who: str
    do: Callable[[], object]


class _Worker(greenlet):  # type: ignore[misc]  # greenlet ships no types
    """Runs one message of one actor and ends."""

    def __init__(self, cell: Cell, hold: float) -> None:
        super().__init__(parent=get_hub())
        self.cell: Cell | None = cell
        self._hold = hold

    def run(self) -> None:
        cell = self.cell
        assert cell is not None
        if not self._hold or self._held(cell):
            cell.run(self)
        self.cell = None

    def _held(self, cell: Cell) -> bool:
        """Block as a handler may; tell whether the actor still has this worker after it."""
        cell.worker = self
        with suppress(BaseException):  # What was to end the handler waits in the system lane as well.
            sleep(self._hold)
        return cell.worker is self


class SimulatedDispatcher:
    """Runs one message at a time, on the hub of the thread that makes it; see `run`."""

    messages_per_run = 1

    def __init__(self, clock: ManualClock, random: Random, ledger: Ledger) -> None:
        """Begin with nobody to run. ``before_step`` is called with the number of each step ahead of it."""
        self.before_step: Callable[[int], object] = lambda _step: None
        self._clock = clock
        self._random = random
        self._ledger = ledger
        self._ready: list[_Choice] = []
        self._holds: dict[str, float] = {}
        self._workers: list[_Worker] = []
        self._steps = 0

    # What the runtime asks for.

    def schedule(self, cell: Any) -> None:
        """Make the actor one of those that may run next."""
        self._ready.append(_Choice("run", cell.address, lambda: self._run(cell)))

    def current(self) -> Any:
        """Return the cell whose handler is calling, or None."""
        return getattr(getcurrent(), "cell", None)

    def interrupt(self, cell: Any, error: BaseException) -> None:
        """Raise ``error`` in the handler of ``cell``: at once in the caller's own, else as one of the next choices."""
        if cell.worker is getcurrent():
            raise error
        worker, stage = cell.worker, (cell.incarnation, cell.state)

        def throw() -> None:
            here = worker is not None and worker.cell is cell and cell.worker is worker
            if here and (cell.incarnation, cell.state) == stage:
                worker.throw(error)

        self._ready.append(_Choice("throw", cell.address, throw))

    def lend(self, pause: Any) -> bool:  # noqa: ARG002 - who runs next is the seed's to say, not the asker's
        """Refuse."""
        return False

    def wake(self, pause: Any) -> None:
        """Make the greenlet that pauses one of those that may go on next."""
        cell = getattr(pause.greenlet, "cell", None)
        who = "somebody" if cell is None else cell.address
        self._ready.append(_Choice("wake", who, pause.go_on))

    def call_soon(self, call: Callable[..., object], *args: Any) -> None:
        """Make the call one of the next choices; only from this thread."""
        self._ready.append(_Choice("call", getattr(call, "__name__", "call"), lambda: call(*args)))

    # What the simulation asks for.

    def hold(self, address: str, seconds: float) -> None:
        """Let the actor block for ``seconds`` when it runs next."""
        self._holds[address] = seconds

    def cut_off(self) -> None:
        """Let nothing that was begun go on: what is ready is forgotten, who is blocked never returns."""
        workers, self._workers = self._workers, []
        for worker in workers:
            if not worker.dead:
                worker.throw(GreenletExit)
        # Last: dying, they may have made others ready.
        self._ready.clear()
        self._holds.clear()

    def blocked(self) -> list[str]:
        """Name the actors that are inside a handler."""
        self._workers = [worker for worker in self._workers if not worker.dead]
        return [repr(worker.cell) for worker in self._workers]

    def run(self) -> None:
        """Run until nobody can and no timer is due; blocks the calling greenlet, and everything else on its hub.

        Raises:
            NeverAtRest: that doesn't come.
        """
        waiter = Waiter()

        def drive() -> None:
            try:
                self._drive()
            except BaseException as error:  # noqa: BLE001 - raised at the caller instead of in the hub
                waiter.throw(error)
            else:
                waiter.switch(None)

        get_hub().loop.run_callback(drive)
        waiter.get()

    def _drive(self) -> None:
        last = self._steps + MOST_STEPS
        while self._ready or self._clock.next_due() is not None:
            self._steps += 1
            if self._steps > last:
                raise NeverAtRest(f"not at rest after {MOST_STEPS} steps")
            self.before_step(self._steps)
            if not self._ready or self._time_passes():
                self._clock.fire_next()
            if self._ready:
                self._step()

    def _time_passes(self) -> bool:
        # Never past a kill that is on its way: the loop, too, does what is due at once before it looks at its timers.
        due = self._clock.next_due()
        soon = due is not None and due - self._clock.monotonic() <= LONGEST_STALL
        return soon and self._random.random() < TIME_PASSES and all(choice.kind != "throw" for choice in self._ready)

    def _step(self) -> None:
        # The order of the list doesn't matter: the last fills the place of the one that is taken.
        place = self._random.randrange(len(self._ready))
        self._ready[place], self._ready[-1] = self._ready[-1], self._ready[place]
        choice = self._ready.pop()
        self._ledger.note(self._clock.monotonic(), choice.kind, choice.who)
        choice.do()

    def _run(self, cell: Cell) -> None:
        worker = _Worker(cell, self._holds.pop(cell.address, 0.0))
        worker.switch()
        if not worker.dead:
            self._workers.append(worker)
