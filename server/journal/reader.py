"""The log as a file says it is, for those who look at it from outside, beside a server or without one."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from server.errors import DatabaseTooNew, DatabaseTooOld, DatabaseUnusable
from server.journal.archive import Archive, replay
from server.journal.layers import Layers
from server.storage.database import BUSY_SECONDS, existing
from server.storage.diagnosis import diagnosis
from server.storage.migrations import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from actors.session.journal import SessionRecord

PAGE = 1000
"""How many frames are read at once."""


class Snapshot:
    """What is committed at one moment. Everything blocks on the disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """See the state that ``connection``, inside a transaction, sees.

        Raises:
            JournalUnavailable: it can't be read, here and in every look-up below.
        """
        self._connection = connection
        memtable, _ = replay(connection)
        self._touched = memtable.parts
        self._layers = Layers(Archive(connection), memtable)

    def usernames(self) -> dict[str, str]:
        """Return the names of all accounts by user id."""
        return dict(self._connection.execute("SELECT user_id, username FROM accounts"))

    def sessions(self) -> list[SessionRecord]:
        """Return the records of all sessions, the oldest first."""
        stored = {session_id for (session_id,) in self._connection.execute("SELECT session_id FROM sessions")}
        found = map(self.find, stored | self._touched.keys())
        records = [record for record in found if record is not None]
        return sorted(records, key=lambda record: (record.created_at, record.session_id))

    def find(self, session_id: str) -> SessionRecord | None:
        """Return a session's record, or None."""
        return self._layers.find(session_id)

    def frames(self, session_id: str, after: int) -> Iterator[bytes]:
        """Yield the frames with seqs above ``after``, oldest first.

        Raises:
            LogPruned: the next one isn't kept.
        """
        while frames := self._layers.read(session_id, after, PAGE):
            yield from frames
            after += len(frames)

    def unfinished(self, session_id: str) -> dict[str, int]:
        """Return a session's unfinished runs, as the index has them, by the seqs of their ``message_accepted``."""
        return self._layers.unfinished_of(session_id)

    def message_ids(self, record: SessionRecord) -> dict[str, str]:
        """Return the runs that message ids were spent on in a session."""
        stored = self._connection.execute(
            "SELECT client_msg_id FROM message_ids WHERE session_id = ?", (record.session_id,)
        )
        part = self._touched.get(record.session_id)
        spent = {client_msg_id for (client_msg_id,) in stored} | (part.claims.keys() if part else set())
        claims = {client_msg_id: self._layers.claimed(record.user_id, client_msg_id) for client_msg_id in spent}
        return {
            client_msg_id: claim.run_id
            for client_msg_id, claim in claims.items()
            if claim is not None and claim.session_id == record.session_id
        }

    def strays(self) -> Iterator[tuple[str, str]]:
        """Yield the sessions that aren't there though a table holds something of them, with that table's name."""
        for table in ("segments", "runs", "message_ids"):
            lost = self._connection.execute(
                f"SELECT DISTINCT session_id FROM {table} "  # noqa: S608 - one of the three above
                "WHERE session_id NOT IN (SELECT session_id FROM sessions)"
            )
            yield from ((session_id, table) for (session_id,) in lost)

    def damage(self) -> list[str]:
        """Return what SQLite's own check finds wrong with the file; it reads all of it."""
        found = [text for (text,) in self._connection.execute("PRAGMA quick_check")]
        return [] if found == ["ok"] else found


class Reader:
    """A data directory's log, as it is whenever one looks."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Read by ``connection``, which stays the caller's, from the file at ``path``."""
        self._connection = connection
        self._path = path
        self._version: int | None = None

    def changed(self) -> bool:
        """Tell whether anything may have been committed since this was last asked; blocks on the disk."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, version
        return bool(version != before)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Look at the state of now, which stays the same until the end: one transaction, that waits for no writer.

        While it lasts, what a server writes meanwhile can't be moved out of its write-ahead log.

        Raises:
            DatabaseUnusable: the file can't be read; raised from inside of it as well.
            JournalUnavailable: the same.
        """
        try:
            self._connection.execute("BEGIN")
            try:
                yield Snapshot(self._connection)
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise DatabaseUnusable(diagnosis(error, self._path)) from error


@contextmanager
def open_reader(data_dir: Path) -> Iterator[Reader]:
    """Open the log below ``data_dir`` for reading alone; blocks on the disk.

    Raises:
        DatabaseMissing: there is none.
        DatabaseTooNew: a later Greenroom wrote it.
        DatabaseTooOld: an earlier one did.
        DatabaseUnusable: it can't be read, or isn't a database.
    """
    path = existing(data_dir)
    try:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
    except sqlite3.Error as error:
        raise DatabaseUnusable(diagnosis(error, path)) from error
    with closing(connection):
        _check_version(connection, path)
        yield Reader(connection, path)


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise DatabaseUnusable(diagnosis(error, path)) from error
    if version > len(STEPS):
        raise DatabaseTooNew(f"{path} is at version {version}, this Greenroom knows {len(STEPS)}: upgrade it")
    if version < len(STEPS):
        raise DatabaseTooOld(f"an earlier Greenroom wrote {path}: start the server once, which brings it up to date")
