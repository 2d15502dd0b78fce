"""What befalls a simulated server as a whole: its process is killed, its disk fails or stalls, as the seed says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from random import Random

    from actors.testing.simulation.allowance import Allowance
    from actors.testing.simulation.disk import Disk
    from actors.testing.simulation.ledger import Ledger

SHORT, LONG = 0.01, 10.0
"""How many seconds a disk fails or stalls, from and to."""


class Victim(Protocol):
    """What a calamity can befall."""

    disk: Disk

    def kill_process(self, *, landed: bool) -> None:
        """End the server's process and start the next one; ``landed`` tells whether the last commit got through."""


class Calamities:
    """Brings at most ``limit`` calamities over one simulated server, as far as they are allowed."""

    def __init__(
        self, victim: Victim, random: Random, ledger: Ledger, allowance: Allowance, gap: int, limit: int
    ) -> None:
        """Wait for the step of the first; ``gap`` is the most steps between two."""
        self._victim = victim
        self._random = random
        self._ledger = ledger
        self._allowance = allowance
        self._gap = gap
        self._left = limit
        self._next = random.randint(1, gap)
        self._kinds = {"process killed": self._kill, "disk fails": self._fail, "disk stalls": self._stall}

    def before_step(self, step: int, now: float) -> None:
        """Let something happen where it is time."""
        if self._left and step >= self._next:
            self._left -= 1
            self._next = step + self._random.randint(1, self._gap)
            kind = self._random.choice(list(self._kinds))
            if self._allowance.take():
                self._ledger.note(now, "inject", kind)
                self._kinds[kind]()

    def _kill(self) -> None:
        self._victim.kill_process(landed=self._random.random() < 0.5)  # noqa: PLR2004 - one of two

    def _fail(self) -> None:
        self._victim.disk.fail(self._random.uniform(SHORT, LONG))

    def _stall(self) -> None:
        self._victim.disk.stall(self._random.uniform(SHORT, LONG))
