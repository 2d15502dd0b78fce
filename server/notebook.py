"""The notebook in the database."""

import sqlite3
from contextlib import closing

from actors.tools.errors import ToolFailed
from actors.tools.notebook import Notebook
from server.library.ranking import TOKENIZER
from server.library.words import words
from server.storage.database import Database

MOST = 500
"""How many notes a user may have. Each look goes through all of them, and through nobody else's."""


class SQLiteNotebook(Notebook):
    """Notes in the server's one database.

    A look builds an index of that user's notes alone, for that look alone. An index of everybody's would be faster, and
    one forgotten condition would show a user what another one wrote.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, user_id: str, text: str) -> None:
        """Keep a note; one with the same words is kept once.

        Raises:
            ToolFailed: ``too_many``: the user has as many as there may be.
        """

        def write(connection: sqlite3.Connection) -> None:
            if len(_notes(connection, user_id)) >= MOST:
                raise ToolFailed("too_many", f"There are {MOST} notes already; have some forgotten first.")
            connection.execute("INSERT OR IGNORE INTO notes (user_id, text) VALUES (?, ?)", (user_id, text))

        self._database.write(write)

    def find(self, user_id: str, query: str, limit: int) -> list[str]:
        """Return the notes that are about the query, the best first; without a word in it, the newest ones."""

        def read(connection: sqlite3.Connection) -> list[str]:
            notes = _notes(connection, user_id)
            found = _matching(notes, " OR ".join(_quoted(query))) if _quoted(query) else list(notes)
            return [notes[note_id] for note_id in found[:limit]]

        return self._database.read(read)

    def remove(self, user_id: str, query: str) -> list[str]:
        """Drop the notes that have every word of the query in them, and return them; none without a word in it."""

        def write(connection: sqlite3.Connection) -> list[str]:
            notes = _notes(connection, user_id)
            found = _matching(notes, " AND ".join(_quoted(query))) if _quoted(query) else []
            connection.executemany("DELETE FROM notes WHERE note_id = ?", [(note_id,) for note_id in found])
            return [notes[note_id] for note_id in found]

        return self._database.write(write)

    def clear(self, user_id: str) -> int:
        """Drop all notes of the user and return how many there were."""
        return self._database.write(
            lambda connection: connection.execute("DELETE FROM notes WHERE user_id = ?", (user_id,)).rowcount
        )


def _notes(connection: sqlite3.Connection, user_id: str) -> dict[int, str]:
    query = "SELECT note_id, text FROM notes WHERE user_id = ? ORDER BY note_id DESC"
    return dict(connection.execute(query, (user_id,)))


def _quoted(query: str) -> list[str]:
    return [f'"{word}"' for word in words(query)]


def _matching(notes: dict[int, str], expression: str) -> list[int]:
    with closing(sqlite3.connect(":memory:")) as index:
        index.execute(f"CREATE VIRTUAL TABLE notes USING fts5 (text, tokenize = '{TOKENIZER}')")
        index.executemany("INSERT INTO notes (rowid, text) VALUES (?, ?)", notes.items())
        found = index.execute("SELECT rowid FROM notes WHERE notes MATCH ? ORDER BY rank, rowid DESC", (expression,))
        return [row for (row,) in found]
