"""The answer that is on its way: pykka's future, waiting on the hub instead of a lock."""

from __future__ import annotations

import queue
import sys
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pykka
from gevent import get_hub, getcurrent
from gevent.hub import Waiter
from pykka import _future

from actors.runtime.errors import AskDeadlock, AskTimeout

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.cell import Cell

T = TypeVar("T")

ASK_TIMEOUT = 5.0
"""How many seconds an ask waits when nobody says otherwise."""

DEFAULT: Any = type("Default", (), {"__repr__": lambda _: "DEFAULT"})()
"""Stands for `ASK_TIMEOUT` in a signature, where None means for ever."""

_PENDING: Any = object()
# pykka makes one of these for each future; it is only ever asked for its type.
_NO_HOOK_RESULT = _future._Unset()  # noqa: SLF001 - pinned by a contract test


class Future(pykka.Future[T], Generic[T]):
    """A pykka future for greenlets of one hub.

    ``default_timeout`` is what `get` waits when it isn't told: None (for ever) for a future of one's own, the ask's
    timeout for the future of an ask.
    """

    def __init__(self, asked: Cell | None = None, default_timeout: float | None = None) -> None:
        """Make an open future; ``asked`` is the actor that will answer."""
        self._get_hook = None
        self._get_hook_result = _NO_HOOK_RESULT
        self._value: Any = _PENDING
        self._error: BaseException | None = None
        self._waiters: list[Any] = []
        self._asked = asked
        self._default_timeout = default_timeout
        self.abandoned = False

    @property
    def done(self) -> bool:
        """Whether a value or an exception is there."""
        return self._value is not _PENDING

    def get(self, *, timeout: float | None = DEFAULT) -> T:
        """Return the value, or raise what was set as the exception; blocks the calling greenlet until then.

        Args:
            timeout: seconds; None waits for ever.

        Raises:
            AskTimeout: nothing came in time. An ask that hasn't begun to run by then never will.
            AskDeadlock: the one who was asked is waiting, directly or not, for the caller.
        """
        if timeout is DEFAULT:
            timeout = self._default_timeout
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if self._value is _PENDING:
            self._wait(timeout)
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[no-any-return]

    def set(self, value: T | None = None) -> None:
        """Resolve with ``value``.

        Raises:
            queue.Full: it is resolved already (as pykka has it).
        """
        self._resolve(value, None)

    def set_exception(self, exc_info: Any = None) -> None:
        """Resolve with an exception: an ``exc_info`` triple, or the one being handled.

        Raises:
            queue.Full: it is resolved already (as pykka has it).
        """
        self.fail((exc_info or sys.exc_info())[1])

    def fail(self, error: BaseException | None) -> None:
        """Resolve with ``error``."""
        self._resolve(None, error)

    def settle(self, error: BaseException | None) -> None:
        """Resolve with None, or with ``error`` where there is one: a callback for those who only report failure."""
        self._resolve(None, error)

    def set_get_hook(self, func: Callable[[float | None], T]) -> None:
        """Compute the value with ``func(timeout)`` at the first `get`."""
        if self.done:
            raise queue.Full
        super().set_get_hook(func)

    def _resolve(self, value: T | None, error: BaseException | None) -> None:
        if self.done or self._get_hook is not None:
            raise queue.Full
        self._value, self._error = value, error
        for waiter in self._waiters:
            get_hub().loop.run_callback(waiter.switch, None)

    def _wait(self, timeout: float | None) -> None:
        asker = getattr(getcurrent(), "cell", None)
        if asker is None:
            self._block(timeout)
            return
        if self._asked is not None:
            refuse_cycle(asker, self._asked)
        asker.waiting_on = self._asked
        try:
            self._block(timeout)
        finally:
            asker.waiting_on = None

    def _block(self, timeout: float | None) -> None:
        waiter = Waiter()
        timer = None if timeout is None else get_hub().loop.timer(max(timeout, 0.0))
        if timer is not None:
            timer.start(waiter.switch, None, update=True)
        self._waiters.append(waiter)
        try:
            waiter.get()
        finally:
            self._waiters.remove(waiter)
            if timer is not None:
                timer.close()
        if not self.done:
            self.abandoned = True
            raise AskTimeout(f"no answer{f' from {self._asked.address}' if self._asked else ''} within {timeout} s")


def refuse_cycle(asker: Cell, asked: Cell) -> None:
    """Follow who waits for whom.

    Raises:
        AskDeadlock: the chain from ``asked`` comes back to ``asker``.
    """
    link: Cell | None = asked
    while link is not None:
        if link is asker:
            raise AskDeadlock(f"{asker.address} asks {asked.address}, which waits for {asker.address}")
        link = link.waiting_on
