"""The sink that writes: one row of a table a commit, with what all sessions put."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING

from gevent.monkey import get_original

from actors.session.journal import JournalUnavailable
from server.diagnosis import diagnosis
from server.journal.entries import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from actors.runtime.clock import Clock, Timer
    from actors.session.journal import Done
    from server.journal.entries import Entry
    from server.journal.workers import Worker

SHORT_PAUSE = 0.001
"""Between tries while it may be our own compaction that writes; in seconds, as those below."""

LONG_PAUSE = 0.02
"""Between tries once it is another program."""

GIVE_WAY = 0.0002
"""How long the hub stands still at each try: whoever writes in a thread of ours may need the interpreter to get on."""

SHORT_PAUSES_FOR = 0.05
"""How long our own writers take, at most."""

_sleep = get_original("time", "sleep")
_Row = tuple[int, bytes]


class CommitTable:
    """Writes commits by number. Where another one is writing it tries again, for ``patience`` seconds."""

    def __init__(
        self, worker: Worker, clock: Clock, path: Path, number: int, strike: Callable[[str], object], patience: float
    ) -> None:
        """Go on after commit ``number``; ``strike`` is called with "Commit" before each try, and may break it."""
        self._worker = worker
        self._clock = clock
        self._path = path
        self._strike = strike
        self._patience = patience
        self._waiting: Callable[[], None] | None = None
        self._timer: Timer | None = None
        self.number = number
        """Of the last commit."""

    def commit(self, entries: Sequence[Entry], done: Done) -> None:
        """Write entries as the next commit; a row without any is written as well, to see that one can be."""
        self._try((self.number + 1, encode(entries)), done, self._clock.monotonic())

    def try_again(self) -> None:
        """Try now what waits for another writer: he may be done."""
        again, self._waiting = self._waiting, None
        if again is not None:
            assert self._timer is not None
            self._timer.cancel()
            again()

    def _try(self, row: _Row, done: Done, since: float) -> None:
        self._worker.do(partial(self._write, row), partial(self._tried, row, done, since))

    def _write(self, row: _Row, connection: sqlite3.Connection) -> None:
        self._strike("Commit")
        # A transaction of its own, in one call: in a thread, several would wait for the interpreter with the lock held.
        connection.execute("INSERT INTO commits (number, entries) VALUES (?, ?)", row)

    def _tried(self, row: _Row, done: Done, since: float, error: Exception | None) -> None:
        if error is None:
            self.number = row[0]
            done(None)
            return
        waited = self._clock.monotonic() - since
        if _is_busy(error) and waited < self._patience:
            _sleep(GIVE_WAY)
            pause = SHORT_PAUSE if waited < SHORT_PAUSES_FOR else LONG_PAUSE
            self._waiting = partial(self._try, row, done, since)
            self._timer = self._clock.call_later(pause, self.try_again)
        else:
            done(JournalUnavailable(diagnosis(error, self._path)))


def _is_busy(error: Exception) -> bool:
    # The bits above say more closely at what.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF == sqlite3.SQLITE_BUSY
