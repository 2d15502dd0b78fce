"""The tables: what a memtable becomes, and how little of them a look-up reads."""

import sqlite3

import pytest

from actors.session.journal import JournalUnavailable, LogPruned
from server.journal import archive
from server.journal.archive import Archive, compact, replay
from server.journal.entries import Begun, Created, Deleted, Logged, encode
from server.journal.memtable import Memtable
from server.storage.migrations import migrate

TABLES = ("commits", "sessions", "segments", "runs", "message_ids")
FRAMES = [b'{"seq":%d}' % seq for seq in range(1, 10_001)]


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    yield connection
    connection.close()


def memtable(*entries):
    made = Memtable()
    made.absorb(entries)
    return made


CREATED = Created("s1", "u1", "A title", "e1", 1)


def dump(connection):
    return {table: sorted(connection.execute(f"SELECT * FROM {table}")) for table in TABLES}


def fill(connection, *entries, number=1):
    connection.execute("INSERT INTO commits VALUES (?, ?)", (number, encode(entries)))
    compact(connection, memtable(*entries), number)


def test_a_memtable_moved_twice_says_the_same(connection):
    moved = memtable(
        CREATED, Logged("s1", "u1", 1, 2, FRAMES[:600], [Begun("r1", 1, "m1"), Begun("r2", 2, None)], ["r1", "r0"])
    )
    compact(connection, moved, 1)
    once = dump(connection)
    compact(connection, moved, 1)
    assert dump(connection) == once
    assert [row[1:4] for row in once["segments"]] == [(256, 1, 2), (512, 257, 2), (600, 513, 2)]
    assert once["runs"] == [("r2", "s1", 2)]
    assert once["message_ids"] == [("u1", "m1", "s1", "r1", 2)]


def test_commits_that_came_later_stay(connection):
    for number in (1, 2, 3):
        connection.execute("INSERT INTO commits VALUES (?, ?)", (number, encode([Deleted(f"s{number}")])))
    compact(connection, Memtable(), 2)
    left, last = replay(connection)
    assert list(left.parts) == ["s3"]
    assert last == 3


def test_replaying_changes_nothing(connection):
    connection.execute("INSERT INTO commits VALUES (1, ?)", (encode([CREATED]),))
    before = dump(connection)
    for _ in range(2):
        found, last = replay(connection)
        assert (found.parts["s1"].created, last) == (CREATED, 1)
    assert dump(connection) == before


def test_a_move_that_fails_changes_nothing(connection):
    fill(connection, CREATED)
    connection.execute("CREATE TRIGGER no BEFORE INSERT ON message_ids BEGIN SELECT RAISE(ABORT, 'no'); END")
    connection.execute("INSERT INTO commits VALUES (2, x'90')")
    before = dump(connection)
    with pytest.raises(sqlite3.Error):
        compact(connection, memtable(Logged("s1", "u1", 1, 2, FRAMES[:3], [Begun("r1", 1, "m1")], [])), 2)
    assert dump(connection) == before
    assert not connection.in_transaction


def test_a_deleted_session_leaves_no_row(connection):
    fill(connection, CREATED, Logged("s1", "u1", 1, 2, FRAMES[:600], [Begun("r1", 1, "m1")], []))
    fill(connection, Deleted("s1"), number=2)
    assert dump(connection) == {table: [] for table in TABLES}


def test_a_session_that_came_again_has_nothing_of_the_one_before(connection):
    fill(connection, CREATED, Logged("s1", "u1", 1, 2, FRAMES[:600], [Begun("r1", 1, "m1")], []))
    again = Created("s1", "u1", "Anew", "e2", 3)
    fill(connection, Deleted("s1"), again, Logged("s1", "u1", 1, 4, FRAMES[:2], [], []), number=2)
    found = Archive(connection)
    assert found.find("s1") == ("s1", "u1", "Anew", "e2", 3, 4, 2, 1)
    assert found.read("s1", 1, 3, 10) == FRAMES[:2]
    assert found.unfinished_of("s1") == {}
    assert found.claimed("u1", "m1") is None


