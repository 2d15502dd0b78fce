"""The sink that writes: one row of a table a commit, with what all sessions put."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING

from actors.session.journal import JournalUnavailable
from server.journal.entries import encode
from server.storage.diagnosis import diagnosis

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from actors.runtime.clock import Clock
    from actors.session.journal import Done
    from server.journal.entries import Entry
    from server.journal.workers import Worker

SHORT_PAUSE = 0.001
"""Between tries while it may be our own compaction that writes; in seconds, as those below."""

LONG_PAUSE = 0.02
"""Between tries once it is another program."""

SHORT_PAUSES_FOR = 0.05
"""How long our own writers take, at most."""

_Row = tuple[int, bytes]


class CommitTable:
    """Writes commits by number. Where another one is writing it tries again, for ``patience`` seconds."""

    def __init__(
        self, worker: Worker, clock: Clock, path: Path, number: int, strike: Callable[[str], object], patience: float
    ) -> None:
        """Go on after commit ``number``; ``strike`` is called with "Commit" in each transaction, and may break it."""
        self._worker = worker
        self._clock = clock
        self._path = path
        self._strike = strike
        self._patience = patience
        self.number = number
        """Of the last commit."""

    def commit(self, entries: Sequence[Entry], done: Done) -> None:
        """Write entries as the next commit; a row without any is written as well, to see that one can be."""
        self._try((self.number + 1, encode(entries)), done, self._clock.monotonic())

    def _try(self, row: _Row, done: Done, since: float) -> None:
        self._worker.do(partial(self._write, row), partial(self._tried, row, done, since))

    def _write(self, row: _Row, connection: sqlite3.Connection) -> None:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO commits (number, entries) VALUES (?, ?)", row)
            self._strike("Commit")

    def _tried(self, row: _Row, done: Done, since: float, error: Exception | None) -> None:
        if error is None:
            self.number = row[0]
            done(None)
            return
        waited = self._clock.monotonic() - since
        if _is_busy(error) and waited < self._patience:
            pause = SHORT_PAUSE if waited < SHORT_PAUSES_FOR else LONG_PAUSE
            self._clock.call_later(pause, partial(self._try, row, done, since))
        else:
            done(JournalUnavailable(diagnosis(error, self._path)))


def _is_busy(error: Exception) -> bool:
    # The bits above say more closely at what.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF == sqlite3.SQLITE_BUSY
