"""The checker of views is checked: each view here is broken by hand in one way, and must be caught for that."""

import json

import pytest

from actors.session import promises
from actors.session.promises import PromiseBroken
from actors.testing import views
from actors.testing.views import Entry, check_connection
from tests.actors.session.logs import GOOD, SESSION


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
