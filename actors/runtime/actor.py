"""What people write: a pykka actor that the dispatcher runs and a supervisor mends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import pykka
import structlog
from pykka.messages import ProxyCall, ProxyGetAttr, ProxySetAttr, _ActorStop

from actors.runtime.future import Future
from actors.runtime.reasons import NORMAL
from actors.runtime.ref import ActorRef, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.cell import Cell
    from actors.runtime.clock import Timer
    from actors.runtime.mailbox import Mailbox
    from actors.runtime.messages import Down
    from actors.runtime.reasons import ExitReason
    from actors.runtime.restarts import Budget
    from actors.runtime.runtime import Runtime

F = TypeVar("F", bound="Callable[..., Any]")
T = TypeVar("T")

_PYKKAS = (_ActorStop, ProxyCall, ProxyGetAttr, ProxySetAttr)
"""The messages that pykka itself knows how to handle."""


def receives(*kinds: type) -> Callable[[F], F]:
    """Mark a method as the handler of messages of these very types (not of their subclasses)."""

    def mark(method: F) -> F:
        method.__receives__ = kinds  # type: ignore[attr-defined]
        return method

    return mark


class Reply(Generic[T]):
    """The reply to an ask, for later than the handler's return."""

    __slots__ = ("_cell", "_future")

    def __init__(self, cell: Cell, future: Future[Any]) -> None:
        """Hold the future of the ask that ``cell`` is handling."""
        self._cell = cell
        self._future = future

    def set(self, value: T) -> None:
        """Answer with ``value``; a second answer, or one after the actor's end, does nothing."""
        self._cell.resolve_deferred(self._future, value, None)

    def fail(self, error: BaseException) -> None:
        """Answer with an exception, which the asker gets raised."""
        self._cell.resolve_deferred(self._future, None, error)


class Monitor:
    """One watch over one actor's current incarnation."""

    __slots__ = ("_down", "_watched", "_watcher", "_watcher_life")

    def __init__(self, watcher: Cell, watched: Cell) -> None:
        """Begin to watch; one that is dead already is reported at once."""
        self._watcher = watcher
        self._watcher_life = watcher.incarnation
        self._watched = watched
        self._down: Down | None = None
        watched.on_death(self._report)

    def _report(self, down: Down) -> None:
        if self._watcher.incarnation == self._watcher_life:
            self._down = down
            self._watcher.deliver_system(down)

    def cancel(self) -> None:
        """Stop watching; a `Down` that waits unread is taken back."""
        self._watched.forget_listener(self._report)
        if self._down is not None:
            self._watcher.mailbox.forget_system(self._down)


