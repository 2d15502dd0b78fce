"""What is kept for good: the tables behind the log, their look-ups, and how a memtable gets into them."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from actors.session.journal import Claim, JournalUnavailable, LogPruned, SessionRecord
from server.journal.entries import decode
from server.journal.memtable import Memtable
from server.journal.problems import explain
from server.journal.rows import rows_of
from server.journal.segments import MOST_FRAMES, split

_FIELDS = "session_id, user_id, title, epoch, created_at, updated_at, head_seq, first_seq"
_FIND = f"SELECT {_FIELDS} FROM sessions WHERE session_id = ?"  # noqa: S608 - of constants
_SESSIONS = f"SELECT {_FIELDS} FROM sessions WHERE user_id = ?"  # noqa: S608 - of constants
_READ = "SELECT first_seq, frames FROM segments WHERE session_id = ? AND last_seq >= ? ORDER BY last_seq LIMIT ?"
_CLAIMED = "SELECT session_id, run_id FROM message_ids WHERE user_id = ? AND client_msg_id = ?"
_SESSION_OF = "SELECT session_id FROM runs WHERE run_id = ?"
_UNFINISHED_OF = "SELECT run_id, seq FROM runs WHERE session_id = ?"
_UNFINISHED = "SELECT user_id, session_id, run_id FROM runs JOIN sessions USING (session_id)"
_INSERT_SESSION = f"INSERT OR REPLACE INTO sessions ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - of constants


class Archive:
    """Look-ups by any connection that reads the tables; one that began a transaction sees one state of them.

    Each may wait for a page of the disk, and raises `JournalUnavailable` where it can't be read.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read by ``connection``, which stays the caller's."""
        self._connection = connection
        self._path = path_of(connection)

    def find(self, session_id: str) -> SessionRecord | None:
        """Return a session's record, or None."""
        row = self._row(_FIND, session_id)
        return None if row is None else SessionRecord(*row)

    def sessions(self, user_id: str) -> list[SessionRecord]:
        """Return a user's sessions, in any order."""
        return [SessionRecord(*row) for row in self._rows(_SESSIONS, user_id)]

    def read(self, session_id: str, seq: int, below: int, limit: int) -> list[bytes]:
        """Return ``limit`` frames from ``seq`` on, or as many as come before ``below``.

        Raises:
            LogPruned: that of ``seq`` isn't kept.
        """
        end = min(seq + limit, below)
        frames: list[bytes] = []
        while seq + len(frames) < end:
            frames += self._dense(session_id, seq + len(frames), end)
        return frames

    def _dense(self, session_id: str, seq: int, end: int) -> list[bytes]:
        """Return frames from ``seq`` on: of as many segments as full ones would take, so that few are read in vain."""
        segments = self._rows(_READ, session_id, seq, (end - seq - 1) // MOST_FRAMES + 1)
        frames: list[bytes] = []
        for first_seq, joined in segments:
            if first_seq > seq + len(frames):
                break
            frames += split(joined)[seq + len(frames) - first_seq :]
        if not frames:
            raise self._missing(session_id, seq)
        return frames[: end - seq]

    def _missing(self, session_id: str, seq: int) -> Exception:
        # The record may have been read before a prune, and the segments after it.
        record = self.find(session_id)
        if record is None or seq < record.first_seq:
            return LogPruned(f"the log of {session_id} isn't kept from {seq} on")
        return JournalUnavailable(f"event {seq} of {session_id} is missing: restore {self._path} from a backup")

    def claimed(self, user_id: str, client_msg_id: str) -> Claim | None:
        """Return what a message id was spent on, or None."""
        row = self._row(_CLAIMED, user_id, client_msg_id)
        return None if row is None else Claim(row[0], row[1], committed=True)

    def session_of(self, run_id: str) -> str | None:
        """Return the session in which that run is unfinished, or None."""
        row = self._row(_SESSION_OF, run_id)
        return None if row is None else row[0]

    def unfinished_of(self, session_id: str) -> dict[str, int]:
        """Return a session's unfinished runs, by where they were accepted."""
        return dict(self._rows(_UNFINISHED_OF, session_id))

    def unfinished(self) -> list[tuple[str, str, str]]:
        """Return user id, session id and run id of every run that isn't over."""
        return self._rows(_UNFINISHED)

    def _row(self, statement: str, *values: object) -> Any:
        rows = self._rows(statement, *values)
        return rows[0] if rows else None

    def _rows(self, statement: str, *values: object) -> list[Any]:
        # All at once: a statement that isn't at its end would keep the write-ahead log from being begun anew.
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise JournalUnavailable(explain(error, self._path)) from error


def replay(connection: sqlite3.Connection) -> tuple[Memtable, int]:
    """Return what the commits say that aren't in the tables yet, and the number of the last; blocks on the disk.

    Raises:
        JournalUnavailable: they can't be read.
    """
    memtable, last = Memtable(), 0
    try:
        for number, commit in connection.execute("SELECT number, entries FROM commits ORDER BY number"):
            last = number
            for entry in decode(commit):
                memtable.absorb(entry)
    except (sqlite3.Error, msgspec.MsgspecError) as error:
        raise JournalUnavailable(explain(error, path_of(connection))) from error
    return memtable, last


def compact(connection: sqlite3.Connection, memtable: Memtable, number: int) -> None:
    """Move a memtable into the tables, and drop the commits up to ``number``, which it was made of; all or nothing.

    Done twice, it says the same. Blocks on the disk.

    Raises:
        sqlite3.Error: it can't be done now; nothing has changed.
    """
    rows = rows_of(memtable)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for table in ("segments", "runs", "message_ids", "sessions"):
            connection.executemany(f"DELETE FROM {table} WHERE session_id = ?", rows.wiped)  # noqa: S608 - of constants
        connection.executemany(_INSERT_SESSION, rows.created)
        connection.executemany("UPDATE sessions SET updated_at = ?, head_seq = ? WHERE session_id = ?", rows.changed)
        connection.executemany("INSERT OR REPLACE INTO segments VALUES (?, ?, ?, ?, ?)", rows.segments)
        connection.executemany("DELETE FROM runs WHERE run_id = ?", rows.ended)
        connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", rows.begun)
        connection.executemany("INSERT OR REPLACE INTO message_ids VALUES (?, ?, ?, ?, ?)", rows.claims)
        connection.execute("DELETE FROM commits WHERE number <= ?", (number,))


def path_of(connection: sqlite3.Connection) -> str:
    """Return the file behind a connection."""
    _, _, path = connection.execute("PRAGMA database_list").fetchone()
    return str(path)
