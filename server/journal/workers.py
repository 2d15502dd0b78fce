"""Who runs what blocks on the disk: the hub itself, or a native thread beside it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol, TypeVar

from gevent.util import wrap_errors

from actors.runtime.future import Future
from server.threads import FairThreadPool

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    Job = Callable[[sqlite3.Connection], object]
    Ended = Callable[[Exception | None], None]

T = TypeVar("T")


class Worker(Protocol):
    """Runs jobs on a connection of its own, one after another."""

    def do(self, job: Job, ended: Ended) -> None:
        """Run a job and call ``ended`` on the hub with what it raised, or None."""

    def close(self) -> None:
        """Close the connection, after the jobs so far; blocks until then."""


class Inline:
    """Runs a job within the call: for those that are over sooner than a thread would hear of them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over ``connection``."""
        self._connection = connection

    def do(self, job: Job, ended: Ended) -> None:
        """Run a job; ``ended`` is called before this returns."""
        try:
            job(self._connection)
        except Exception as error:  # noqa: BLE001 - whoever asked hears of it
            ended(error)
        else:
            ended(None)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Thread:
    """Runs jobs in a native thread of its own, for greenlets of the hub that made it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over ``connection``, which any thread may use."""
        self._connection = connection
        self._pool = FairThreadPool(1)
        self._waiting: deque[tuple[Job, Ended]] = deque()
        self._busy = False

    def do(self, job: Job, ended: Ended) -> None:
        """Have a job run after those so far; this doesn't block."""
        # The pool's own queue isn't used: to put a second job there blocks, and the hub mustn't.
        self._waiting.append((job, ended))
        if not self._busy:
            self._next()

    def ask(self, job: Callable[[sqlite3.Connection], T], timeout: float | None = None) -> T:
        """Run a job and return what it returns; blocks the calling greenlet alone.

        Raises:
            Exception: whatever the job raises.
            AskTimeout: it took longer than ``timeout`` seconds; it goes on.
        """
        answer: list[T] = []
        asked: Future[None] = Future()
        self.do(lambda connection: answer.append(job(connection)), asked.settle)
        asked.get(timeout=timeout)
        return answer[0]

    def close(self) -> None:
        """Close the connection, after the jobs so far; blocks until then."""
        self.ask(lambda connection: connection.close())
        self._pool.kill()

    def _next(self) -> None:
        job, ended = self._waiting.popleft()
        self._busy = True
        # Without wrap_errors gevent prints the traceback of every exception.
        result = self._pool.spawn(wrap_errors(Exception, job), self._connection)
        result.rawlink(lambda result: self._ended(result.value, ended))

    def _ended(self, value: object, ended: Ended) -> None:
        self._busy = False
        if self._waiting:
            self._next()
        ended(value if isinstance(value, Exception) else None)
