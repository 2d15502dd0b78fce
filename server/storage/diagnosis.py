"""What to do about an error of SQLite, for whoever runs the server. Pure."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_UNWRITABLE = "{path} can't be opened and written: this user must be allowed to, in its directory as well"
_DAMAGED = (
    "{path} is damaged, or isn't a database of Greenroom: put a backup in its place, or move it away to begin "
    "without accounts and logs"
)
_ADVICE = {
    sqlite3.SQLITE_BUSY: "{path} is locked by another program, which `fuser {path}` names: end it",
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: _UNWRITABLE,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_FULL: "the disk of {path} is full: make room",
    sqlite3.SQLITE_IOERR: "the disk of {path} fails: see the system's log",
}
_PRIMARY = 0xFF
"""The bits of a result code that tell the kind; those above tell more than advice needs."""


def diagnosis(error: Exception, path: Path) -> str:
    """Say what is wrong with the database at ``path`` and what to do, then what SQLite said, or whoever failed."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
    return f"{_ADVICE.get(code, '{path} fails').format(path=path)} ({error})"
