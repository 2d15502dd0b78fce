"""The handle that others hold of an actor: its address, through all its lives."""

from __future__ import annotations

from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import pykka
from pykka.messages import _ActorStop

from actors.runtime.future import ASK_TIMEOUT, DEFAULT, Future
from actors.runtime.mailbox import Envelope
from actors.runtime.pause import Pause
from actors.runtime.reasons import NORMAL
from actors.runtime.states import RUNNING

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.cell import Cell
    from actors.runtime.mailbox import Mailbox
    from actors.runtime.messages import Down
    from actors.runtime.reasons import ExitReason

A = TypeVar("A", bound=pykka.Actor)


class ActorRef(pykka.ActorRef[A]):
    """A pykka reference that stays good over restarts; equal where the actor is the same.

    Everything but `ask`, `stop` and a future's `get` returns at once.
    """

    def __init__(self, cell: Cell) -> None:
        """Refer to the actor of ``cell``."""
        self._cell = cell

    # pykka keeps these as attributes of each reference; here they are read through to the cell, so that a reference
    # costs one pointer and never speaks of an earlier life.

    @property
    def address(self) -> str:
        """The actor's address, unique in its runtime."""
        return self._cell.address

    @property
    def incarnation(self) -> int:
        """Which life the actor is in, from 1."""
        return self._cell.incarnation

    @property
    def actor_class(self) -> type[A]:  # type: ignore[override]
        """The class that makes the actor."""
        return self._cell.spec.factory

    @property
    def actor_urn(self) -> str:  # type: ignore[override]
        """The address, under pykka's name for it."""
        return self._cell.address

    @property
    def actor_inbox(self) -> Mailbox:  # type: ignore[override]
        """The mailbox."""
        return self._cell.mailbox

    @property
    def actor_stopped(self) -> Stopped:  # type: ignore[override]
        """Whether the actor is dead for good, in the shape of an event."""
        return Stopped(self._cell)

    @property
    def _actor_weakref(self) -> Callable[[], A | None]:  # type: ignore[override]
        return self._cell.living_actor

    def is_alive(self) -> bool:
        """Tell whether the actor lives or will live again; true until its last hook has run."""
        return not self._cell.dead

    def tell(self, message: Any) -> None:
        """Send without waiting for a reply.

        Raises:
            ActorDied: the actor is dead for good.
            MailboxFull: its mailbox rejects what is over its bound.
        """
        cell, envelope = self._cell, Envelope(message, None, copy_context())
        if cell.state is RUNNING:
            cell.put(envelope)  # As `deliver` would, but for a call: nearly every message goes this way.
        else:
            cell.deliver(envelope)

    def ask(self, message: Any, *, block: bool = True, timeout: float | None = DEFAULT) -> Any:
        """Send and wait for the reply, or return its `Future` at once where ``block`` is false.

        Args:
            message: any object.
            block: wait here.
            timeout: seconds; 5 by default, None for ever.

        Raises:
            ActorDied: the actor died before it answered; its ``phase`` says whether it had begun.
            ActorRestarting: the actor is between two lives.
            MailboxFull: the message was not taken.
            AskTimeout: no reply in time.
            AskDeadlock: the actor waits for the caller.
            Exception: whatever the handler raised.
        """
        cell = self._cell
        future: Future[Any] = Future(cell, ASK_TIMEOUT if timeout is DEFAULT else timeout)
        if isinstance(message, _ActorStop):
            cell.stop(NORMAL, within=None, waiter=future)
        elif cell.state is RUNNING and cell.mailbox.user is None:
            cell.put(Envelope(message, future, copy_context()))  # As `deliver_ask` would: it can't be refused.
        else:
            cell.deliver_ask(Envelope(message, future, copy_context()))
        return future.get() if block else future

    def stop(self, *, block: bool = True, timeout: float | None = DEFAULT, reason: ExitReason = NORMAL) -> Any:
        """Stop the actor ahead of what waits in its mailbox; wait until it is dead where ``block`` is true.

        Returns:
            True when it was alive, False when it was dead already; a future of that where ``block`` is false.

        Raises:
            AskTimeout: it didn't end in time (5 s by default, None for ever); the stop goes on.
            AskDeadlock: the actor is the caller, or waits for it; the stop goes on once the handler returns.
        """
        future: Future[bool] = Future(self._cell, ASK_TIMEOUT if timeout is DEFAULT else timeout)
        self._cell.stop(reason, within=None, waiter=future)
        return future.get() if block else future

    def kill(self) -> None:
        """End the actor now: at once where it idles, by `ActorKilled` where its handler blocks. Doesn't wait."""
        self._cell.kill()

    def on_death(self, listener: Callable[[Down], object]) -> Callable[[], None]:
        """Call ``listener`` on the hub with the `Down` of the current incarnation; return what undoes this.

        For those who aren't actors; actors use `Actor.monitor`. ``listener`` may neither block nor raise.
        """
        self._cell.on_death(listener)
        return partial(self._cell.forget_listener, listener)

    def __eq__(self, other: object) -> bool:
        """Compare by actor."""
        return isinstance(other, ActorRef) and other._cell is self._cell

    def __hash__(self) -> int:
        """Hash by actor."""
        return hash(self._cell.address)

    def __str__(self) -> str:
        """Show class and address, as pykka does."""
        return f"{self._cell.class_name} ({self._cell.address})"


class Stopped:
    """A view of a cell in the shape of the event that pykka gives each actor (and which takes 500 bytes)."""

    __slots__ = ("_cell",)

    def __init__(self, cell: Cell) -> None:
        """Look at ``cell``."""
        self._cell = cell

    def is_set(self) -> bool:
        """Tell whether the actor is dead for good."""
        return self._cell.dead

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the actor is dead for good, at most ``timeout`` seconds; tell whether it is."""
        pause = Pause(self._cell.runtime)
        self._cell.on_death(lambda _down: pause.wake())
        pause.last(timeout)
        return self._cell.dead
