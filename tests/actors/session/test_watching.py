"""Who sees what: subscriptions, resume, full sockets, and what outlives a crash of the session's own actors."""

import pytest

from actors.session.messages import ConnectionReady
from tests.actors.session.deaths import kill

HANG = {"hang": True}


def seqs(tab):
    return [event["seq"] for event in tab.connection.events]


def test_two_tabs_see_the_same_bytes(house):
    one, two = house.tab(), house.tab()
    one.subscribe()
    two.subscribe()
    run_id = one.run({"think": "a"}, {"tool": "echo", "arguments": {"value": 1}}, {"answer": "x"})
    one.completed(run_id)
    two.completed(run_id)
    assert one.connection.raw == two.connection.raw


def test_nobody_sees_another_sessions_events(house):
    mine, theirs = house.tab("u_1", "s_1"), house.tab("u_2", "s_2")
    mine.completed(mine.run({"answer": "mine"}))
    theirs.completed(theirs.run({"answer": "theirs"}))
    assert {event["session_id"] for event in mine.connection.events} == {"s_1"}
    assert {event["session_id"] for event in theirs.connection.events} == {"s_2"}


def test_another_users_session_is_refused_as_one_that_is_not_there(house):
    house.tab("u_2", "s_2")
    thief, dreamer = house.tab("u_1", "s_1"), house.tab("u_1", "s_1")
    thief.session, dreamer.session = "s_2", "s_nowhere"
    refusals = [spy.refusal(spy.submit({"answer": "x"})) for spy in (thief, dreamer)]
    assert refusals[0] == refusals[1]
    assert refusals[0].code == "not_found"


@pytest.mark.parametrize("seq", range(7))
def test_a_resume_gives_exactly_the_rest(house, tab, seq):
    tab.completed(tab.run(text="what is 1 + 1?", agent=None))
    epoch = tab.subscribe()["epoch"]
    later = house.tab()
    assert later.subscribe(seq, epoch)["recovered"]
    later.connection.wait_for(lambda seen: len(seen.events) == 6 - seq)
    assert later.connection.raw == tab.connection.raw_events[seq:]


@pytest.mark.parametrize(("seq", "epoch"), [(99, None), (-1, None), (2, "another"), (1, None)])
def test_a_resume_that_cannot_be_whole_says_so_and_starts_over(house, tab, seq, epoch):
    tab.completed(tab.run({"answer": "x"}))
    later = house.tab()
    if seq in (99, -1):
        epoch = tab.subscribe()["epoch"]
    assert not later.subscribe(seq, epoch)["recovered"]
    later.connection.wait_for(lambda seen: seen.events)
    assert seqs(later)[0] == 1


def test_a_subscription_without_a_place_begins_now(house, tab):
    tab.completed(tab.run({"answer": "x"}))
    later = house.tab()
    assert later.subscribe()["head_seq"] == 3
    run_id = tab.run({"answer": "y"})
    later.completed(run_id)
    assert seqs(later) == [4, 5, 6]


def test_one_who_comes_in_the_middle_of_an_answer_gets_all_that_was_said(house, tab):
    run_id = tab.run({"say": "half of it", "chunks": 3}, HANG)
    tab.connection.wait_for_type("message_delta", 3)
    ack = house.tab().subscribe(0)
    assert ack["partial"] == {"run_id": run_id, "text": "half of it"}
    assert ack["active_run"]["run_id"] == run_id


def test_a_full_socket_is_left_behind_and_reads_on_when_it_has_room(house, tab):
    slow = house.tab()
    slow.subscribe()
    slow.connection.writable = False
    tab.completed(tab.run({"answer": "x"}))
    tab.completed(tab.run({"answer": "y"}))
    assert slow.connection.events == []
    slow.connection.writable = True
    house.actor().tell(ConnectionReady(slow.subscription))
    slow.connection.wait_for(lambda seen: len(seen.events) == 6)
    assert seqs(slow) == [1, 2, 3, 4, 5, 6]
    tab.completed(tab.run({"answer": "z"}))
    slow.connection.wait_for(lambda seen: len(seen.events) == 9)
    assert slow.connection.raw_events == tab.connection.raw_events


@pytest.mark.parametrize("name", ["emitter", "tools", "agent"])
def test_a_killed_child_is_mended_and_the_run_under_way_ends(house, tab, name):
    run_id = tab.run({"think": "a"}, {"sleep_ms": 200}, {"answer": "x"})
    tab.wait_for_event(run_id, "agent_thinking")
    kill(house.actor(name))
    assert tab.completed(run_id)["data"]["outcome"] == "success"
    if name != "emitter":  # An agent that ends its work while the emitter is mended has ended it.
        assert tab.wait_for_event(run_id, "agent_restarted")["data"]["attempt"] == 2
    assert seqs(tab) == list(range(1, len(seqs(tab)) + 1))
    assert tab.completed(tab.run({"answer": "next"}))["data"]["text"] == "next"


def test_an_idle_session_whose_children_are_killed_works_on(house, tab):
    tab.completed(tab.run({"answer": "x"}))
    for name in ("agent", "tools", "emitter"):
        kill(house.actor(name))
    assert tab.completed(tab.run({"answer": "y"}))["data"]["text"] == "y"


def test_a_message_that_comes_while_the_emitter_is_mended_is_not_lost(house, tab):
    tab.completed(tab.run({"answer": "x"}))
    house.actor("emitter").kill()
    runs = [tab.submit({"answer": str(number)}, msg_id=f"m{number}") for number in range(5)]
    for frame_id in runs:
        tab.connection.wait_for(lambda seen, f=frame_id: f in seen.acks or f in seen.refusals)
    for frame_id in runs:
        if frame_id in tab.connection.acks:
            tab.completed(tab.connection.acks[frame_id]["run_id"])
        else:
            assert tab.connection.refusals[frame_id].temporary
