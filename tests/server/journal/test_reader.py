import json
import sqlite3
from contextlib import closing

import pytest

from server.errors import DatabaseMissing, DatabaseTooNew, DatabaseTooOld, DatabaseUnusable
from server.journal.reader import open_reader
from server.storage.database import connect
from tests.actors.session.logs import GOOD, accepted, completed, started
from tests.server.journal.files import add_account

NAMED = {**accepted(1), "data": {**accepted(1)["data"], "client_msg_id": "m_1"}}
RUN = [NAMED, started(2), completed(3)]


def events(snapshot, session_id, after=0):
    return [json.loads(frame)["seq"] for frame in snapshot.frames(session_id, after)]


def test_what_was_committed_is_there_whether_it_has_settled_or_not(write, tmp_path):
    writer = write()
    writer.create("s_1", title="Sums")
    writer.append("s_1", GOOD[:7])
    writer.settle()
    writer.append("s_1", GOOD[7:10])
    writer.create("s_2", user_id="u_2")

    with open_reader(tmp_path) as reader, reader.snapshot() as snapshot:
        first, second = snapshot.sessions()
        assert (first.session_id, first.title, first.head_seq) == ("s_1", "Sums", 10)
        assert (second.session_id, second.user_id, second.head_seq) == ("s_2", "u_2", 0)
        assert events(snapshot, "s_1") == list(range(1, 11))
        assert events(snapshot, "s_1", after=6) == [7, 8, 9, 10]
        assert events(snapshot, "s_2") == []
        assert snapshot.unfinished("s_1") == {"r_1": 1, "r_2": 5}
        assert snapshot.find("s_3") is None
        assert (list(snapshot.strays()), snapshot.damage()) == ([], [])


def test_a_snapshot_stays_as_it_was(write, tmp_path):
    writer = write()
    writer.create("s_1")
    writer.append("s_1", GOOD[:7])
    with open_reader(tmp_path) as reader:
        with reader.snapshot() as before:
            writer.append("s_1", GOOD[7:])
            writer.create("s_2")
            writer.settle()
            assert events(before, "s_1") == list(range(1, 8))
            assert [record.session_id for record in before.sessions()] == ["s_1"]
        with reader.snapshot() as after:
            assert events(after, "s_1") == list(range(1, 16))


def test_a_reader_is_told_of_changes(write, tmp_path):
    writer = write()
    writer.create("s_1")
    writer.settle()
    with open_reader(tmp_path) as reader:
        assert reader.changed()
        assert not reader.changed()
        writer.append("s_1", GOOD)
        assert reader.changed()


def test_message_ids_are_those_of_the_session_alone(write, tmp_path):
    writer = write()
    writer.create("s_1")
    writer.create("s_2", user_id="u_2")
    writer.append("s_1", RUN)
    writer.settle()
    other = {**NAMED, "run_id": "r_2"}
    writer.append("s_2", [other])

    with open_reader(tmp_path) as reader, reader.snapshot() as snapshot:
        assert snapshot.message_ids(snapshot.find("s_1")) == {"m_1": "r_1"}
        assert snapshot.message_ids(snapshot.find("s_2")) == {"m_1": "r_2"}


def test_what_was_deleted_is_gone_before_it_has_settled(write, tmp_path):
    writer = write()
    writer.create("s_1")
    writer.append("s_1", RUN)
    writer.settle()
    writer.delete("s_1")

    with open_reader(tmp_path) as reader, reader.snapshot() as snapshot:
        assert snapshot.sessions() == []
        assert events(snapshot, "s_1") == []


def test_accounts_are_told_by_id(write, tmp_path):
    write()
    user_id = add_account(tmp_path, "ann")

    with open_reader(tmp_path) as reader, reader.snapshot() as snapshot:
        assert snapshot.usernames() == {user_id: "ann"}


def test_what_belongs_to_no_session_is_found(write, tmp_path):
    write()
    with closing(connect(tmp_path / "greenroom.db")) as connection:
        connection.execute("INSERT INTO runs VALUES ('r_1', 's_gone', 1)")

    with open_reader(tmp_path) as reader, reader.snapshot() as snapshot:
        assert list(snapshot.strays()) == [("s_gone", "runs")]


def test_reading_changes_nothing_even_where_a_kill_left_a_write_ahead_log(write, tmp_path):
    writer = write()
    writer.create("s_1")
    writer.append("s_1", GOOD)
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("greenroom.db", "greenroom.db-wal"):
        (copy / name).write_bytes((tmp_path / name).read_bytes())
    before = {name: (copy / name).read_bytes() for name in ("greenroom.db", "greenroom.db-wal")}

    with open_reader(copy) as reader, reader.snapshot() as snapshot:
        assert events(snapshot, "s_1") == list(range(1, 16))

    assert {name: (copy / name).read_bytes() for name in before} == before


def test_where_there_is_no_database_none_is_made(tmp_path):
    with pytest.raises(DatabaseMissing, match=r"holds no greenroom\.db: see that --data-dir"), open_reader(tmp_path):
        pass

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "greenroom.db").write_bytes(b"a letter" * 1000)

    with pytest.raises(DatabaseUnusable, match="damaged, or isn't a database"), open_reader(tmp_path):
        pass


@pytest.mark.parametrize(("version", "error"), [(1, DatabaseTooOld), (99, DatabaseTooNew)])
def test_a_database_of_another_version_is_refused(tmp_path, version, error):
    with closing(sqlite3.connect(tmp_path / "greenroom.db")) as connection:
        connection.execute(f"PRAGMA user_version = {version}")

    with pytest.raises(error), open_reader(tmp_path):
        pass
