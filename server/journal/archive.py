"""What is kept for good: the tables behind the log, their look-ups, and how a memtable gets into them."""

from __future__ import annotations

import sqlite3
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from actors.session.journal import Claim, JournalUnavailable, LogPruned, SessionRecord
from server.journal.entries import decode
from server.journal.memtable import Memtable
from server.journal.rows import rows_of
from server.journal.segments import MOST_FRAMES, split
from server.storage.diagnosis import diagnosis

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIELDS = "session_id, user_id, title, epoch, created_at, updated_at, head_seq, first_seq"
_FIND = f"SELECT {_FIELDS} FROM sessions WHERE session_id = ?"  # noqa: S608 - of constants
_SESSIONS = f"SELECT {_FIELDS} FROM sessions WHERE user_id = ?"  # noqa: S608 - of constants
_READ = """
    SELECT first_seq, last_seq, frames FROM segments WHERE session_id = ? AND last_seq >= ? ORDER BY last_seq LIMIT ?
"""
_CLAIMED = "SELECT session_id, run_id FROM message_ids WHERE user_id = ? AND client_msg_id = ?"
_SESSION_OF = "SELECT session_id FROM runs WHERE run_id = ?"
_UNFINISHED_OF = "SELECT run_id, seq FROM runs WHERE session_id = ?"
_UNFINISHED = "SELECT user_id, session_id, run_id FROM runs JOIN sessions USING (session_id)"
_CHANGE = """
    UPDATE sessions SET updated_at = new.column1, head_seq = new.column2
    FROM ({rows}) AS new WHERE session_id = new.column3
"""

_COUNT = "SELECT COUNT(*) FROM sessions"

ROWS_AT_ONCE = 1000
"""In one statement, of at most 8 values each: SQLite takes 32,766."""


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
        for first_seq, last_seq, joined in segments:
            if first_seq > seq + len(frames):
                break
            segment = split(joined)
            if len(segment) != last_seq - first_seq + 1:
                # Whatever became of the others, none must pass for another.
                raise JournalUnavailable(
                    f"events {first_seq} to {last_seq} of {session_id} are damaged in {self._path}"
                )
            frames += segment[seq + len(frames) - first_seq :]
        if not frames:
            raise self._missing(session_id, seq)
        return frames[: end - seq]

    def _missing(self, session_id: str, seq: int) -> Exception:
        # The record may have been read before a prune, and the segments after it.
        record = self.find(session_id)
        if record is None or seq < record.first_seq:
            return LogPruned(f"the log of {session_id} isn't kept from {seq} on")
        return JournalUnavailable(f"event {seq} of {session_id} is missing in {self._path}: put a backup in its place")

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
            raise JournalUnavailable(diagnosis(error, self._path)) from error


def replay(connection: sqlite3.Connection) -> tuple[Memtable, int]:
    """Return what the commits say that aren't in the tables yet, and the number of the last; blocks on the disk.

    Raises:
        JournalUnavailable: they can't be read.
    """
    memtable, last = Memtable(), 0
    try:
        for number, commit in connection.execute("SELECT number, entries FROM commits ORDER BY number"):
            last = number
            memtable.absorb(decode(commit))
    except sqlite3.Error as error:
        raise JournalUnavailable(diagnosis(error, path_of(connection))) from error
    except msgspec.MsgspecError as error:
        problem = f"commit {number} in {path_of(connection)} is damaged: put a backup in its place ({error})"
        raise JournalUnavailable(problem) from error
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
            _many(connection, f"DELETE FROM {table} WHERE session_id IN ({{rows}})", rows.wiped)  # noqa: S608 - of constants
        _many(connection, f"INSERT OR REPLACE INTO sessions ({_FIELDS}) {{rows}}", rows.created)
        _many(connection, _CHANGE, rows.changed)
        _many(connection, "INSERT OR REPLACE INTO segments {rows}", rows.segments)
        _many(connection, "DELETE FROM runs WHERE run_id IN ({rows})", rows.ended)
        _many(connection, "INSERT OR REPLACE INTO runs {rows}", rows.begun)
        _many(connection, "INSERT OR REPLACE INTO message_ids {rows}", rows.claims)
        connection.execute("DELETE FROM commits WHERE number <= ?", (number,))


def _many(connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Execute a statement for many rows at once.

    Not executemany: it gives the interpreter away at every row, and while the hub has it nothing can be committed.
    """
    for begin in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[begin : begin + ROWS_AT_ONCE]
        marks = f"({', '.join('?' * len(some[0]))})"
        values = f"VALUES {', '.join([marks] * len(some))}"
        connection.execute(statement.format(rows=values), list(chain.from_iterable(some)))


def path_of(connection: sqlite3.Connection) -> Path:
    """Return the file behind a connection."""
    _, _, path = connection.execute("PRAGMA database_list").fetchone()
    return Path(path)


def count_sessions(connection: sqlite3.Connection) -> int:
    """Return how many sessions are in the tables; costs as much as there are."""
    (count,) = connection.execute(_COUNT).fetchone()
    return int(count)
