"""The sink that writes: one row of a table a commit, with what all sessions put."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from actors.session.journal import JournalUnavailable
from server.journal.entries import encode
from server.journal.problems import explain, is_busy

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from actors.runtime.clock import Clock
    from actors.session.journal import Done
    from server.journal.entries import Entry
    from server.journal.workers import Worker

FIRST_PAUSE = 0.001
LONGEST_PAUSE = 0.02

_Row = tuple[int, bytes]


class CommitTable:
    """Writes commits by number. Where another one is writing it tries again, for ``patience`` seconds."""

    def __init__(
        self, worker: Worker, clock: Clock, path: str, number: int, strike: Callable[[str], object], patience: float
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
        self._try((self.number + 1, encode(entries)), done, self._clock.monotonic() + self._patience, FIRST_PAUSE)

    def _try(self, row: _Row, done: Done, until: float, pause: float) -> None:
        self._worker.do(partial(self._write, row), partial(self._tried, row, done, until, pause))

    def _write(self, row: _Row, connection: sqlite3.Connection) -> None:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO commits (number, entries) VALUES (?, ?)", row)
            self._strike("Commit")

    def _tried(self, row: _Row, done: Done, until: float, pause: float, error: Exception | None) -> None:
        if error is None:
            self.number = row[0]
            done(None)
        elif is_busy(error) and self._clock.monotonic() < until:
            again = partial(self._try, row, done, until, min(2 * pause, LONGEST_PAUSE))
            self._clock.call_later(pause, again)
        else:
            done(JournalUnavailable(explain(error, self._path)))
