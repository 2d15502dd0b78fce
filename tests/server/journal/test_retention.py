import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.session.promises import check_log
from server.journal import retention
from server.journal.reader import open_reader
from server.journal.retention import DAY_MS, Dropped, Keep, Span, past_keep
from server.storage.database import connect
from tests.actors.session.logs import GOOD, NOW, accepted, completed, started


def spans(*lasts, updated_at=NOW):
    return [Span(first + 1, last, updated_at) for first, last in zip((0, *lasts), lasts, strict=False)]


def kept_from(found, head_seq, keep, unfinished=(), now_ms=NOW):
    """Return the first seq that stays."""
    gone = list(past_keep(found, head_seq, unfinished, keep, now_ms))
    assert gone == found[: len(gone)]
    return gone[-1].last_seq + 1 if gone else 1


def test_what_is_behind_enough_newer_events_goes_by_the_segment():
    assert kept_from(spans(10, 20, 30), 30, Keep(30, 10)) == 21
    assert kept_from(spans(10, 20, 30), 30, Keep(30, 11)) == 11
    assert kept_from(spans(10, 20, 30), 30, Keep(30, 30)) == 1


def test_what_is_too_old_goes_and_may_be_all_there_is():
    old = [*spans(10, 20, updated_at=NOW - DAY_MS - 1), Span(21, 30, NOW - DAY_MS)]

    assert kept_from(old, 30, Keep(1, 1000)) == 21
    assert kept_from(old, 30, Keep(0.5, 1000)) == 31


def test_nothing_is_taken_out_of_the_middle():
    mixed = [Span(1, 10, NOW), Span(11, 20, NOW - 2 * DAY_MS), Span(21, 30, NOW)]

    assert kept_from(mixed, 30, Keep(1, 1000)) == 1


def test_an_unfinished_run_keeps_the_segment_that_it_began_in_and_all_behind_it():
    assert kept_from(spans(10, 20, 30), 30, Keep(30, 1), unfinished=[25, 15]) == 11
    assert kept_from(spans(10, 20, 30), 30, Keep(30, 1), unfinished=[10]) == 1
    assert kept_from(spans(10, 20, 30), 30, Keep(30, 1), unfinished=[11]) == 11


@given(
    sizes=st.lists(st.integers(1, 300), max_size=20),
    unfinished=st.lists(st.integers(1, 6000), max_size=3),
    events=st.integers(1, 6000),
)
def test_whatever_there_is_enough_stays_and_no_unfinished_run_is_cut(sizes, unfinished, events):
    lasts = [sum(sizes[: count + 1]) for count in range(len(sizes))]
    head_seq = lasts[-1] if lasts else 0

    first_seq = kept_from(spans(*lasts), head_seq, Keep(30, events), unfinished)

    assert head_seq - first_seq + 1 >= min(events, head_seq)
    assert all(first_seq <= seq for seq in unfinished)


def test_message_ids_are_kept_for_a_day_at_least():
    assert Keep(0.25, 1).ids_horizon(NOW) == NOW - DAY_MS
    assert Keep(3, 1).ids_horizon(NOW) == NOW - 3 * DAY_MS


# On a real log.


def runs(count, begin=1):
    """Return a log of runs, three events each."""
    return [
        event
        for number in range(count)
        for event in (
            accepted(begin + 3 * number, f"r_{begin}_{number}"),
            started(begin + 3 * number + 1, f"r_{begin}_{number}"),
            completed(begin + 3 * number + 2, f"r_{begin}_{number}"),
        )
    ]


@pytest.fixture
def log(write, tmp_path):
    """A session of 4 segments with 600 events each, the last two of them a run that isn't over."""
    writer = write()
    writer.create("s_1")
    for begin in range(0, 1800, 600):
        writer.append("s_1", runs(200, begin + 1))
    writer.append("s_1", [*runs(199, 1801), accepted(2398, "r_open"), started(2399, "r_open")])
    writer.create("s_empty")
    writer.settle()
    with closing(connect(tmp_path / "greenroom.db")) as connection:
        yield connection


