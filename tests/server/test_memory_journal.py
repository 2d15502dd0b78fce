"""The log in memory: what is appended is read back, and what doesn't follow is refused."""

import pytest

from actors.session.events import AgentCompleted, AgentStarted, MessageAccepted, Recorded, encode, event
from actors.session.journal import JournalUnavailable
from server.journal.memory import MemoryJournal


def recorded(seq, data, run_id="r1", session_id="s1"):
    entry = event(session_id, run_id, seq, 1000 + seq, data)
    return Recorded(entry, encode(entry))


ACCEPTED = MessageAccepted("hi", "m1", "librarian", 0)


@pytest.fixture
def journal():
    journal = MemoryJournal()
    journal.create("s1", "u1", "A title", 1000)
    return journal


def append(journal, *entries, session_id="s1"):
    outcome = []
    journal.append(session_id, entries, outcome.append)
    return outcome


def test_a_new_log_is_empty_and_has_an_epoch(journal):
    record = journal.find("s1")
    assert (record.user_id, record.title, record.head_seq, record.first_seq) == ("u1", "A title", 0, 1)
    assert record.epoch
    assert journal.find("s2") is None


def test_creating_a_session_again_keeps_its_log(journal):
    append(journal, recorded(1, ACCEPTED))
    assert journal.create("s1", "u1", "", 2000) == journal.find("s1")
    assert journal.find("s1").head_seq == 1


def test_what_is_appended_is_read_back_in_order(journal):
    entries = [recorded(1, ACCEPTED), recorded(2, AgentStarted("librarian", 1, 0, 0))]
    assert append(journal, *entries) == [None]
    assert journal.read("s1", 0, 10) == [entry.frame for entry in entries]
    assert journal.read("s1", 1, 10) == [entries[1].frame]
    assert journal.read("s1", 0, 1) == [entries[0].frame]
    assert journal.find("s1").updated_at == 1002


@pytest.mark.parametrize(("seq", "session_id"), [(2, "s1"), (0, "s1"), (1, "s2")])
def test_entries_that_do_not_follow_the_log_are_refused(journal, seq, session_id):
    (outcome,) = append(journal, recorded(seq, ACCEPTED), session_id=session_id)
    assert isinstance(outcome, JournalUnavailable)
    assert journal.read("s1", 0, 10) == []


def test_a_users_sessions_are_listed_last_changed_first_and_nobody_elses(journal):
    journal.create("s2", "u1", "", 2000)
    journal.create("s3", "u2", "", 3000)
    assert [record.session_id for record in journal.sessions("u1")] == ["s2", "s1"]


def test_a_claim_is_committed_with_its_message(journal):
    journal.claim("u1", "m1", "s1", "r1")
    assert not journal.claimed("u1", "m1").committed
    append(journal, recorded(1, ACCEPTED))
    assert journal.claimed("u1", "m1").committed
    assert journal.claimed("u2", "m1") is None


def test_only_claims_without_a_message_are_released(journal):
    journal.claim("u1", "m1", "s1", "r1")
    journal.claim("u1", "m2", "s1", "r2")
    append(journal, recorded(1, ACCEPTED))
    journal.release_claims("s1")
    assert journal.claimed("u1", "m1").run_id == "r1"
    assert journal.claimed("u1", "m2") is None


def test_an_unfinished_run_is_known_by_its_session(journal):
    append(journal, recorded(1, ACCEPTED), recorded(2, AgentStarted("librarian", 1, 0, 0)))
    assert journal.session_of("r1") == "s1"
    append(journal, recorded(3, AgentCompleted("success", "x", 1, 1)))
    assert journal.session_of("r1") is None


def test_a_deleted_session_leaves_nothing(journal):
    journal.claim("u1", "m1", "s1", "r1")
    append(journal, recorded(1, ACCEPTED))
    epoch = journal.find("s1").epoch
    journal.delete("s1")
    assert (journal.find("s1"), journal.claimed("u1", "m1"), journal.session_of("r1")) == (None, None, None)
    assert journal.sessions("u1") == []
    assert journal.create("s1", "u1", "", 1).epoch != epoch
