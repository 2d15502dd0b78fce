"""The answer that is on its way: pykka's future, waiting on the runtime's clock instead of a lock."""

from __future__ import annotations

import queue
import sys
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pykka
from gevent import getcurrent
from pykka import _future

from actors.runtime.errors import AskDeadlock, AskTimeout
from actors.runtime.pause import Pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from actors.runtime.cell import Cell

T = TypeVar("T")
J = TypeVar("J")
M = TypeVar("M")
R = TypeVar("R")

ASK_TIMEOUT = 5.0
"""How many seconds an ask waits when nobody says otherwise."""

DEFAULT: Any = type("Default", (), {"__repr__": lambda _: "DEFAULT"})()
"""Stands for `ASK_TIMEOUT` in a signature, where None means for ever."""

_PENDING: Any = object()
# pykka makes one of these for each future; it is only ever asked for its type.
_NO_HOOK_RESULT = _future._Unset()  # noqa: SLF001 - pinned by a contract test


class Future(pykka.Future[T], Generic[T]):
    """A pykka future for greenlets of one hub; waits go by the clock of the actor that waits, or that was asked.

    ``default_timeout`` is what `get` waits when it isn't told: None (for ever) for a future of one's own, the ask's
    timeout for the future of an ask.
    """

    # How all of them begin: most of it never changes, and one is made for each ask.
    _get_hook: Callable[[float | None], T] | None = None
    _get_hook_result = _NO_HOOK_RESULT
    _value: Any = _PENDING
    _error: BaseException | None = None
    _waiters: tuple[Pause, ...] = ()
    abandoned = False

    def __init__(self, asked: Cell | None = None, default_timeout: float | None = None) -> None:
        """Make an open future; ``asked`` is the actor that will answer."""
        self._asked = asked
        self._default_timeout = default_timeout

    @property
    def done(self) -> bool:
        """Whether a value or an exception is there, or will be computed by a hook: nobody can set it any more."""
        return self._value is not _PENDING or self._get_hook is not None

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

    def answer(self, value: Any, error: BaseException | None = None) -> bool:
        """Resolve unless that was done already; return False where somebody had given up waiting."""
        if self._value is _PENDING and self._get_hook is None:
            self._value, self._error = value, error
            for waiter in self._waiters:
                waiter.wake()
        return not self.abandoned

    def set_get_hook(self, func: Callable[[float | None], T]) -> None:
        """Compute the value with ``func(timeout)`` at the first `get`."""
        if self._value is not _PENDING:
            raise queue.Full
        super().set_get_hook(func)

    # pykka's futures made of futures hand the timeout of their `get` down as it is, and would wait for ever by default.

    def filter(self: Future[Iterable[J]], func: Callable[[J], bool]) -> pykka.Future[Iterable[J]]:
        """Return a future of the items that pass ``func``."""
        return self._as_patient(pykka.Future.filter(self, func))

    def join(self, *futures: pykka.Future[Any]) -> pykka.Future[Iterable[Any]]:
        """Return a future of the list of this one's and the others' values."""
        return self._as_patient(pykka.Future.join(self, *futures))

    def map(self, func: Callable[[T], M]) -> pykka.Future[M]:
        """Return a future of what ``func`` makes of the value."""
        return self._as_patient(pykka.Future.map(self, func))

    def reduce(self: Future[Iterable[J]], func: Callable[[R, J], R], *args: R) -> pykka.Future[R]:
        """Return a future of the items reduced by ``func``."""
        return self._as_patient(pykka.Future.reduce(self, func, *args))

    def _as_patient(self, derived: pykka.Future[M]) -> pykka.Future[M]:
        assert isinstance(derived, Future)
        derived._default_timeout = self._default_timeout  # noqa: SLF001 - one of ours
        return derived

    def _resolve(self, value: T | None, error: BaseException | None) -> None:
        if self._value is not _PENDING or self._get_hook is not None:
            raise queue.Full
        self.answer(value, error)

    def _wait(self, timeout: float | None) -> None:
        greenlet = getcurrent()
        asker: Cell | None = getattr(greenlet, "cell", None)
        if asker is not None:
            if self._asked is not None:
                refuse_cycle(asker, self._asked)
            asker.waiting_on = self
        # Outside of actors an ask goes by the time of the one who was asked.
        whose_time = asker or self._asked
        pause = Pause(None if whose_time is None else whose_time.runtime, greenlet)
        self._waiters = (*self._waiters, pause) if self._waiters else (pause,)
        try:
            pause.last_for_answer(timeout)
        finally:
            if asker is not None:
                asker.waiting_on = None
        if self._value is _PENDING and not self.done:
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
        link = _asked_by(link)


def _asked_by(asker: Cell) -> Cell | None:
    # One whose answer is there waits no longer, though it hasn't had its turn to go on.
    future = asker.waiting_on
    return None if future is None or future.done else future._asked  # noqa: SLF001 - one of ours
