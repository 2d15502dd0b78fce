import json

import pytest

from actors.session.journal import SessionRecord
from actors.session.promises import ATTEMPTS, TERMINATION
from server.journal.audit import DAY_MS, Holding, audit
from tests.actors.session.logs import GOOD, NOW, SESSION, accepted, completed, dequeued, numbered, started

OLD = NOW + 2 * DAY_MS
YOUNG = NOW + 1000
NAMED = {**accepted(1), "data": {**accepted(1)["data"], "client_msg_id": "m_1"}}
NAMED_LOG = [NAMED, started(2), completed(3)]


def holding(log=GOOD, first_seq=1, head_seq=None, unfinished=None, message_ids=None, *, has_owner=True, **record):
    head_seq = first_seq + len(log) - 1 if head_seq is None else head_seq
    fields = {"title": "", "epoch": "e", "created_at": NOW, "updated_at": NOW + 100, **record}
    frames = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in log]
    whole = SessionRecord(SESSION, "u_1", head_seq=head_seq, first_seq=first_seq, **fields)
    return Holding(whole, has_owner, frames, unfinished or {}, message_ids or {})


def problems(of, now_ms=OLD):
    return [(problem.seq, problem.text) for problem in audit(of, now_ms).problems]


def test_a_good_log_has_no_problem_and_is_counted():
    assert audit(holding(), OLD) == (15, 0, [])


def test_an_empty_log_is_a_good_one():
    assert audit(holding([]), OLD) == (0, 0, [])


def test_a_log_of_which_nothing_is_kept_is_a_good_one():
    assert audit(holding([], first_seq=16), OLD) == (0, 0, [])


def test_what_a_prune_left_is_a_good_log():
    assert audit(holding(GOOD[6:], first_seq=7), OLD) == (9, 0, [])


def test_runs_that_are_not_over_are_counted_and_no_problem():
    assert audit(holding(GOOD[:-1], unfinished={"r_2": 5}), OLD) == (14, 1, [])


def test_a_broken_promise_is_told_with_its_place():
    [(seq, text)] = problems(holding(numbered([*GOOD[:1], *GOOD[2:]])))

    assert seq == 2
    assert text == f"agent_thinking of r_1, which is queued (promise {ATTEMPTS})"


def test_a_line_says_which_session_and_where():
    [problem] = audit(holding([*GOOD, completed(16)]), OLD).problems

    assert str(problem) == f"{SESSION} seq 16: agent_completed of r_1, which is over (promise {TERMINATION})"


def test_a_frame_that_is_no_event_is_told_with_its_place():
    [(seq, text)] = problems(holding([*GOOD[:2], b'{"type": "agent_thi']))

    assert (seq, text) == (3, """this isn't an event: b'{"type": "agent_thi'""")


BROKEN = {
    "an owner without an account": (holding(has_owner=False), None, "its owner u_1 has no account"),
    "no epoch": (holding(epoch=""), None, "it has no epoch"),
    "a change before the making": (holding(updated_at=NOW - 1), None, "before it was made"),
    "a head beyond the log": (holding(head_seq=16), None, "it has them to 15"),
    "a head within the log": (holding(head_seq=14), None, "it has them to 15"),
    "a beginning that isn't the log's": (holding(first_seq=2, head_seq=16), 1, "seq 1 is at place 2"),
    "an unfinished run that isn't in the index": (holding(GOOD[:-1]), 5, "the index of such runs lacks it"),
    "a finished run in the index": (holding(unfinished={"r_1": 1}), 1, "is in the index of unfinished runs, and isn't"),
    "a run with another beginning": (holding(GOOD[:-1], unfinished={"r_2": 4}), 5, "the beginning of r_2 at 4"),
    "a message id of a run that isn't there": (holding(message_ids={"m": "r_9"}), None, "r_9, which isn't there"),
    "a message id of another run": (holding(message_ids={"m": "r_2"}), 5, "r_2 wasn't begun by message id 'm'"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_what_is_kept_twice_must_be_the_same(fault):
    of, seq, said = BROKEN[fault]

    [(where, text)] = problems(of)

    assert where == seq
    assert said in text


def test_a_message_id_may_outlive_its_run():
    assert problems(holding(GOOD[6:], first_seq=7, message_ids={"m_1": "r_0"})) == []


@pytest.mark.parametrize("message_ids", [{}, {"m_1": "r_9"}])
def test_a_message_id_is_known_for_a_day(message_ids):
    found = problems(holding(NAMED_LOG, message_ids=message_ids), YOUNG)

    assert (1, "that 'm_1' was spent on r_1 within the last 24 h is forgotten") in found


def test_a_message_id_may_be_forgotten_after_a_day():
    assert problems(holding(NAMED_LOG)) == []
    assert problems(holding(NAMED_LOG, message_ids={"m_1": "r_1"}), YOUNG) == []


def test_a_pruned_log_may_not_have_lost_the_beginning_of_an_open_run():
    [(_, text)] = problems(holding([started(7), dequeued(8, "r_2")], first_seq=7, unfinished={"r_1": 3}))

    assert "pruned into runs that never ended: ['r_1']" in text
