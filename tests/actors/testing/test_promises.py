"""The checker is checked: each log here is broken by hand in one way, and must be caught for that."""

import copy
import json

import pytest

from actors.testing import promises, views
from actors.testing.promises import PromiseBroken, check_log
from actors.testing.views import Entry, check_connection

SESSION = "s_mine"
NOW = 1_760_000_000_000


def event(seq, kind, run_id="r_1", **data):
    return {"type": kind, "session_id": SESSION, "run_id": run_id, "seq": seq, "ts": NOW + seq, "data": data}


def accepted(seq, run_id="r_1", position=0):
    return event(seq, "message_accepted", run_id, text="hi", client_msg_id=None, agent="a", position=position)


def started(seq, run_id="r_1", attempt=1):
    return event(seq, "agent_started", run_id, agent="a", attempt=attempt, queued_ms=0, deadline_ms=1000)


def executing(seq, call="tc_1", run_id="r_1"):
    return event(seq, "tool_executing", run_id, tool_call_id=call, tool="echo", arguments={}, step=1)


def completed_call(seq, call="tc_1", run_id="r_1"):
    data = {"tool_call_id": call, "tool": "echo", "ok": True, "duration_ms": 1, "truncated": False, "result": 1}
    return event(seq, "tool_completed", run_id, **data)


def restarted(seq, run_id="r_1", attempt=2):
    return event(seq, "agent_restarted", run_id, attempt=attempt, reason="it crashed", retry_in_ms=0)


def completed(seq, run_id="r_1", attempts=1):
    return event(seq, "agent_completed", run_id, outcome="success", text="ok", duration_ms=5, attempts=attempts)


def dequeued(seq, run_id="r_1"):
    return event(seq, "message_dequeued", run_id, reason="cancelled")


def numbered(events):
    return [{**entry, "seq": seq} for seq, entry in enumerate(events, start=1)]


GOOD = numbered(
    [
        *(accepted(0), started(0), event(0, "agent_thinking", step=1, thought="well")),
        *(executing(0), accepted(0, "r_2", position=1), executing(0, "tc_2"), completed_call(0, "tc_2")),
        *(completed_call(0), restarted(0), started(0, attempt=2), accepted(0, "r_3", position=2), dequeued(0, "r_3")),
        *(completed(0, attempts=2), started(0, "r_2"), completed(0, "r_2")),
    ]
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


# What a connection saw.


def sent(frame_type, **fields):
    return Entry.of(json.dumps({"type": frame_type, **fields}), sent=True)


def got(frame):
    return Entry.of(json.dumps(frame), sent=False)


WELCOME = got(
    {
        "type": "welcome",
        "protocol": "greenroom.v1",
        "connection_id": "c_1",
        "user_id": "u_1",
        "default_session_id": "s_default",
        "ping_interval_ms": 25_000,
        "max_message_bytes": 65_536,
        "token_expires_in": 900,
        "server": "greenroom/1",
    }
)


def subscribed(*, recovered=True, head_seq=15, partial=None):
    standing = {"session_id": SESSION, "epoch": "e", "head_seq": head_seq, "recovered": recovered}
    return got({"type": "ack", "re": "1", **standing, "active_run": None, "partial": partial, "queue": []})


def delta(offset, text="ab", run_id="r_9"):
    return got({"type": "message_delta", "session_id": SESSION, "run_id": run_id, "offset": offset, "text": text})


FROM_THE_START = sent("subscribe", id="1", session_id=SESSION, after={"seq": 0})
FROM_NOW_ON = sent("subscribe", id="1", session_id=SESSION)
ALL = [got(entry) for entry in GOOD]
OPENING = [WELCOME, FROM_THE_START, subscribed()]

BAD_VIEWS = {
    "an event left out": ([*OPENING, *ALL[:4], *ALL[5:]], promises.DELIVERY),
    "an event twice": ([*OPENING, *ALL[:4], ALL[3]], promises.DELIVERY),
    "two events swapped": ([*OPENING, ALL[1], ALL[0]], promises.DELIVERY),
    "a resume that begins late": ([*OPENING, *ALL[1:]], promises.DELIVERY),
    "events that nobody asked for": ([WELCOME, ALL[0]], promises.DELIVERY),
    "old events after a subscription from now on": (
        [WELCOME, FROM_NOW_ON, subscribed(recovered=False), ALL[0]],
        promises.DELIVERY,
    ),
    "a recovery that nobody asked for": ([WELCOME, FROM_NOW_ON, subscribed()], promises.DELIVERY),
    "events after unsubscribing": (
        [*OPENING, sent("unsubscribe", id="2", session_id=SESSION), got({"type": "ack", "re": "2"}), ALL[0]],
        promises.DELIVERY,
    ),
    "a foreign session": ([*OPENING, got({**GOOD[0], "session_id": "s_theirs"})], promises.OWNERSHIP),
    "a foreign delta": (
        [*OPENING, got({**delta(0).frame, "session_id": "s_theirs"})],
        promises.OWNERSHIP,
    ),
    "no answer": ([*OPENING, sent("cancel", id="2")], promises.ANSWERS),
    "two answers": ([*OPENING, subscribed()], promises.ANSWERS),
    "an answer to nothing": ([*OPENING, got({"type": "pong", "t": 1, "re": "7"})], promises.ANSWERS),
    "an ack with another frame's fields": (
        [*OPENING, sent("cancel", id="2"), got({"type": "ack", "re": "2", "epoch": "e"})],
        promises.FIELDS,
    ),
    "an unknown frame": ([*OPENING, got({"type": "hello"})], promises.FIELDS),
    "an error with a code of its own": (
        [*OPENING, got({"type": "error", "code": "oops", "message": "m", "temporary": False})],
        promises.FIELDS,
    ),
    "deltas out of order": ([*OPENING, delta(2), delta(0)], promises.DELTAS),
    "offsets in bytes where the text has others": ([*OPENING, delta(0, "\U0001f600é"), delta(1)], promises.DELTAS),
    "a delta within what partial has": (
        [WELCOME, FROM_THE_START, subscribed(partial={"run_id": "r_9", "text": "abc"}), delta(2)],
        promises.DELTAS,
    ),
    "a delta after the end": ([*OPENING, *ALL, delta(0, run_id="r_1")], promises.DELTAS),
}


def test_a_good_view_passes():
    check_connection([*OPENING, *ALL, delta(0), delta(2)], owned=[SESSION])


def test_a_message_subscribes_and_shows_its_acceptance_first():
    check_connection([WELCOME, sent("message", session_id=SESSION, text="hi"), *ALL], owned=[SESSION])


@pytest.mark.parametrize("fault", BAD_VIEWS)
def test_a_broken_view_is_caught_for_what_is_broken(fault):
    entries, promise = BAD_VIEWS[fault]

    with pytest.raises(PromiseBroken) as caught:
        check_connection(entries, owned=[SESSION])

    assert str(caught.value).startswith(f"broken: {promise}")


def test_two_connections_that_saw_different_bytes_are_caught():
    one = views.event_bytes(ALL, SESSION)
    views.check_same([one, dict(list(one.items())[3:])])

    with pytest.raises(PromiseBroken, match="seq 4"):
        views.check_same([one, {**one, 4: one[4].replace("tool_executing", "tool_executed")}])


def test_a_foreign_byte_is_caught_in_any_frame():
    views.check_foreign(ALL, ["signature-of-another"])

    with pytest.raises(PromiseBroken, match="signature-of-another"):
        views.check_foreign([*ALL, delta(0, "signature-of-another")], ["signature-of-another"])
