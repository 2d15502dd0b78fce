"""The sink that writes: one row of a table a commit, with what all sessions put."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
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
"""How long our own writers take, where the disk is well."""

STALLED = 30.0
"""How long a commit waits where it isn't: a shared disk may keep a single fsync for many seconds, and then go on."""

_Row = tuple[int, bytes]


@dataclass(slots=True)
class _Attempt:
    """A commit on its way: its row, whom to tell, and since when it is tried, and waits for others than our own."""

    row: _Row
    done: Done
    began: float
    since: float


class CommitTable:
    """Writes commits by number. Where another one is writing it tries again, for ``patience`` seconds.

    What our own compaction takes doesn't count among them: it ends once the disk lets it, which is no other program's
    fault. That is borne for `STALLED` seconds.
    """

    def __init__(
        self,
        worker: Worker,
        clock: Clock,
        path: Path,
        number: int,
        strike: Callable[[str], object],
        patience: float,
        ours: Callable[[], bool],
    ) -> None:
        """Go on after commit ``number``; ``strike`` is called with "Commit" in each transaction, and may break it.

        ``ours`` tells whether it is our own compaction that writes now.
        """
        self._worker = worker
        self._clock = clock
        self._path = path
        self._strike = strike
        self._patience = patience
        self._ours = ours
        self.number = number
        """Of the last commit."""

    def commit(self, entries: Sequence[Entry], done: Done) -> None:
        """Write entries as the next commit; a row without any is written as well, to see that one can be."""
        now = self._clock.monotonic()
        self._try(_Attempt((self.number + 1, encode(entries)), done, now, now))

    def _try(self, attempt: _Attempt) -> None:
        self._worker.do(partial(self._write, attempt.row), partial(self._tried, attempt))

    def _write(self, row: _Row, connection: sqlite3.Connection) -> None:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO commits (number, entries) VALUES (?, ?)", row)
            self._strike("Commit")

    def _tried(self, attempt: _Attempt, error: Exception | None) -> None:
        if error is None:
            self.number = attempt.row[0]
            attempt.done(None)
        elif not _is_busy(error):
            attempt.done(self._unavailable(error))
        else:
            self._wait(attempt, error)

    def _wait(self, attempt: _Attempt, error: Exception) -> None:
        now = self._clock.monotonic()
        if self._ours():
            attempt.since = now
        if now - attempt.began >= STALLED:
            attempt.done(JournalUnavailable(f"the disk of {self._path} stalls: see whether it is overloaded ({error})"))
        elif now - attempt.since >= self._patience:
            attempt.done(self._unavailable(error))
        else:
            pause = SHORT_PAUSE if now - attempt.began < SHORT_PAUSES_FOR else LONG_PAUSE
            self._clock.call_later(pause, partial(self._try, attempt))

    def _unavailable(self, error: Exception) -> JournalUnavailable:
        return JournalUnavailable(diagnosis(error, self._path))


def _is_busy(error: Exception) -> bool:
    # The bits above say more closely at what.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF == sqlite3.SQLITE_BUSY
