"""How a memtable gets into the tables: it is staged beside them, and moved by one statement.

Between two statements a thread needs the interpreter, and a hub that is busy hardly gives it away: it takes it back
before the thread is awake. Nothing can be committed while somebody is stuck there with the lock for writing. So all
that moves is put into temporary tables, which need no lock; a trigger then does the whole of the move within one call.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from server.journal.rows import rows_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from server.journal.memtable import Memtable

_STAGES = {
    "moving_wiped": "session_id",
    "moving_created": "session_id, user_id, title, epoch, created_at, updated_at, head_seq, first_seq",
    "moving_changed": "updated_at, head_seq, session_id",
    "moving_segments": "session_id, last_seq, first_seq, updated_at, frames",
    "moving_ended": "run_id",
    "moving_begun": "run_id, session_id, seq",
    "moving_claims": "user_id, client_msg_id, session_id, run_id, at",
    "moves": "number",
}
"""The temporary tables: those of `Rows` in their order, and the one that sets off the move."""

_MOVE = """
    CREATE TEMP TRIGGER IF NOT EXISTS move AFTER INSERT ON moves BEGIN
        DELETE FROM segments WHERE session_id IN (SELECT session_id FROM moving_wiped);
        DELETE FROM runs WHERE session_id IN (SELECT session_id FROM moving_wiped);
        DELETE FROM message_ids WHERE session_id IN (SELECT session_id FROM moving_wiped);
        DELETE FROM sessions WHERE session_id IN (SELECT session_id FROM moving_wiped);
        INSERT OR REPLACE INTO sessions SELECT * FROM moving_created;
        UPDATE sessions SET updated_at = moving_changed.updated_at, head_seq = moving_changed.head_seq
        FROM moving_changed WHERE moving_changed.session_id = sessions.session_id;
        INSERT OR REPLACE INTO segments SELECT * FROM moving_segments;
        DELETE FROM runs WHERE run_id IN (SELECT run_id FROM moving_ended);
        INSERT OR REPLACE INTO runs SELECT * FROM moving_begun;
        INSERT OR REPLACE INTO message_ids SELECT * FROM moving_claims;
        DELETE FROM commits WHERE number <= NEW.number;
    END
"""

ROWS_AT_ONCE = 1000
"""In one statement, of at most 8 values each: SQLite takes 32,766."""


def compact(connection: sqlite3.Connection, memtable: Memtable, number: int) -> None:
    """Move a memtable into the tables, and drop the commits up to ``number``, which it was made of; all or nothing.

    Done twice, it says the same. Blocks on the disk, outside of transactions.

    Raises:
        sqlite3.Error: it can't be done now; nothing has changed.
    """
    _prepare(connection)
    *stages, moves = _STAGES
    for stage, rows in zip(stages, rows_of(memtable), strict=True):
        _insert(connection, stage, rows)
    _insert(connection, moves, [(number,)])
    _clear(connection)


def _prepare(connection: sqlite3.Connection) -> None:
    for stage, columns in _STAGES.items():
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {stage} ({columns})")
    connection.execute(_MOVE)
    # Of a move that failed.
    _clear(connection)


def _clear(connection: sqlite3.Connection) -> None:
    for stage in _STAGES:
        connection.execute(f"DELETE FROM {stage}")  # noqa: S608 - one of the above


def _insert(connection: sqlite3.Connection, stage: str, rows: Sequence[tuple[object, ...]]) -> None:
    # Not executemany: it needs the interpreter at every row.
    for begin in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[begin : begin + ROWS_AT_ONCE]
        marks = f"({', '.join('?' * len(some[0]))})"
        statement = f"INSERT INTO {stage} VALUES {', '.join([marks] * len(some))}"  # noqa: S608 - one of the above
        connection.execute(statement, list(chain.from_iterable(some)))
