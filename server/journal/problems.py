"""What it means that the database failed, for whoever runs the server."""

from __future__ import annotations

import sqlite3
from pathlib import Path

_ADVICE = {
    sqlite3.SQLITE_FULL: "the disk is full: make room in {folder}",
    sqlite3.SQLITE_BUSY: "the database is locked by another program: find out which one holds {path}, and end it",
    sqlite3.SQLITE_LOCKED: "the database is locked by another program: find out which one holds {path}, and end it",
    sqlite3.SQLITE_READONLY: "the database can't be written: let the server write {path} and {folder}",
    sqlite3.SQLITE_PERM: "the database can't be written: let the server write {path} and {folder}",
    sqlite3.SQLITE_CANTOPEN: "the database can't be opened: let the server read and write {path} and {folder}",
    sqlite3.SQLITE_IOERR: "the disk failed ({error}): look at the system's log, and at the disk of {folder}",
    sqlite3.SQLITE_CORRUPT: "the database is damaged: stop the server, and restore {path} from a backup",
    sqlite3.SQLITE_NOTADB: "the file isn't a database: stop the server, and restore {path} from a backup",
    sqlite3.SQLITE_CONSTRAINT: "another process wrote the log: run one server on {folder}",
}
_OTHERWISE = "the database failed ({error}): look at {path}"
_PRIMARY = 0xFF
"""The bits of an error code that say what it is; those above say more closely where."""


def is_busy(error: Exception) -> bool:
    """Tell whether it may go well when it is tried again."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def explain(error: Exception, path: str) -> str:
    """Say what is wrong with the database at ``path``, and what to do."""
    advice = _ADVICE.get(_code(error), _OTHERWISE)
    return advice.format(error=error, path=path, folder=Path(path).parent)


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", -1)) & _PRIMARY
