"""Memtables over the tables answer as one plain log would, wherever an event lies and whatever is moved meanwhile."""

import sqlite3
from itertools import count

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actors.session.journal import Claim, LogPruned, SessionRecord
from server.journal.archive import Archive, compact, replay
from server.journal.entries import Begun, Created, Deleted, Logged, encode
from server.journal.layers import Layers, Standing
from server.journal.memtable import Memtable
from server.storage.migrations import migrate

SESSIONS = ["s1", "s2", "s3"]
OWNERS = {"s1": "u1", "s2": "u1", "s3": "u2"}
session = st.sampled_from(SESSIONS)


class Model:
    """One session as it should look."""

    def __init__(self, entry):
        self.created = entry
        self.updated_at = entry.at
        self.frames = []
        self.first_seq = 1
        self.runs = {}
        self.claims = {}

    @property
    def record(self):
        made = self.created
        times = (made.at, self.updated_at)
        return SessionRecord(
            made.session_id, made.user_id, made.title, made.epoch, *times, len(self.frames), self.first_seq
        )


class LayersMachine(RuleBasedStateMachine):
    """Commits, moves, prunes and restarts, in any order."""

    @initialize()
    def begin(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection)
        self.layers = Layers(Archive(self.connection), Memtable())
        self.models = {}
        self.names = count(1)
        self.number = 0
        self.frozen_number = 0

    def teardown(self):
        self.connection.close()

    def commit(self, *entries):
        self.number += 1
        self.connection.execute("INSERT INTO commits VALUES (?, ?)", (self.number, encode(entries)))
        self.layers.absorb(entries)

    @rule(session_id=session)
    def create(self, session_id):
        if session_id not in self.models:
            entry = Created(session_id, OWNERS[session_id], "A title", f"e{next(self.names)}", next(self.names))
            self.commit(entry)
            self.models[session_id] = Model(entry)

    @rule(session_id=session)
    def delete(self, session_id):
        self.commit(Deleted(session_id))
        self.models.pop(session_id, None)

    @rule(session_id=session, plain=st.integers(0, 3), begin=st.booleans(), end=st.booleans())
    def append(self, session_id, plain, begin, end):
        model = self.models.get(session_id)
        if model is None or plain + begin == 0:
            return
        seq = len(model.frames) + 1
        at = next(self.names)
        frames = [b'{"seq":%d}' % number for number in range(seq, seq + plain + begin)]
        begun = []
        if begin:
            run_id = f"r{next(self.names)}"
            begun = [Begun(run_id, seq, f"m{run_id}")]
            model.claims[f"m{run_id}"] = run_id
            model.runs[run_id] = seq
        ended = sorted(model.runs)[:1] if end else []
        for run_id in ended:
            del model.runs[run_id]
        model.frames += frames
        model.updated_at = at
        self.commit(Logged(session_id, OWNERS[session_id], seq, at, frames, begun, ended))

    @precondition(lambda self: self.layers.compacting is None)
    @rule()
    def freeze(self):
        self.layers.freeze()
        self.frozen_number = self.number

    @precondition(lambda self: self.layers.compacting is not None)
    @rule()
    def move(self):
        compact(self.connection, self.layers.compacting, self.frozen_number)

    @precondition(lambda self: self.layers.compacting is not None)
    @rule()
    def move_and_drop(self):
        self.move()
        self.layers.drop()

    @rule()
    def restart(self):
        self.layers = Layers(Archive(self.connection), replay(self.connection)[0])

    @precondition(lambda self: self.layers.compacting is None and self.models)
    @rule(data=st.data())
    def prune(self, data):
        """Drop the first segments that are in the tables, as far as no run began there."""
        session_id = data.draw(st.sampled_from(sorted(self.models)))
        model = self.models[session_id]
        part = self.layers.current.parts.get(session_id)
        if part is not None and part.is_base:
            return
        statement = "SELECT last_seq FROM segments WHERE session_id = ? ORDER BY last_seq LIMIT 1"
        row = self.connection.execute(statement, (session_id,)).fetchone()
        if row is None or any(seq <= row[0] for seq in model.runs.values()):
            return
        self.connection.execute("DELETE FROM segments WHERE session_id = ? AND last_seq <= ?", (session_id, row[0]))
        self.connection.execute("UPDATE sessions SET first_seq = ? WHERE session_id = ?", (row[0] + 1, session_id))
        model.first_seq = row[0] + 1

    @invariant()
    def sessions_are_as_they_should(self):
        for session_id in SESSIONS:
            model = self.models.get(session_id)
            assert self.layers.find(session_id) == (model and model.record)
            assert self.layers.standing(session_id) == (model and Standing(model.created.user_id, len(model.frames)))
            assert self.layers.unfinished_of(session_id) == (model.runs if model else {})
        for user_id in ("u1", "u2"):
            records = [model.record for model in self.models.values() if model.created.user_id == user_id]
            records.sort(key=lambda record: record.updated_at, reverse=True)
            assert self.layers.sessions(user_id) == records

    @invariant()
    def runs_and_claims_are_as_they_should(self):
        unfinished = {(OWNERS[session_id], session_id) for session_id, model in self.models.items() if model.runs}
        assert sorted(self.layers.unfinished()) == sorted(unfinished)
        for session_id, model in self.models.items():
            for client_msg_id, run_id in model.claims.items():
                claim = Claim(session_id, run_id, committed=True)
                assert self.layers.claimed(model.created.user_id, client_msg_id) == claim
                assert self.layers.session_of(run_id) == (session_id if run_id in model.runs else None)

    @rule(session_id=session, after=st.integers(0, 20), limit=st.integers(1, 8))
    def read(self, session_id, after, limit):
        model = self.models.get(session_id)
        frames = model.frames[after : after + limit] if model else []
        if frames and after + 1 < model.first_seq:
            with pytest.raises(LogPruned):
                self.layers.read(session_id, after, limit)
        else:
            assert self.layers.read(session_id, after, limit) == frames


LayersMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestLayers = LayersMachine.TestCase


def test_what_was_deleted_stays_so_whatever_lies_below():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    layers = Layers(Archive(connection), Memtable())
    layers.absorb([Created("s1", "u1", "", "e1", 1)])
    layers.absorb([Logged("s1", "u1", 1, 2, [b"{}"], [Begun("r1", 1, "m1")], [])])
    compact(connection, layers.freeze(), 1)
    layers.drop()
    layers.absorb([Deleted("s1")])
    assert layers.claimed("u1", "m1") is layers.session_of("r1") is layers.find("s1") is None
    layers.freeze()
    layers.absorb([Created("s1", "u1", "", "e2", 3)])
    assert layers.claimed("u1", "m1") is layers.session_of("r1") is None
    assert layers.find("s1").epoch == "e2"
    connection.close()
