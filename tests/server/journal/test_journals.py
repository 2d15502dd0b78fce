"""What every body of the log does: what is appended is read back, and what doesn't follow is refused."""

from random import Random

import gevent
import pytest

from actors.session.events import MessageDequeued
from actors.session.journal import JournalUnavailable
from server.journal.memory import MemoryJournal
from tests.server.journal.logs import (
    COMPLETED,
    STARTED,
    Told,
    accepted,
    append,
    create,
    delete,
    frames,
    recorded,
    thoughts,
    until,
)


@pytest.fixture
def log(journal):
    """A journal with an empty log."""
    create(journal)
    return journal


def test_a_new_log_is_empty_and_has_an_epoch(journal):
    made = create(journal)
    record = journal.find("s1")
    assert record == made
    assert (record.user_id, record.title, record.created_at, record.updated_at) == ("u1", "A title", 1000, 1000)
    assert (record.head_seq, record.first_seq) == (0, 1)
    assert len(bytes.fromhex(record.epoch)) == 4
    assert journal.find("s2") is None


def test_epochs_are_drawn_from_the_random_source(open_journal):
    epochs = {create(journal).epoch for journal in (MemoryJournal(Random(7)), open_journal(random=Random(7)))}
    assert epochs == {f"{Random(7).getrandbits(32):08x}"}


def test_creating_a_session_again_keeps_its_log(log):
    append(log, recorded(1, accepted()))
    told = Told()
    assert log.create("s1", "u1", "Another title", 2000, told) == log.find("s1")
    assert told == [None]
    assert (log.find("s1").head_seq, log.find("s1").title) == (1, "A title")


def test_creating_a_session_twice_at_once_makes_one_log(journal):
    first, second = Told(), Told()
    records = [journal.create("s1", "u1", "", 1000, told) for told in (first, second)]
    until(lambda: first and second)
    assert records[0] == records[1] == journal.find("s1")


def test_what_is_appended_is_read_back_in_order(log):
    entries = thoughts(1, 5)
    assert append(log, *entries[:2]) is None
    assert append(log, *entries[2:]) is None
    assert log.read("s1", 0, 10) == frames(entries)
    assert log.read("s1", 1, 2) == frames(entries[1:3])
    assert log.find("s1").updated_at == 1005


@pytest.mark.parametrize(("after", "count"), [(-5, 3), (0, 3), (2, 1), (3, 0), (99, 0)])
def test_a_read_begins_behind_its_cursor_wherever_that_stands(log, after, count):
    append(log, *thoughts(1, 3))
    assert len(log.read("s1", after, 10)) == count


def test_a_log_that_is_not_there_has_nothing_to_read(journal):
    assert journal.read("s1", 0, 10) == []
    assert journal.open("s1") is None


@pytest.mark.parametrize(("seq", "session_id"), [(2, "s1"), (0, "s1"), (1, "s2")])
def test_entries_that_do_not_follow_the_log_are_refused(log, seq, session_id):
    refusal = append(log, recorded(seq), session_id=session_id)
    assert isinstance(refusal, JournalUnavailable)
    assert str(refusal) == f"the entries don't follow the log of {session_id}"
    assert log.read("s1", 0, 10) == []
    assert log.available
    assert append(log, recorded(1)) is None


def test_an_append_follows_those_that_are_under_way(log):
    told = [Told() for _ in range(4)]
    log.append("s1", thoughts(1, 2), told[0])
    log.append("s1", thoughts(2, 1), told[1])
    log.append("s1", thoughts(3, 2), told[2])
    log.append("s1", thoughts(6, 1), told[3])
    until(lambda: all(told))
    assert [error is None for (error,) in told] == [True, False, True, False]
    assert log.read("s1", 0, 10) == frames(thoughts(1, 4))


def test_appends_are_told_of_in_their_order(log):
    create(log, "s2")
    order = []
    for name, session_id, seq in [("a", "s1", 1), ("b", "s2", 1), ("c", "s1", 2), ("d", "s2", 2)]:
        log.append(session_id, thoughts(seq, 1, session_id), lambda _, name=name: order.append(name))
    until(lambda: len(order) == 4)
    assert order == ["a", "b", "c", "d"]


def test_what_was_told_of_can_be_read_by_whoever_is_told(log):
    seen = []
    log.append("s1", thoughts(1, 1), lambda _: seen.append(log.read("s1", 0, 10)))
    log.append("s1", thoughts(2, 1), lambda _: seen.append(log.find("s1").head_seq))
    until(lambda: len(seen) == 2)
    assert seen[0][:1] == frames(thoughts(1, 1))
    assert seen[1] == 2


def test_whoever_cannot_bear_the_news_keeps_it_from_nobody(log):
    def broken(_error):
        raise RuntimeError("I broke")

    told = Told()
    log.append("s1", thoughts(1, 1), broken)
    log.append("s1", thoughts(2, 1), told)
    until(lambda: told)
    assert told == [None]
    assert append(log, recorded(3)) is None


