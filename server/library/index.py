"""The index of a folder: an SQLite file, brought up to date file by file and made anew where it is of no use."""

import re
import sqlite3
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from actors.tools.library import Passage
from server.library.folder import Version
from server.library.passages import Document
from server.library.ranking import TOKENIZER, best
from server.library.words import terms

VERSION = 2
BUSY_SECONDS = 10.0

_INSERT = """INSERT INTO passages (rowid, title, heading, about, body, code, text, path, line, section)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_TABLES = f"""
    CREATE TABLE files (
        path TEXT PRIMARY KEY, modified_ns INTEGER NOT NULL, size INTEGER NOT NULL,
        first_row INTEGER NOT NULL, last_row INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE VIRTUAL TABLE passages USING fts5 (
        title, heading, about, body, code,
        text UNINDEXED, path UNINDEXED, line UNINDEXED, section UNINDEXED, tokenize = "{TOKENIZER}"
    );
    CREATE VIRTUAL TABLE sections USING fts5 (text, tokenize = "{TOKENIZER}");
    PRAGMA user_version = {VERSION};
"""


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to the index at ``path``; blocks on the disk.

    One that is damaged or of another version is thrown away: all that was in it is in the folder.

    Raises:
        sqlite3.Error: the file can't be made.
    """
    try:
        return _opened(path)
    except sqlite3.DatabaseError:
        for stale in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            stale.unlink(missing_ok=True)
        return _opened(path)


def known(connection: sqlite3.Connection) -> Mapping[str, Version]:
    """Return the files that are in the index, and which version of each."""
    rows = connection.execute("SELECT path, modified_ns, size FROM files")
    return {path: Version(modified_ns, size) for path, modified_ns, size in rows}


def drop(connection: sqlite3.Connection, path: str) -> None:
    """Take a file out of the index."""
    rows = connection.execute("DELETE FROM files WHERE path = ? RETURNING first_row, last_row", (path,)).fetchall()
    for first_row, last_row in rows:
        connection.execute("DELETE FROM passages WHERE rowid BETWEEN ? AND ?", (first_row, last_row))
        connection.execute("DELETE FROM sections WHERE rowid BETWEEN ? AND ?", (first_row, last_row))


def put(connection: sqlite3.Connection, path: str, version: Version, document: Document) -> None:
    """Put a file into the index, in place of an earlier version of it; one without passages is known as well."""
    drop(connection, path)
    (last,) = connection.execute("SELECT ifnull(max(last_row), 0) FROM files").fetchone()
    first, title = last + 1, _title(path, document)
    for heading, pieces in groupby(document.pieces, key=lambda piece: piece.heading):
        section, together = last + 1, list(pieces)
        text = "\n".join([title, heading, *(piece.text for piece in together)])
        connection.execute("INSERT INTO sections (rowid, text) VALUES (?, ?)", (section, text))
        for last, piece in enumerate(together, start=section):
            words = (title, f"{heading or title} {piece.keywords}", piece.about, piece.prose, piece.code)
            connection.execute(_INSERT, (last, *words, piece.text, path, piece.line, section))
    connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?)", (path, *version, first, last))


def search(connection: sqlite3.Connection, query: str, limit: int) -> list[Passage]:
    """Return the passages that are about what the query says, the best one first."""
    fetch = "SELECT path, line, text FROM passages WHERE rowid = ?"
    rows = best(connection, terms(query), limit)
    return [Passage(*connection.execute(fetch, (row,)).fetchone()) for row in rows]


def _title(path: str, document: Document) -> str:
    # What somebody calls a document may well be its file's name.
    return f"{document.title} ({' '.join(re.split(r'[-_ ]', Path(path).stem))})".strip()


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.executescript(_TABLES)
    elif version != VERSION:
        raise sqlite3.DatabaseError(f"version {version}")