def test_many_sessions_move_at_once(connection, monkeypatch):
    monkeypatch.setattr(archive, "ROWS_AT_ONCE", 10)
    entries = [Created(f"s{number}", "u1", "", "e", number) for number in range(95)]
    fill(connection, *entries)
    fill(connection, *[Logged(f"s{number}", "u1", 1, 200, [b"{}"], [], []) for number in range(95)], number=2)
    found = Archive(connection).sessions("u1")
    assert {(record.session_id, record.head_seq, record.updated_at) for record in found} == {
        (f"s{number}", 1, 200) for number in range(95)
    }


@pytest.fixture
def long(connection):
    """10,000 events, of which only the segments that a read needs can be read."""
    fill(connection, CREATED, Logged("s1", "u1", 1, 2, FRAMES, [], []))
    return Archive(connection)


@pytest.mark.parametrize(
    ("seq", "limit", "needed"), [(1, 100, 1), (5000, 100, 1), (5000, 256, 2), (4865, 256, 1), (5001, 1000, 5)]
)
def test_a_read_from_the_middle_reads_the_segments_it_needs(connection, long, seq, limit, needed):
    first, last = connection.execute(
        "SELECT min(last_seq), max(last_seq) FROM segments WHERE last_seq >= ? AND first_seq < ?", (seq, seq + limit)
    ).fetchone()
    connection.execute("UPDATE segments SET frames = x'00' WHERE last_seq < ? OR last_seq > ?", (first, last))
    assert long.read("s1", seq, 10_001, limit) == FRAMES[seq - 1 : seq - 1 + limit]
    assert connection.execute("SELECT count(*) FROM segments WHERE frames != x'00'").fetchone() == (needed,)


def test_a_read_looks_its_segments_up(connection):
    plan = connection.execute(f"EXPLAIN QUERY PLAN {archive._READ}", ("s1", 1, 1)).fetchall()
    assert [row[3] for row in plan] == ["SEARCH segments USING INDEX segments_in_order (session_id=? AND last_seq>?)"]


def test_a_read_ends_where_it_is_told_to(long):
    assert long.read("s1", 9_990, 9_995, 100) == FRAMES[9_989:9_994]


def test_small_segments_are_read_as_one_log(connection):
    fill(connection, CREATED)
    for seq in range(1, 101):
        fill(connection, Logged("s1", "u1", seq, seq, FRAMES[seq - 1 : seq], [], []), number=seq)
    assert Archive(connection).read("s1", 3, 101, 1000) == FRAMES[2:100]


def test_what_was_pruned_between_the_record_and_the_segments_is_said_to_be(connection, long):
    connection.execute("DELETE FROM segments WHERE last_seq <= 512")
    connection.execute("UPDATE sessions SET first_seq = 513")
    with pytest.raises(LogPruned):
        long.read("s1", 512, 10_001, 10)
    assert long.read("s1", 513, 10_001, 10) == FRAMES[512:522]


def test_a_hole_is_damage_and_no_end(connection, long):
    connection.execute("DELETE FROM segments WHERE last_seq = 512")
    with pytest.raises(JournalUnavailable, match="event 257 of s1 is missing"):
        long.read("s1", 1, 10_001, 1000)


def test_a_table_that_cannot_be_read_is_no_empty_one(connection, long):
    connection.execute("DROP TABLE sessions")
    with pytest.raises(JournalUnavailable, match="no such table"):
        long.find("s1")


@pytest.mark.parametrize("spoilt", [b" ", b"\n{\n}\n"])
def test_events_of_a_damaged_segment_do_not_pass_for_each_other(connection, spoilt):
    fill(connection, CREATED, Logged("s1", "u1", 1, 2, FRAMES[:600], [], []))
    connection.execute(
        "UPDATE segments SET frames = CAST(replace(frames, ?, ?) AS BLOB) WHERE last_seq = 512",
        (b'\n{"seq":300}\n', spoilt),
    )
    assert Archive(connection).read("s1", 1, 601, 256) == FRAMES[:256]
    with pytest.raises(JournalUnavailable, match="events 257 to 512 of s1 are damaged"):
        Archive(connection).read("s1", 257, 601, 10)


def test_a_commit_that_is_damaged_is_named(connection):
    connection.execute("INSERT INTO commits VALUES (7, x'c1')")
    with pytest.raises(JournalUnavailable, match="commit 7"):
        replay(connection)