def test_whoever_is_told_may_append(log):
    told = Told()

    def go_on(_error, seq=2):
        log.append("s1", thoughts(seq, 1), told if seq == 500 else lambda error: go_on(error, seq + 1))

    log.append("s1", thoughts(1, 1), go_on)
    until(lambda: told)
    assert log.find("s1").head_seq == 500


def test_a_users_sessions_are_listed_last_changed_first_and_nobody_elses(log):
    create(log, "s2", now_ms=2000)
    create(log, "s3", "u2", now_ms=3000)
    assert [record.session_id for record in log.sessions("u1")] == ["s2", "s1"]
    append(log, *thoughts(1, 1001))
    assert [record.session_id for record in log.sessions("u1")] == ["s1", "s2"]
    assert log.sessions("u9") == []


def test_a_claim_is_committed_with_its_message(log):
    log.claim("u1", "m1", "s1", "r1")
    assert log.claimed("u1", "m1") == ("s1", "r1", False)
    append(log, recorded(1, accepted()))
    assert log.claimed("u1", "m1") == ("s1", "r1", True)
    assert log.claimed("u2", "m1") is None


def test_only_claims_without_a_message_are_released(log):
    for number in (1, 2, 3):
        log.claim("u1", f"m{number}", "s1", f"r{number}")
    log.claim("u1", "m4", "s2", "r4")
    append(log, recorded(1, accepted("m1")))
    log.release_claims("s1")
    assert log.claimed("u1", "m1").run_id == "r1"
    assert log.claimed("u1", "m2") is log.claimed("u1", "m3") is None
    assert log.claimed("u1", "m4").run_id == "r4"
    log.release_claims("s1")


def test_a_message_without_an_id_claims_nothing(log):
    append(log, recorded(1, accepted(None)))
    assert log.session_of("r1") == "s1"


@pytest.mark.parametrize("ending", [COMPLETED, MessageDequeued("cancelled")])
def test_an_unfinished_run_is_known_by_its_session(log, ending):
    append(log, recorded(1, accepted()), recorded(2, STARTED))
    assert log.session_of("r1") == "s1"
    assert log.unfinished() == [("u1", "s1")]
    assert log.open("s1").unfinished == {"r1": 1}
    append(log, recorded(3, ending))
    assert log.session_of("r1") is None
    assert log.unfinished() == []
    assert log.open("s1").unfinished == {}


def test_a_run_that_begins_and_ends_in_one_append_was_never_unfinished(log):
    append(log, recorded(1, accepted()), recorded(2, STARTED), recorded(3, COMPLETED))
    assert log.unfinished() == []


def test_a_log_opens_when_nothing_of_it_is_under_way(log):
    told = Told()
    log.append("s1", thoughts(1, 3), told)
    log.append("s1", thoughts(4, 1), told)
    with gevent.Timeout(10):
        opening = log.open("s1")
    assert opening.record == log.find("s1")
    assert opening.record.head_seq == 4
    assert told == [None, None]


def test_a_deleted_session_leaves_nothing(log):
    append(log, recorded(1, accepted()))
    log.claim("u1", "m2", "s1", "r2")
    epoch = log.find("s1").epoch
    delete(log)
    assert (log.find("s1"), log.session_of("r1"), log.open("s1")) == (None, None, None)
    assert log.claimed("u1", "m1") is log.claimed("u1", "m2") is None
    assert log.sessions("u1") == log.unfinished() == log.read("s1", 0, 10) == []
    assert isinstance(append(log, recorded(2)), JournalUnavailable)
    assert create(log).epoch != epoch
    assert log.find("s1").head_seq == 0
    assert append(log, recorded(1, accepted())) is None
    assert log.claimed("u1", "m1").committed


def test_a_delete_takes_its_place_among_the_appends(log):
    told = [Told() for _ in range(5)]
    log.append("s1", thoughts(1, 1), told[0])
    log.delete("s1", told[1])
    log.append("s1", thoughts(2, 1), told[2])
    epoch = log.create("s1", "u1", "", 2000, told[3]).epoch
    log.append("s1", thoughts(1, 2), told[4])
    until(lambda: all(told))
    assert [error is None for (error,) in told] == [True, True, False, True, True]
    assert log.find("s1").epoch == epoch
    assert log.read("s1", 0, 10) == frames(thoughts(1, 2))


def test_deleting_what_is_not_there_is_done(journal):
    delete(journal, "s9")
    assert journal.find("s9") is None


def test_a_journal_that_works_says_so(log):
    called = Told()
    log.when_available(lambda: called(None))
    assert called == [None]
    assert log.available
    assert log.problem is None
    assert log.lag == 0.0