class Actor(pykka.Actor):
    """An actor: state that only its own handlers touch, one message at a time.

    Write handlers as methods marked with `receives`, or override `on_receive` as in pykka. A handler may block. What
    a handler returns is the reply; what it raises goes to the asker and ends this life, unless the child spec lists
    it as expected.

    Hooks: `on_start`, `on_terminate` (and pykka's `on_stop` and `on_failure`, which it calls).
    """

    _cell: Cell
    _receivers: ClassVar[dict[type, Callable[..., Any]]] = {}
    _handlers: ClassVar[dict[type, Callable[..., Any]]] = {}
    """The same, for the cell to call at once; empty where a subclass sorts its messages itself."""
    has_last_hook: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Collect the handlers of the class, those of its bases included."""
        super().__init_subclass__(**kwargs)
        members = [member for base in reversed(cls.__mro__) for member in vars(base).values()]
        cls._receivers = {kind: member for member in members for kind in getattr(member, "__receives__", ())}
        cls._handlers = cls._receivers if cls._handle_receive is Actor._handle_receive else {}
        hooks = ("on_terminate", "on_stop", "on_failure")
        cls.has_last_hook = any(getattr(cls, hook) is not getattr(Actor, hook) for hook in hooks)

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        """Accept and ignore any arguments, as pykka does; everything that pykka sets here is read from the cell."""

    @classmethod
    def start(cls, *args: Any, **kwargs: Any) -> ActorRef[Any]:
        """Start an actor without a supervisor on the process's default runtime; see `Runtime.start`."""
        from actors.runtime.runtime import Runtime  # noqa: PLC0415 - the runtime stands on actors, not they on it

        return Runtime.default().start(cls, *args, **kwargs)

    # Who and where.

    @property
    def actor_ref(self) -> ActorRef[Any]:
        """A reference to this actor."""
        return ActorRef(self._cell)

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
    def address(self) -> str:
        """The address, unique in the runtime and the same in every life."""
        return self._cell.address

    @property
    def incarnation(self) -> int:
        """Which life this is, from 1."""
        return self._cell.incarnation

    @property
    def runtime(self) -> Runtime:
        """The runtime that the actor lives in."""
        return self._cell.runtime

    @property
    def log(self) -> Any:
        """A logger that names the actor and its incarnation."""
        return structlog.get_logger().bind(actor=self.address, incarnation=self.incarnation)

    @property
    def under_way(self) -> Any:
        """The message that is being handled; in `on_terminate` the one that this life ended with, if it was one."""
        return self._cell.handling

    # What handlers use.

    def defer(self) -> Reply[Any] | None:
        """Take the reply to the current message out of the handler's return; None where nobody asked.

        The ask stays open until the reply is set, the asker's patience ends, or this actor dies.
        """
        future = self._cell.defer()
        return None if future is None else Reply(self._cell, future)

    def monitor(self, ref: ActorRef[Any]) -> Monitor:
        """Get one `Down` when the current incarnation behind ``ref`` ends, also where it already has."""
        return Monitor(self._cell, ref._cell)  # noqa: SLF001 - the runtime's own

    def send_after(self, seconds: float, message: Any) -> Timer:
        """Deliver ``message`` to this incarnation, ahead of its mailbox, after ``seconds``."""
        return self.runtime.clock.call_later(seconds, self.mailer(lambda: message))

    def mailer(self, make: Callable[..., Any]) -> Callable[..., None]:
        """Return a function for others on the hub to call: it delivers what ``make`` makes of its arguments.

        It goes to this incarnation, ahead of its mailbox; once that is over, nowhere.
        """
        cell, life = self._cell, self._cell.incarnation

        def post(*args: Any) -> None:
            if cell.incarnation == life:
                cell.deliver_system(make(*args))

        return post

    def stop(self) -> None:
        """End this actor once the current handler returns, ahead of its mailbox."""
        self._cell.stop(NORMAL, within=None)

    # Hooks.

    def on_terminate(self, reason: ExitReason) -> None:
        """Clean up; always called, whatever ended the actor, and bounded by its shutdown time.

        Calls pykka's `on_stop` after a clean end and `on_failure` after an error.
        """
        if reason.error is None:
            self.on_stop()
        else:
            self.on_failure(type(reason.error), reason.error, reason.error.__traceback__)

    def on_abandoned(self) -> None:
        """Settle what others wait for, where a handler that never ended keeps `on_terminate` from running.

        It runs beside that handler, whose state may be half changed. It may not block.
        """

    # Seams of pykka, and what the cell calls.

    def _handle_receive(self, message: Any) -> Any:
        handler = self._receivers.get(type(message))
        if handler is not None:
            return handler(self, message)
        if isinstance(message, _PYKKAS):
            return super()._handle_receive(message)
        return self.on_receive(message)

    @staticmethod
    def _create_future() -> Future[Any]:
        return Future()

    @staticmethod
    def _create_actor_inbox() -> Any:
        raise NotImplementedError("a cell makes the mailbox")

    def _start_actor_loop(self) -> None:
        raise NotImplementedError("the dispatcher runs the actor")

    def _stop(self) -> None:
        self.stop()

    def _start_children(self) -> bool:
        """Begin to start the children; tell whether none is awaited. `Supervisor` has some."""
        return True

    def _release_children(self, *, killed: bool) -> bool:  # noqa: ARG002 - for the subclass that has children
        """Begin to end the children; tell whether none is left."""
        return True

    def _child_cells(self) -> tuple[Cell, ...]:
        """Return the children, in their order."""
        return ()

    def _budget_left(self, cell: Cell, now: float) -> Budget | None:  # noqa: ARG002 - as above
        """Tell how many more failures of a child would be mended; None where that isn't known."""
        return None
