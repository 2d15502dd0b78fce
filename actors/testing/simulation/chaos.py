"""What goes wrong in a simulation: actors are killed, crash, hang and dawdle, when and which as the seed says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.runtime.reasons import failed
from actors.session.farewell import Farewell

if TYPE_CHECKING:
    from random import Random

    from actors.runtime.cell import Cell
    from actors.runtime.runtime import Runtime
    from actors.testing.simulation.allowance import Allowance
    from actors.testing.simulation.ledger import Ledger
    from actors.testing.simulation.scheduler import SimulatedDispatcher

SHORT = (0.001, 1.0)
LONG = (1.0, 20.0)
"""How many seconds a delay and a hang last, from and to. Together they are less than any run has."""


class InjectedCrash(Exception):
    """A crash that the simulation ordered."""


class Chaos:
    """Injects at most ``limit`` faults into one simulation, as far as they are allowed."""

    def __init__(
        self,
        dispatcher: SimulatedDispatcher,
        random: Random,
        ledger: Ledger,
        allowance: Allowance,
        gap: int,
        limit: int,
    ) -> None:
        """Wait for the step of the first fault; ``gap`` is the most steps between two, ``runtime`` the one it is in."""
        self.runtime: Runtime
        self._dispatcher = dispatcher
        self._random = random
        self._ledger = ledger
        self._allowance = allowance
        self._gap = gap
        self._left = limit
        self._next = random.randint(1, gap)
        self._kinds = {"kill": self._kill, "crash": self._crash, "hang": self._hang, "delay": self._delay}

    def before_step(self, step: int) -> None:
        """Inject a fault where it is time for one."""
        if self._left and step >= self._next:
            self._next = step + self._random.randint(1, self._gap)
            targets = self._targets()
            if targets and self._allowance.take():
                self._left -= 1
                self._strike(self._random.choice(targets), self._random.choice(list(self._kinds)))

    def _targets(self) -> list[Cell]:
        # The root's end is the process's end. A farewell's is taken up at the session's next start, which is another
        # story: it has nobody to mend it.
        cells = [ref._cell for ref in self.runtime.refs()]  # noqa: SLF001 - the testkit looks behind references
        return [cell for cell in cells if cell.parent is not None and cell.spec.factory is not Farewell]

    def _strike(self, cell: Cell, kind: str) -> None:
        self._ledger.note(self.runtime.clock.monotonic(), "inject", f"{kind} {cell.address}#{cell.incarnation}")
        self._kinds[kind](cell)

    def _kill(self, cell: Cell) -> None:
        cell.kill()

    def _crash(self, cell: Cell) -> None:
        error = InjectedCrash("ordered by the simulation")
        if cell.worker is not None:
            self._dispatcher.interrupt(cell, error)
        else:
            cell.stop(failed(error), within=None)

    def _hang(self, cell: Cell) -> None:
        self._dispatcher.hold(cell.address, self._random.uniform(*LONG))

    def _delay(self, cell: Cell) -> None:
        self._dispatcher.hold(cell.address, self._random.uniform(*SHORT))
