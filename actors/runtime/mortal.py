"""Whose end others wait for: those who stop an actor, and those who watch it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.runtime.addressee import Addressee
from actors.runtime.messages import Down

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.future import Future
    from actors.runtime.reasons import ExitReason
    from actors.runtime.runtime import Runtime
    from actors.runtime.specs import ChildSpec


class Mortal(Addressee):
    """The side of an actor that is told of its end. Both lists exist only while somebody is on them."""

    __slots__ = ("_listeners", "_stop_waiters")

    def __init__(self, runtime: Runtime, address: str, spec: ChildSpec) -> None:
        """Be waited for by nobody."""
        super().__init__(runtime, address, spec)
        self._listeners: list[Callable[[Down], object]] | None = None
        self._stop_waiters: list[Future[Any]] | None = None

    def on_death(self, listener: Callable[[Down], object]) -> None:
        """Call ``listener`` once with the `Down` of this incarnation, or of the first; at once where it is over."""
        if self.ended and self._exit_reason is not None:
            listener(Down(self.address, self.incarnation, self._exit_reason))
        else:
            self._listeners = [*(self._listeners or ()), listener]

    def forget_listener(self, listener: Callable[[Down], object]) -> None:
        """Undo `on_death`."""
        if self._listeners and listener in self._listeners:
            self._listeners.remove(listener)

    def _await_end(self, waiter: Future[Any]) -> None:
        self._stop_waiters = [*(self._stop_waiters or ()), waiter]

    def _notify(self, reason: ExitReason) -> None:
        waiters, self._stop_waiters = self._stop_waiters, None
        listeners, self._listeners = self._listeners, None
        for waiter in waiters or ():
            waiter.set(True)
        if listeners is not None:
            down = Down(self.address, self.incarnation, reason)
            for listener in listeners:
                listener(down)
