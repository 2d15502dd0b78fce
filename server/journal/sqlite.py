"""The log in SQLite: for one machine, without set-up.

A commit is one row of what all sessions appended since the last one; nothing else is written while somebody waits.
A memtable answers for it until it is moved, in a thread, into the tables that are kept. (A row for each session and
batch costs three times as much, written on the hub; in a thread it fights the hub for the interpreter at every row.)
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Literal, TypeVar

import structlog

from actors.runtime.errors import AskTimeout
from actors.session.journal import JournalUnavailable
from server.errors import DatabaseUnusable
from server.journal.archive import Archive, compact, path_of, replay
from server.journal.committing import CommitTable
from server.journal.compaction import Compactor
from server.journal.journal import LogJournal
from server.journal.layers import Layers
from server.journal.lull import Lull
from server.journal.memtable import Memtable
from server.journal.workers import Inline, Thread
from server.storage.diagnosis import diagnosis

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from random import Random

    from actors.runtime.clock import Clock
    from server.journal.entries import Entry

log = structlog.get_logger(__name__)

T = TypeVar("T")

PATIENCE = 5.0
"""How many seconds a commit waits for another writer before it is a failure."""

BUSY_SECONDS = 5.0
"""How many seconds a compaction waits for another writer."""

READ_SECONDS = 0.1
"""How long a look-up, on the hub, waits where another process repairs the file; readers wait for nothing else."""

CLOSE_SECONDS = 5.0
"""How long a close waits for the commits, and for the compaction, at most."""

CLOSED = "the log is closed: the server is stopping"


class SQLiteJournal(LogJournal):
    """Commits on the hub with ``normal``, which survives the process; in a thread with ``full``: the power as well."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        sync: Literal["normal", "full"] = "normal",
        strike: Callable[[str], object] = lambda _point: None,
        random: Random | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """Open the log in the database at ``path``, whose tables are there; blocks on the disk.

        ``strike`` is called with "Commit" in each commit's transaction; what it raises makes the commit fail.

        Raises:
            DatabaseUnusable: it can't be read.
        """
        try:
            keeper = _connect(path, "NORMAL", BUSY_SECONDS)
            memtable, number = _recover(keeper)
            self._reader = _connect(path, "NORMAL", READ_SECONDS)
            self._committer = _committer(path, sync)
        except JournalUnavailable as error:
            raise DatabaseUnusable(str(error)) from error
        except sqlite3.Error as error:
            raise DatabaseUnusable(diagnosis(error, path)) from error
        self._thread = Thread(keeper)
        table = CommitTable(self._committer, clock, path, number, strike, patience, lambda: keeper.in_transaction)
        super().__init__(table, Layers(Archive(self._reader), memtable), clock, Lull(), random)
        self._closed = False
        self._compactor = Compactor(self._layers, self._thread, clock, path, lambda: table.number)
        if memtable.size:
            self._compactor.note()

    def maintain(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a job between compactions, in their thread, and return what it returns; blocks the caller's greenlet.

        It begins transactions itself, and keeps them short: nothing can be committed during one that writes.

        Raises:
            Exception: whatever the job raises.
        """
        return self._thread.ask(job)

    def close(self) -> None:
        """Commit what was appended, move it into the tables and close the file; blocks for a bounded time."""
        if self._closed:
            return
        self._closed = True
        try:
            self._commits.drain(CLOSE_SECONDS)
            self._commits.close(CLOSED)
            self._compactor.stop()
            self._thread.ask(_finish, CLOSE_SECONDS)
        except (AskTimeout, JournalUnavailable, sqlite3.Error) as error:
            log.warning("journal_close_incomplete", problem=str(error))
            self._commits.close(CLOSED)
            self._compactor.stop()
        else:
            self._committer.close()
            self._reader.close()
            self._thread.close()

    def _absorb(self, entries: Sequence[Entry]) -> None:
        super()._absorb(entries)
        self._compactor.note()


def _connect(path: Path, synchronous: str, timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
    # Checkpoints wait for the disk: they are for the thread alone, when it is told to.
    connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    # What a statement sets aside to be undone mustn't need room on a disk that may be full.
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _committer(path: Path, sync: Literal["normal", "full"]) -> Inline | Thread:
    if sync == "full":
        return Thread(_connect(path, "FULL", 0.0))
    return Inline(_connect(path, "NORMAL", 0.0))


def _recover(connection: sqlite3.Connection) -> tuple[Memtable, int]:
    """Move the commits that aren't in the tables there, and return what couldn't be moved, and the last number."""
    memtable, number = replay(connection)
    try:
        compact(connection, memtable, number)
    except sqlite3.Error as error:
        log.warning("compaction_failed", problem=diagnosis(error, path_of(connection)))
        return memtable, number
    return Memtable(), number


def _finish(connection: sqlite3.Connection) -> None:
    _recover(connection)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
