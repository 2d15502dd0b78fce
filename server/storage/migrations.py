"""The database's tables, as numbered steps: step n takes a database from version n - 1 to n.

A step that shipped is never changed; what is to be different becomes the next step.
"""

import sqlite3
from collections.abc import Sequence

from server.errors import DatabaseTooNew

STEPS = (
    """
    CREATE TABLE accounts (
        user_id TEXT PRIMARY KEY,
        username TEXT NOT NULL UNIQUE,
        password_hash TEXT NOT NULL,
        roles TEXT NOT NULL,
        disabled INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE families (
        family TEXT PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES accounts,
        expires_at REAL NOT NULL,
        revoked INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX families_of_user ON families (user_id);
    CREATE INDEX families_by_age ON families (expires_at);

    CREATE TABLE refresh_tokens (
        digest BLOB PRIMARY KEY,
        family TEXT NOT NULL REFERENCES families ON DELETE CASCADE,
        expires_at REAL NOT NULL,
        spent INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX refresh_tokens_of_family ON refresh_tokens (family);
    CREATE INDEX refresh_tokens_by_age ON refresh_tokens (expires_at);
    """,
    """
    CREATE TABLE commits (
        number INTEGER PRIMARY KEY,
        entries BLOB NOT NULL
    ) STRICT;

    CREATE TABLE sessions (
        session_id TEXT PRIMARY KEY,
        user_id TEXT NOT NULL,
        title TEXT NOT NULL,
        epoch TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        head_seq INTEGER NOT NULL,
        first_seq INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_of_user ON sessions (user_id);

    CREATE TABLE segments (
        session_id TEXT NOT NULL,
        last_seq INTEGER NOT NULL,
        first_seq INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        frames BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX segments_in_order ON segments (session_id, last_seq);

    CREATE TABLE runs (
        run_id TEXT PRIMARY KEY,
        session_id TEXT NOT NULL,
        seq INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX runs_of_session ON runs (session_id);

    CREATE TABLE message_ids (
        user_id TEXT NOT NULL,
        client_msg_id TEXT NOT NULL,
        session_id TEXT NOT NULL,
        run_id TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (user_id, client_msg_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX message_ids_of_session ON message_ids (session_id);
    """,
    """
    CREATE TABLE revocations (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        family TEXT NOT NULL,
        expires_at REAL NOT NULL
    ) STRICT;
    CREATE INDEX revocations_by_age ON revocations (expires_at);
    """,
    """
    CREATE TABLE notes (
        note_id INTEGER PRIMARY KEY,
        user_id TEXT NOT NULL,
        text TEXT NOT NULL,
        UNIQUE (user_id, text)
    ) STRICT;
    """,
)


def migrate(connection: sqlite3.Connection, steps: Sequence[str] = STEPS) -> None:
    """Take the database to the last step, all or nothing; blocks on the disk.

    Raises:
        DatabaseTooNew: when it is past the last step already.
    """
    with connection:
        # Taken before the version is read: of two processes that start at once, the second finds the work done.
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(steps):
            raise DatabaseTooNew(f"the database is at version {version}, this Greenroom knows {len(steps)}: upgrade it")
        for step in steps[version:]:
            _run(connection, step)
        # Also where it is so already: a file that can't be written lets a transaction begin, and fails only here.
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        if version == len(steps):
            connection.rollback()  # To keep it would take room on a disk that may be full.


def _run(connection: sqlite3.Connection, script: str) -> None:
    # Not executescript: it commits first, and would leave a step half done where one of its statements fails.
    for statement in script.split(";"):
        connection.execute(statement)
