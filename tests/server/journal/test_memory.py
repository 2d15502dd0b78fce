"""The log in memory: what a simulation may do to it that a disk would rather not."""

import pytest

from actors.session.journal import Batch, JournalUnavailable, LogPruned
from actors.testing.clock import ManualClock
from server.journal.memory import MemoryJournal
from tests.server.journal.logs import Told, accepted, append, create, frames, recorded, thoughts


class Sleeper:
    """A sink that commits when it is told to."""

    def commit(self, entries, done):
        self.done = done


@pytest.fixture
def sleeper():
    return Sleeper()


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def slow(sleeper, clock):
    """A log whose commits are held back, with a session."""
    journal = MemoryJournal(sink=sleeper, clock=clock)
    journal.create("s1", "u1", "", 1000, Told())
    sleeper.done(None)
    return journal


def test_it_commits_within_the_call():
    journal, told = MemoryJournal(), Told()
    journal.create("s1", "u1", "", 1000, told)
    journal.append("s1", thoughts(1, 2), told)
    journal.delete("s1", told)
    assert told == [None] * 3


def test_nothing_is_found_or_read_before_it_is_committed(slow, sleeper):
    told = Told()
    slow.append("s1", Batch([recorded(1, accepted())]), told)
    slow.append("s1", thoughts(2, 1), told)
    assert (slow.read("s1", 0, 10), slow.find("s1").head_seq) == ([], 0)
    assert slow.unfinished() == []
    sleeper.done(None)
    assert (len(slow.read("s1", 0, 10)), slow.find("s1").head_seq) == (1, 1)
    sleeper.done(None)
    assert told == [None, None]
    assert len(slow.read("s1", 0, 10)) == 2


def test_a_created_log_is_found_when_it_is_committed(slow, sleeper):
    first, second = Told(), Told()
    record = slow.create("s2", "u1", "", 1000, first)
    assert slow.create("s2", "u1", "", 1000, second) == record
    assert (slow.find("s2"), first, second) == (None, [], [])
    sleeper.done(None)
    assert (slow.find("s2"), first) == (record, [None])
    sleeper.done(None)
    assert second == [None]


def test_a_log_that_failed_to_be_made_is_not_there(slow, sleeper, clock):
    told = [Told(), Told(), Told()]
    slow.create("s2", "u1", "", 1000, told[0])
    slow.create("s2", "u1", "", 1000, told[1])
    slow.append("s2", thoughts(1, 1, "s2"), told[2])
    sleeper.done(JournalUnavailable("no"))
    assert [one.problem for one in told] == ["no"] * 3
    with pytest.raises(JournalUnavailable, match="no"):
        slow.create("s2", "u1", "", 1000, Told())
    clock.advance(1)
    sleeper.done(None)
    slow.create("s2", "u1", "", 1000, Told())
    sleeper.done(None)
    assert slow.find("s2").head_seq == 0


def test_appends_begin_anew_behind_what_is_committed_once_some_have_failed(slow, sleeper, clock):
    told = [Told(), Told()]
    slow.append("s1", thoughts(1, 2), told[0])
    slow.append("s1", thoughts(3, 2), told[1])
    sleeper.done(JournalUnavailable("no"))
    assert [one.problem for one in told] == ["no", "no"]
    clock.advance(1)
    sleeper.done(None)
    assert slow.open("s1").record.head_seq == 0
    told = Told()
    slow.append("s1", thoughts(1, 1), told)
    sleeper.done(None)
    assert told == [None]


def test_a_claim_whose_message_failed_stays_until_it_is_released(slow, sleeper):
    slow.claim("u1", "m1", "s1", "r1")
    slow.append("s1", Batch([recorded(1, accepted())]), Told())
    sleeper.done(JournalUnavailable("no"))
    assert slow.claimed("u1", "m1") == ("s1", "r1", False)
    slow.release_claims("s1")
    assert slow.claimed("u1", "m1") is None


@pytest.mark.parametrize("landed", [False, True])
def test_a_killed_process_keeps_what_is_committed_and_perhaps_what_was_on_its_way(slow, sleeper, landed):
    slow.append("s1", Batch([recorded(1, accepted("m1"))]), Told())
    sleeper.done(None)
    told = Told()
    slow.claim("u1", "m2", "s1", "r2")
    slow.append("s1", Batch([recorded(2, accepted("m2"), "r2")]), told)
    slow.append("s1", thoughts(3, 1), told)
    slow.claim("u1", "m3", "s1", "r3")
    slow.lose_tail(landed=landed)
    head_seq = 2 if landed else 1
    assert slow.find("s1").head_seq == slow.open("s1").record.head_seq == head_seq
    assert slow.claimed("u1", "m1").committed
    assert (slow.claimed("u1", "m2") is not None) == landed
    assert slow.claimed("u1", "m3") is None
    sleeper.done(None)
    assert told == []
    slow.append("s1", thoughts(head_seq + 1, 1), told)
    sleeper.done(None)
    assert told == [None]


def test_a_pruned_log_is_read_from_where_it_begins():
    journal = MemoryJournal()
    create(journal)
    append(journal, *thoughts(1, 5))
    journal.prune("s1", 4)
    assert (journal.find("s1").first_seq, journal.find("s1").head_seq) == (4, 5)
    assert journal.read("s1", 3, 10) == frames(thoughts(4, 2))
    assert journal.read("s1", 5, 10) == []
    with pytest.raises(LogPruned):
        journal.read("s1", 2, 10)
    assert append(journal, recorded(6)) is None
    journal.prune("s1", 99)
    assert (journal.find("s1").first_seq, journal.find("s1").head_seq) == (7, 6)
    with pytest.raises(LogPruned):
        journal.read("s1", 0, 10)
    assert journal.read("s1", 6, 10) == []
    assert append(journal, recorded(7)) is None
    journal.prune("s9", 1)
