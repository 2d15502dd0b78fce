"""Where planned faults strike: the one point at which a message is handed to its handler, or an actor is started."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gevent.monkey import get_original

from actors.runtime.errors import AskTimeout, InjectedFault, MailboxFull
from actors.runtime.future import Future
from actors.runtime.ledger import START, TIMED, Action
from actors.runtime.mailbox import Envelope
from actors.runtime.states import ACCEPTING
from actors.runtime.telemetry import FaultInjected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from actors.runtime.cell import Cell
    from actors.runtime.ledger import Injection
    from actors.runtime.runtime import Runtime


class Spared(Envelope):
    """A message that the plan sends on: it has been decided about, and nothing more is done to it."""


def strike(cell: Cell, envelope: Envelope) -> bool:
    """Do to a message what the plan says; tell whether it is taken away from its handler.

    Called in the handler's place, so that what is raised here is the handler's failure. Blocks for a hang.

    Raises:
        InjectedFault: for ``raise``.
        SystemExit: for ``exit``.
        ActorKilled: for ``kill``, and when a hang is killed.
    """
    if isinstance(envelope, Spared):
        return False
    injection = _decide(cell, type(envelope.message).__name__)
    return injection is not None and _STRIKES[injection.action](cell, envelope, injection)


def strike_start(cell: Cell) -> None:
    """Fail a start where the plan says so.

    Raises:
        InjectedFault: it does.
    """
    injection = _decide(cell, START)
    if injection is not None:
        raise InjectedFault(injection)


def strike_point(runtime: Runtime, address: str, name: str) -> None:
    """Do what the plan says at a point of the code that is no actor's: ``name`` stands for a message's type.

    A hang or a delay blocks the thread for its seconds, as a slow disk would. May be called from any thread.

    Raises:
        InjectedFault: for any other action; what only an actor can suffer is a failure here.
    """
    injection = None if runtime.faults is None else runtime.faults.decide(address, 0, name)
    if injection is None:
        return
    runtime.call_soon(runtime.telemetry.emit, FaultInjected(address, 0, injection.action.value, name))
    if injection.action is Action.SIGKILL:
        _end_process()
    elif injection.action in TIMED:
        _block(injection.seconds or 0.0)
    else:
        raise InjectedFault(injection)


_block = get_original("time", "sleep")


def _decide(cell: Cell, message: str) -> Injection | None:
    faults = cell.runtime.faults
    injection = None if faults is None else faults.decide(cell.address, cell.incarnation, message)
    if injection is not None:
        event = FaultInjected(cell.address, cell.incarnation, injection.action.value, message)
        cell.runtime.telemetry.emit(event)
    return injection


def _end_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _sigkill(_cell: Cell, _envelope: Envelope, _injection: Injection) -> bool:
    _end_process()
    return True


def _raise(_cell: Cell, _envelope: Envelope, injection: Injection) -> bool:
    raise InjectedFault(injection)


def _exit(_cell: Cell, _envelope: Envelope, injection: Injection) -> bool:
    raise SystemExit(str(InjectedFault(injection)))


def _kill(cell: Cell, _envelope: Envelope, _injection: Injection) -> bool:
    cell.kill()
    return True


def _drop(cell: Cell, _envelope: Envelope, _injection: Injection) -> bool:
    # The reply of an ask stays owed: its asker hears of the actor's end, where that comes before the timeout.
    cell.defer()
    return True


def _duplicate(cell: Cell, envelope: Envelope, _injection: Injection) -> bool:
    _send_on(cell, Spared(envelope.message, None, envelope.context))
    return False


def _hang(_cell: Cell, _envelope: Envelope, injection: Injection) -> bool:
    never: Future[Any] = Future()
    with suppress(AskTimeout):
        never.get(timeout=injection.seconds)
    return False


def _delay(cell: Cell, envelope: Envelope, injection: Injection) -> bool:
    future, life = cell.defer(), cell.incarnation

    def due() -> None:
        if future is None:
            _redeliver(cell, life, Spared(envelope.message, None, envelope.context))
        elif cell.resume(future):  # Otherwise this life has ended, and the ask with it.
            cell.deliver_ask(Spared(envelope.message, future, envelope.context))

    assert injection.seconds is not None
    cell.runtime.clock.call_later(injection.seconds, due)
    return True


def _redeliver(cell: Cell, life: int, spared: Spared) -> None:
    if cell.incarnation == life:
        _send_on(cell, spared)
    else:
        # It was this life's as much as what waited in its mailbox; the next one doesn't get that either.
        cell.runtime.dead_letter(cell.address, spared.message)


def _send_on(cell: Cell, spared: Spared) -> None:
    try:
        if cell.state in ACCEPTING:
            cell.deliver(spared)
            return
    except MailboxFull:
        pass
    cell.runtime.dead_letter(cell.address, spared.message)


_STRIKES: Mapping[Action, Callable[[Cell, Envelope, Injection], bool]] = {
    Action.RAISE: _raise,
    Action.KILL: _kill,
    Action.EXIT: _exit,
    Action.DELAY: _delay,
    Action.DROP: _drop,
    Action.DUPLICATE: _duplicate,
    Action.HANG: _hang,
    Action.SIGKILL: _sigkill,
}
