"""A world of actors: their registry, clock and dispatcher, and where one sees what becomes of them."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any, ClassVar

from actors.runtime.bundles import Recorder
from actors.runtime.cell import Cell
from actors.runtime.deadletters import DeadLetters
from actors.runtime.dispatcher import HubClock, HubDispatcher
from actors.runtime.future import ASK_TIMEOUT, Future
from actors.runtime.logbook import Logbook
from actors.runtime.reasons import SHUTDOWN, ExitReason
from actors.runtime.ref import ActorRef
from actors.runtime.specs import ChildSpec
from actors.runtime.telemetry import DeadLettered, LateReply, Telemetry
from actors.runtime.tree import children, restless, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from actors.runtime.bundles import CrashBundle
    from actors.runtime.clock import Clock
    from actors.runtime.dispatcher import Dispatcher
    from actors.runtime.faults import Faults
    from actors.runtime.tree import Snapshot


class Runtime:
    """One dispatcher, one clock, one registry. Belongs to the thread that makes it; see `call_soon` for others.

    ``seed`` makes its random draws (jitter, ids) repeatable. ``faults``, None by default, may be set at any time.
    """

    _default: ClassVar[Runtime | None] = None

    def __init__(
        self, dispatcher: Dispatcher | None = None, clock: Clock | None = None, seed: int | None = None
    ) -> None:
        """Make an empty world on this thread's hub."""
        self.dispatcher: Dispatcher = dispatcher or HubDispatcher()
        self.clock: Clock = clock or HubClock()
        self.random = random.Random(seed)  # noqa: S311 - jitter and names, nothing that must not be guessed
        self.dead_letters = DeadLetters(self.clock)
        self.faults: Faults | None = None
        self.recorder = Recorder()
        self.telemetry = Telemetry()
        self.telemetry.subscribe(Logbook(self.clock))
        self._cells: dict[str, Cell] = {}
        self._serial = itertools.count(1)

    @classmethod
    def default(cls) -> Runtime:
        """Return the process's own runtime, made at the first call."""
        if cls._default is None:
            cls._default = cls()
        return cls._default

    # Actors.

    def start(self, factory: type[Any], *args: Any, **kwargs: Any) -> ActorRef[Any]:
        """Start an actor that nobody supervises.

        As in pykka, the constructor runs here and raises here; ``on_start`` runs with the first message's worker.
        """
        number = next(self._serial)
        name = factory.__name__.lower()
        cell = self.enroll(ChildSpec(f"{name}-{number}", factory, args, kwargs), parent=None)
        cell.revive_here()
        return ActorRef(cell)

    def supervise(self, spec: ChildSpec) -> ActorRef[Any]:
        """Start an actor, usually the top supervisor of a tree, by its spec; it is constructed in its own greenlet."""
        cell = self.enroll(spec, parent=None)
        cell.revive()
        return ActorRef(cell)

    def enroll(self, spec: ChildSpec, parent: Cell | None, address: str | None = None) -> Cell:
        """Give an actor its address, before its first life."""
        cell = Cell(self, address or spec.id, spec, parent)
        if cell.address in self._cells:
            raise ValueError(f"there is an actor at {cell.address} already")
        self._cells[cell.address] = cell
        return cell

    def forget(self, cell: Cell) -> None:
        """Free the address of an actor that is dead for good."""
        if self._cells.get(cell.address) is cell:
            del self._cells[cell.address]

    def ref(self, address: str) -> ActorRef[Any] | None:
        """Return the actor at ``address``, or None."""
        cell = self._cells.get(address)
        return None if cell is None else ActorRef(cell)

    def refs(self) -> list[ActorRef[Any]]:
        """Return all actors that live or will live again, in the order they were made."""
        return [ActorRef(cell) for cell in self._cells.values()]

    def walk(self) -> Iterator[ActorRef[Any]]:
        """Go over the actors that are there now; the caller may let others run meanwhile."""
        return map(ActorRef, tuple(self._cells.values()))

    def stop(self, timeout: float | None = ASK_TIMEOUT, reason: ExitReason = SHUTDOWN) -> None:
        """Stop every actor, top supervisors and loners in the reverse order of their start; blocks until they ended.

        One that hasn't ended after ``timeout`` seconds (None: as long as it takes) is killed.
        """
        tops = [cell for cell in self._cells.values() if cell.parent is None]
        for cell in reversed(tops):
            ended: Future[bool] = Future(cell)
            cell.stop(reason, within=timeout, waiter=ended)
            ended.get()

    def call_soon(self, call: Callable[..., object], *args: Any) -> None:
        """Call on the runtime's thread, soon: the one door for other threads."""
        self.dispatcher.call_soon(call, *args)

    # What became of them.

    def tree(self) -> tuple[Snapshot, ...]:
        """Return what all actors are doing right now, the top ones with their children; costs as much as there are."""
        now = self.clock.monotonic()
        return tuple(snapshot(cell, now) for cell in tuple(self._cells.values()) if cell.parent is None)

    def subtree(self, address: str, most: int | None = None) -> Snapshot | None:
        """Return what the actor at ``address`` and those below it are doing; None where there isn't one.

        Of the children of each actor the first ``most`` are shown, all by default.
        """
        cell = self._cells.get(address)
        return None if cell is None else snapshot(cell, self.clock.monotonic(), most)

    def tops(self) -> tuple[str, ...]:
        """Return the addresses of the actors that have nobody above them; costs as much as there are actors."""
        return tuple(cell.address for cell in self._cells.values() if cell.parent is None)

    def restless(self, address: str) -> Iterator[Snapshot]:
        """Yield those at and below ``address`` of whom there is anything to tell, without their children."""
        cell = self._cells.get(address)
        return iter(()) if cell is None else restless(cell, self.clock.monotonic())

    def children(self, address: str) -> tuple[str, ...]:
        """Return the addresses of the children of the actor at ``address``, in their order; () for "no such actor"."""
        cell = self._cells.get(address)
        return () if cell is None else tuple(child.address for child in children(cell))

    @property
    def population(self) -> int:
        """How many actors live or will live again."""
        return len(self._cells)

    @property
    def crashes(self) -> tuple[CrashBundle, ...]:
        """The last crashes, oldest first."""
        return tuple(self.recorder.crashes)

    @property
    def late_replies(self) -> int:
        """How many replies came when their askers had given up."""
        return self.telemetry.counts[LateReply]

    def dead_letter(self, address: str, message: Any) -> None:
        """Keep a message that nobody will get."""
        self.telemetry.emit(DeadLettered(address, type(message).__name__))
        self.dead_letters.add(address, message)

    def late_reply(self, address: str) -> None:
        """Tell of a reply whose asker is gone."""
        self.telemetry.emit(LateReply(address))
