"""Idle sessions let go of their actors, and come back as if they had never been away."""

import gevent
import pytest

from actors.session.messages import ConnectionGone, Passivate

IDLE = 0.1
ANSWER = {"answer": "x"}


@pytest.fixture
def brief(make_house):
    """A house whose sessions rest soon."""
    return make_house(idle_session=IDLE)


@pytest.fixture
def brief_tab(brief):
    return brief.tab()


def leave(tab):
    """Close the tab's connection, as the server does when the socket is gone."""
    for session_id, session in list(tab.connection.sessions.items()):
        subscription = tab.connection._subscriptions[session_id]
        tab.connection.detached(session_id)
        session.tell(ConnectionGone(subscription))


def gone(house):
    with gevent.Timeout(5):
        while house.actor() is not None:
            gevent.sleep(0.01)


def test_a_session_without_a_connection_or_a_run_is_passivated(brief, brief_tab):
    brief_tab.completed(brief_tab.run(ANSWER))
    leave(brief_tab)
    gone(brief)
    assert brief.actor("emitter") is None


def test_a_connection_keeps_its_session(brief, brief_tab):
    brief_tab.subscribe()
    session = brief.actor()
    gevent.sleep(4 * IDLE)
    assert brief.actor().incarnation == session.incarnation == 1
    assert session.is_alive()


def test_a_run_keeps_its_session_though_nobody_watches(brief, brief_tab):
    run_id = brief_tab.run({"sleep_ms": int(4000 * IDLE)}, ANSWER)
    leave(brief_tab)
    gevent.sleep(2 * IDLE)
    assert brief.actor() is not None
    gone(brief)
    later = brief.tab()
    later.subscribe(0)
    assert later.completed(run_id)["data"]["outcome"] == "success"


def test_the_time_is_counted_from_the_last_work(brief, brief_tab):
    brief_tab.completed(brief_tab.run(ANSWER))
    leave(brief_tab)
    gevent.sleep(0.7 * IDLE)
    again = brief.tab()
    again.subscribe()
    leave(again)
    gevent.sleep(0.7 * IDLE)
    assert brief.actor() is not None
    gone(brief)


def test_a_revived_session_is_the_same_to_its_clients(brief, brief_tab):
    before = brief_tab.subscribe()
    brief_tab.completed(brief_tab.run(ANSWER, msg_id="m1"))
    seen = brief_tab.connection.events
    leave(brief_tab)
    gone(brief)

    again = brief.tab()
    ack = again.subscribe(2, before["epoch"])
    duplicate = again.ack(again.submit(ANSWER, msg_id="m1"))
    again.completed(again.run({"answer": "y"}))

    assert (ack["epoch"], ack["recovered"], ack["head_seq"]) == (before["epoch"], True, len(seen))
    assert (duplicate["duplicate"], duplicate["run_id"]) == (True, seen[0]["run_id"])
    assert again.connection.events[: len(seen) - 2] == seen[2:]
    assert [event["seq"] for event in again.connection.events] == list(range(3, 2 * len(seen) + 1))


def test_a_message_that_comes_while_the_session_goes_is_answered(brief, brief_tab):
    """The root hands it to the next life, wherever in the leaving it comes."""
    brief_tab.completed(brief_tab.run(ANSWER))
    leave(brief_tab)
    for _ in range(20):
        tab = brief.tab()
        gevent.sleep(IDLE)
        tab.completed(tab.run(ANSWER))
        leave(tab)


def test_a_session_that_got_work_before_it_was_to_go_stays(brief, brief_tab):
    brief_tab.completed(brief_tab.run(ANSWER))
    session = brief.actor()
    session.tell(Passivate())
    run_id = brief_tab.run({"answer": "z"})
    assert brief_tab.completed(run_id)["data"]["text"] == "z"
    assert session.is_alive()
