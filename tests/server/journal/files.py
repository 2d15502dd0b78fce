"""Data directories with real logs in them, made by the journal that a server has."""

import json
import sqlite3
from contextlib import closing

import gevent

from actors.runtime.dispatcher import HubClock
from actors.session import events
from actors.session.events import Recorded
from actors.session.journal import Batch
from server.identity.accounts import Accounts
from server.journal.sqlite import SQLiteJournal
from server.storage.database import FILE_NAME, open_database

PATIENCE = 60
"""In seconds: a shared disk may stall for some."""


def add_account(data_dir, name):
    """Add an account, its password its name; return its user id."""
    with closing(open_database(data_dir)) as database:
        return Accounts(database).add(name, name).user_id


def recorded(event):
    """Make of an event, as JSON has it, what an emitter appends."""
    frame = json.dumps(event, separators=(",", ":")).encode()
    return Recorded(events.decode(frame), frame)


class Writer:
    """A journal on a data directory, written to as sessions do."""

    def __init__(self, data_dir):
        open_database(data_dir).close()
        self.path = data_dir / FILE_NAME
        self._journal = SQLiteJournal(self.path, HubClock())

    def create(self, session_id, user_id="u_1", title="", now_ms=1_760_000_000_000):
        self._await(lambda done: self._journal.create(session_id, user_id, title, now_ms, done))

    def append(self, session_id, log):
        entries = [recorded({**event, "session_id": session_id}) for event in log]
        self._await(lambda done: self._journal.append(session_id, Batch(entries), done))

    def delete(self, session_id):
        self._await(lambda done: self._journal.delete(session_id, done))

    def settle(self):
        """Have everything moved into the tables."""
        with closing(sqlite3.connect(self.path)) as connection, gevent.Timeout(PATIENCE):
            while connection.execute("SELECT count(*) FROM commits").fetchone()[0]:
                gevent.sleep(0.02)

    def close(self):
        self._journal.close()

    def _await(self, write):
        told = []
        write(told.append)
        with gevent.Timeout(PATIENCE):
            while not told:
                gevent.sleep(0)
        assert told == [None], told
