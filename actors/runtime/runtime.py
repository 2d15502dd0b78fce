"""A world of actors: their registry, clock and dispatcher, and the one place to hear of their fates."""

from __future__ import annotations

import itertools
import logging
import random
from typing import TYPE_CHECKING, Any, ClassVar

import structlog

from actors.runtime.cell import Cell
from actors.runtime.deadletters import DeadLetters
from actors.runtime.dispatcher import HubClock, HubDispatcher
from actors.runtime.future import ASK_TIMEOUT, Future
from actors.runtime.reasons import SHUTDOWN, ExitKind, ExitReason
from actors.runtime.ref import ActorRef
from actors.runtime.specs import ChildSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.clock import Clock
    from actors.runtime.dispatcher import Dispatcher
    from actors.runtime.faults import Faults

log = structlog.get_logger(__name__)

_ORDERED = frozenset({ExitKind.NORMAL, ExitKind.SHUTDOWN, ExitKind.KILLED})


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
        self.dead_letters = DeadLetters()
        self.late_replies = 0
        self.faults: Faults | None = None
        self._cells: dict[str, Cell] = {}
        self._serial = itertools.count(1)
        self._subscribers: list[Callable[[str, Cell, dict[str, Any]], object]] = []

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

    # Fates.

    def subscribe(self, subscriber: Callable[[str, Cell, dict[str, Any]], object]) -> None:
        """Have ``subscriber(event, cell, details)`` called for what `report` is told; it must not block or raise."""
        self._subscribers.append(subscriber)

    def report(self, event: str, cell: Cell, **details: Any) -> None:
        """Tell the log and the subscribers what became of an actor."""
        reason = details.get("reason")
        unforeseen = reason is None or reason.kind not in _ORDERED
        # An end that somebody ordered is news only to who looks closely.
        level = logging.WARNING if unforeseen else logging.DEBUG
        log.log(level, "actor", fate=event, actor=cell.address, incarnation=cell.incarnation, **_shown(details))
        for subscriber in self._subscribers:
            subscriber(event, cell, details)

    def dead_letter(self, address: str, message: Any) -> None:
        """Keep a message that nobody will get."""
        self.dead_letters.add(address, message)
        log.info("dead_letter", actor=address, message_type=type(message).__name__)

    def late_reply(self, address: str) -> None:
        """Count a reply whose asker is gone."""
        self.late_replies += 1
        log.info("late_reply", actor=address)


def _shown(details: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) for name, value in details.items()}
