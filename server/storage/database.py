"""The database: one SQLite file in the data directory, and transactions on it off the hub."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from gevent.util import wrap_errors

from server.errors import DatabaseMissing, DatabaseUnusable
from server.storage import datadir
from server.storage.diagnosis import diagnosis
from server.storage.migrations import migrate
from server.threads import FairThreadPool

FILE_NAME = "greenroom.db"
BUSY_SECONDS = 10.0

T = TypeVar("T")


class Database:
    """Run transactions one after another in a native thread of their own.

    A write may wait for another process's write, or for the disk. In the thread it stalls the greenlet that asked,
    and nobody else; and one thread can't interleave two transactions on the one connection. For greenlets of the
    hub that opened it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._thread = FairThreadPool(1)

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` as one transaction and return what it returns; blocks the calling greenlet alone.

        Raises:
            Exception: whatever `work` raises; then nothing that it wrote is kept.
        """
        return self._run("BEGIN IMMEDIATE", work)

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work`, which only reads, on one state of the database; blocks the calling greenlet alone.

        It waits for no writer in another thread or process.

        Raises:
            Exception: whatever `work` raises.
        """
        return self._run("BEGIN", work)

    def close(self) -> None:
        """Close the file, after the transactions that are under way; blocks until they are done."""
        self._thread.apply(self._connection.close)
        self._thread.kill()

    def _run(self, begin: str, work: Callable[[sqlite3.Connection], T]) -> T:
        def transaction() -> T:
            with self._connection:
                self._connection.execute(begin)
                return work(self._connection)

        # Without wrap_errors gevent prints the traceback of every exception before it raises it here.
        result: T | Exception = self._thread.apply(wrap_errors(Exception, transaction))
        if isinstance(result, Exception):
            raise result
        return result


def open_database(data_dir: Path) -> Database:
    """Open the database below `data_dir`, both made where missing, its tables up to date; blocks on the disk.

    Raises:
        DatabaseTooNew: when a later Greenroom wrote it.
        DatabaseUnusable: when the file can't be opened or written, is locked, or isn't a database.
        DataDirUnusable: when the directory can't be made.
    """
    datadir.make(data_dir)
    path = data_dir / FILE_NAME
    # For its owner's eyes alone, and so SQLite's files beside it: the directory may be one that others can look into.
    with suppress(OSError):  # It is there already; or it can't be made, which SQLite will say more about.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return Database(connect(path))


def existing(data_dir: Path) -> Path:
    """Return where the database is below `data_dir`; blocks on the disk.

    Raises:
        DatabaseMissing: there is none.
    """
    path = data_dir / FILE_NAME
    if not path.is_file():
        raise DatabaseMissing(f"{data_dir} holds no {FILE_NAME}: see that --data-dir names the server's data directory")
    return path


def connect(path: Path) -> sqlite3.Connection:
    """Return one more connection to the database at `path`, its tables up to date; blocks on the disk.

    Its user begins transactions. It may be used from any thread, from one at a time.

    Raises:
        DatabaseTooNew: when a later Greenroom wrote it.
        DatabaseUnusable: when the file can't be opened or written, is locked, or isn't a database.
    """
    try:
        return _connected(path)
    except sqlite3.Error as error:
        raise DatabaseUnusable(diagnosis(error, path)) from error


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection
