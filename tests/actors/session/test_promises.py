"""The checker is checked: each log here is broken by hand in one way, and must be caught for that."""

import copy

import pytest

from actors.session import promises
from actors.session.promises import PromiseBroken, check_log
from tests.actors.session.logs import (
    GOOD,
    NOW,
    SESSION,
    accepted,
    completed,
    completed_call,
    dequeued,
    event,
    executing,
    numbered,
    restarted,
    started,
)


def without(kind, place=0):
    """Return the good log with one event left out and the rest numbered anew."""
    at = [index for index, entry in enumerate(GOOD) if entry["type"] == kind][place]
    return numbered(GOOD[:at] + GOOD[at + 1 :])


def changed(seq, **fields):
    log = copy.deepcopy(GOOD)
    log[seq - 1].update(fields)
    return log


def data_changed(seq, **fields):
    log = copy.deepcopy(GOOD)
    log[seq - 1]["data"].update(fields)
    return log


def data_without(seq, field):
    log = copy.deepcopy(GOOD)
    del log[seq - 1]["data"][field]
    return log


def interleaved():
    return numbered([accepted(0), accepted(0, "r_2", position=1), started(0), started(0, "r_2")])


BROKEN = {
    "a dropped terminal": (without("agent_completed", place=1), promises.TERMINATION),
    "a dropped terminal with the next run behind it": (without("agent_completed"), promises.ORDER),
    "a doubled terminal": ([*GOOD, completed(16, "r_2")], promises.TERMINATION),
    "a completed and then dequeued message": ([*GOOD, dequeued(16, "r_2")], promises.TERMINATION),
    "a dequeued and then started message": ([*GOOD, started(16, "r_3")], promises.TERMINATION),
    "a running message dequeued": (numbered([accepted(0), started(0), dequeued(0)]), promises.TERMINATION),
    "a run that was never accepted": (without("message_accepted"), promises.TERMINATION),
    "a message accepted twice": ([*GOOD, accepted(16)], promises.TERMINATION),
    "a late tool_completed": ([*GOOD, completed_call(16)], promises.PAIRING),
    "a dropped tool_completed": (without("tool_completed"), promises.PAIRING),
    "a doubled tool_completed": (
        numbered([accepted(0), started(0), executing(0), completed_call(0), completed_call(0)]),
        promises.PAIRING,
    ),
    "a doubled tool_executing": (
        numbered([accepted(0), started(0), executing(0), completed_call(0), executing(0)]),
        promises.PAIRING,
    ),
    "a tool_completed of another tool": (data_changed(8, tool="wait"), promises.PAIRING),
    "a call left open at a restart": (
        numbered([accepted(0), started(0), executing(0), restarted(0)]),
        promises.PAIRING,
    ),
    "a dropped agent_started": (without("agent_started", place=2), promises.ATTEMPTS),
    "an attempt without its agent_restarted": (without("agent_restarted"), promises.ATTEMPTS),
    "an attempt that is skipped": (data_changed(10, attempt=3), promises.ATTEMPTS),
    "a restart for the wrong attempt": (data_changed(9, attempt=3), promises.ATTEMPTS),
    "attempts counted wrong": (data_changed(13, attempts=1), promises.ATTEMPTS),
    "a thought before the start": (
        numbered([accepted(0), event(0, "agent_thinking", step=1, thought="")]),
        promises.ATTEMPTS,
    ),
    "two runs at a time": (interleaved(), promises.ORDER),
    "runs out of order": (
        numbered([accepted(0), accepted(0, "r_2", position=1), started(0, "r_2")]),
        promises.ORDER,
    ),
    "a wrong position": (data_changed(5, position=4), promises.ORDER),
    "a seq gap": (GOOD[:3] + GOOD[4:], promises.DENSITY),
    "a seq twice": ([*GOOD[:3], GOOD[2], *GOOD[3:]], promises.DENSITY),
    "a foreign session": (changed(3, session_id="s_theirs"), promises.OWNERSHIP),
    "a fractional ts": (changed(3, ts=NOW + 0.5), promises.FIELDS),
    "a ts in seconds": (changed(3, ts=NOW // 1000), promises.FIELDS),
    "an unknown field": (changed(3, user_id="u_1"), promises.FIELDS),
    "an unknown field of the data": (data_changed(3, mood="good"), promises.FIELDS),
    "a missing field of the data": (data_without(2, "deadline_ms"), promises.FIELDS),
    "a wrong type": (data_changed(2, attempt="1"), promises.FIELDS),
    "a result missing": (data_without(7, "result"), promises.FIELDS),
    "an error without saying which": (data_changed(15, outcome="error"), promises.FIELDS),
    "an outcome of its own": (data_changed(15, outcome="failure"), promises.FIELDS),
}


def test_a_good_log_passes():
    assert list(check_log(SESSION, GOOD).runs) == ["r_1", "r_2", "r_3"]


def test_an_unfinished_log_passes_only_where_that_is_said():
    assert check_log(SESSION, GOOD[:-1], finished=False).active == "r_2"
    with pytest.raises(PromiseBroken, match="never ended"):
        check_log(SESSION, GOOD[:-1])


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_log_is_caught_for_what_is_broken(fault):
    log, promise = BROKEN[fault]

    with pytest.raises(PromiseBroken) as caught:
        check_log(SESSION, log)

    assert str(caught.value).startswith(f"broken: {promise}")


def test_a_complaint_shows_the_events():
    with pytest.raises(PromiseBroken, match=r"what was seen:\n.*message_accepted"):
        check_log(SESSION, without("agent_completed"))


def test_an_acked_message_that_isnt_in_the_log_is_caught():
    log = check_log(SESSION, GOOD)
    promises.check_acked(log, ["r_1", "r_3"])

    with pytest.raises(PromiseBroken, match="r_9"):
        promises.check_acked(log, ["r_9"])


# What is left of a log that was pruned.


def pruned(log, seq):
    """Return what a prune that drops everything before ``seq`` leaves."""
    return log[seq - 1 :]


@pytest.mark.parametrize("seq", range(1, len(GOOD) + 2))
def test_whatever_part_of_a_good_log_is_left_passes(seq):
    check_log(SESSION, pruned(GOOD, seq), first_seq=seq)


BAD_REMAINS = {
    "a gap at the cut": (pruned(GOOD, 5), 4, promises.DENSITY),
    "a run that the prune cut into": (pruned(GOOD, 4)[:-4], 4, promises.TERMINATION),
    "two runs that ran at the cut": (
        pruned(numbered([*GOOD[:11], completed(0, "r_9"), *GOOD[11:]]), 11),
        11,
        promises.ORDER,
    ),
    "a run that goes on after another one started": (
        pruned(numbered([*GOOD[:14], completed(0, "r_9"), *GOOD[14:]]), 14),
        14,
        promises.ORDER,
    ),
    "a newcomer that starts before who waited": (
        [accepted(7, "r_8", 1), started(8, "r_8"), completed(9, "r_8"), started(10), completed(11)],
        7,
        promises.ORDER,
    ),
    "a call that ends though it began in an attempt before": (
        [restarted(7), started(8, attempt=2), completed_call(9), completed(10, attempts=2)],
        7,
        promises.PAIRING,
    ),
    "a call from before the cut that ends twice": (
        [completed_call(7), completed_call(8), completed(9)],
        7,
        promises.PAIRING,
    ),
    "a call from before the cut that begins again": (
        [completed_call(7), executing(8), completed_call(9), completed(10)],
        7,
        promises.PAIRING,
    ),
    "attempts counted wrong": ([restarted(7), started(8, attempt=2), completed(9)], 7, promises.ATTEMPTS),
    "a run from before the cut accepted again": ([completed(7), accepted(8)], 7, promises.TERMINATION),
    "a position that forgets who waited": (
        [accepted(7, "r_8", 2), dequeued(8), dequeued(9, "r_8")],
        7,
        promises.ORDER,
    ),
}


@pytest.mark.parametrize("fault", BAD_REMAINS)
def test_what_is_left_is_caught_for_what_is_broken(fault):
    log, first_seq, promise = BAD_REMAINS[fault]

    with pytest.raises(PromiseBroken) as caught:
        check_log(SESSION, log, first_seq=first_seq, finished=False)

    assert caught.value.promise == promise


def test_only_a_log_that_was_pruned_may_begin_in_the_middle_of_a_run():
    with pytest.raises(PromiseBroken, match="never accepted"):
        check_log(SESSION, numbered(pruned(GOOD, 4)))


def test_a_run_that_began_after_the_cut_may_be_unfinished():
    log = check_log(SESSION, pruned(GOOD, 5)[:-1], first_seq=5, finished=False)

    assert log.active == "r_2"