def left(data_dir, session_id="s_1"):
    """Check what is kept, and return its record."""
    with open_reader(data_dir) as reader, reader.snapshot() as snapshot:
        record = snapshot.find(session_id)
        frames = list(snapshot.frames(session_id, record.first_seq - 1))
    assert len(frames) == record.head_seq - record.first_seq + 1
    return record


def test_a_prune_drops_segments_and_moves_the_beginning(log, tmp_path):
    keep = Keep(36_500, 1000)
    assert retention.prunable(log, keep, NOW) == ["s_1"]
    told = retention.prospect(log, "s_1", keep, NOW)

    assert retention.prune(log, "s_1", keep, NOW) == told
    record = left(tmp_path)
    assert told == Dropped("s_1", record.first_seq - 1, record.first_seq)
    assert 1000 <= record.head_seq - record.first_seq + 1 <= 1255
    assert retention.prunable(log, keep, NOW) == []
    assert retention.prune(log, "s_1", keep, NOW) is None


def test_an_unfinished_run_is_kept_however_old(log, tmp_path):
    dropped = retention.prune(log, "s_1", Keep(0.001, 1), NOW + 365 * DAY_MS)

    assert dropped.first_seq == left(tmp_path).first_seq
    assert 2398 - 256 <= dropped.first_seq <= 2398


def test_a_prune_in_slices_drops_as_much(log, tmp_path, monkeypatch):
    monkeypatch.setattr(retention, "SLICE", 2)
    struck = []

    dropped = retention.prune(log, "s_1", Keep(36_500, 1), NOW, struck.append)

    assert dropped == Dropped("s_1", left(tmp_path).first_seq - 1, left(tmp_path).first_seq)
    assert len(struck) > 1
    assert set(struck) == {"Prune"}


def test_a_prune_that_fails_has_dropped_nothing(log, tmp_path):
    def fail(_point):
        raise OSError("the plug was pulled")

    with pytest.raises(OSError, match="plug"):
        retention.prune(log, "s_1", Keep(36_500, 1), NOW, fail)

    assert left(tmp_path).first_seq == 1


def test_a_log_that_was_pruned_goes_on_and_is_whole(write, tmp_path):
    writer = write()
    writer.create("s_1")
    for event in GOOD:
        writer.append("s_1", [event])
        writer.settle()
    with closing(connect(tmp_path / "greenroom.db")) as connection:
        retention.prune(connection, "s_1", Keep(36_500, 9), NOW)
    writer.append("s_1", [accepted(16, "r_9"), started(17, "r_9"), completed(18, "r_9")])

    with open_reader(tmp_path) as reader, reader.snapshot() as snapshot:
        events = [json.loads(frame) for frame in snapshot.frames("s_1", 6)]
    assert left(tmp_path).first_seq == 7
    check_log("s_1", events, first_seq=7)


def test_message_ids_go_when_they_are_old_unless_their_run_is_not_over(write, tmp_path):
    writer = write()
    writer.create("s_1")
    spent = {**accepted(1), "data": {**accepted(1)["data"], "client_msg_id": "over"}}
    waiting = {**accepted(4, "r_2"), "data": {**accepted(4)["data"], "client_msg_id": "open"}}
    writer.append("s_1", [spent, started(2), completed(3), waiting])
    writer.settle()
    with closing(connect(tmp_path / "greenroom.db")) as connection:
        assert retention.prune_message_ids(connection, Keep(1, 1), NOW + DAY_MS) == 0
        assert retention.prune_message_ids(connection, Keep(1, 1), NOW + 2 * DAY_MS) == 1
        assert connection.execute("SELECT client_msg_id FROM message_ids").fetchall() == [("open",)]


def test_what_a_prune_waits_for_is_another_writer(log):
    with closing(sqlite3.connect(log.execute("PRAGMA database_list").fetchone()[2], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        log.execute("PRAGMA busy_timeout = 50")

        with pytest.raises(sqlite3.OperationalError, match="locked"):
            retention.prune(log, "s_1", Keep(36_500, 1), NOW)
