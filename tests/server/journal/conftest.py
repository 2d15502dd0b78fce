"""Journals on disk and in memory, and data directories with real logs in them."""

import sqlite3

import pytest

from actors.runtime.dispatcher import HubClock
from server.journal import compaction
from server.journal.memory import MemoryJournal
from server.journal.sqlite import SQLiteJournal
from server.storage.database import connect
from tests.server.journal.files import Writer


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Make writers of the test's data directory, one after another; what is still open at the end is closed."""
    monkeypatch.setattr(compaction, "LONGEST_STAY", 0.01)
    writers = []

    def make():
        writers.append(Writer(tmp_path))
        return writers[-1]

    yield make
    for writer in writers:
        writer.close()


@pytest.fixture
def path(tmp_path):
    """A database with its tables."""
    path = tmp_path / "greenroom.db"
    connect(path).close()
    return path


@pytest.fixture
def other(path):
    """Another program's connection to the same file."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def open_journal(path):
    """Open journals in SQLite; all are closed at the end, where the test didn't."""
    opened = []

    def open_journal(clock=None, **options):
        journal = SQLiteJournal(path, clock or HubClock(), **options)
        opened.append(journal)
        return journal

    yield open_journal
    for journal in opened:
        journal.close()


@pytest.fixture(params=["memory", "normal", "full"])
def journal(request):
    """Each body of the log."""
    if request.param == "memory":
        return MemoryJournal()
    return request.getfixturevalue("open_journal")(sync=request.param)
