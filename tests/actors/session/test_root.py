"""What the root sees to: sessions on demand, crash loops that stay at home, deletions, farewells."""

import gc

import gevent
import greenlet
import pytest

from actors.runtime.backoff import Backoff
from actors.runtime.faultplan import FaultPlan
from actors.runtime.faults import Faults
from actors.runtime.policies import Policy
from actors.runtime.restarts import Intensity
from actors.session.environment import Policies
from actors.session.messages import Delete, Describe, Drain, GiveUp, Replace, Subscribe
from actors.session.root import address_of

PATIENT = Policy(Intensity(50, 30), Backoff(minimum=0.01, maximum=0.1))


def kill_session(house, user="u_1", session="s_1"):
    ref = house.actor("", user, session)
    incarnation = ref.incarnation
    ref.kill()
    return ref, incarnation


def wait_until(condition, within=5.0):
    with gevent.Timeout(within):
        while not condition():
            gevent.sleep(0)


def test_the_default_session_is_made_on_first_use_and_only_for_its_owner(house):
    tab = house.tab("u_abc", "s_other")
    tab.session = "s_abc"
    tab.completed(tab.run({"answer": "x"}))
    assert house.journal.find("s_abc").user_id == "u_abc"
    stranger = house.tab("u_2", "s_2")
    stranger.session = "s_abc"
    assert stranger.refusal(stranger.submit({"answer": "x"})).code == "not_found"


def test_the_default_session_counts_as_one_of_those_a_user_may_have(make_house):
    house = make_house(sessions_per_user=1)
    tab = house.tab("u_abc", "s_other")
    tab.session = "s_abc"
    assert tab.refusal(tab.submit({"answer": "x"})).code == "conflict"


def test_a_killed_session_lives_again_with_its_log_and_its_watchers(house, tab):
    run_id = tab.run({"think": "a"}, {"sleep_ms": 100}, {"answer": "x"})
    tab.wait_for_event(run_id, "agent_thinking")
    ref, incarnation = kill_session(house)
    wait_until(lambda: ref.incarnation > incarnation)
    assert tab.completed(run_id)["data"]["outcome"] == "success"
    seqs = [event["seq"] for event in tab.connection.events]
    assert seqs == list(range(1, len(seqs) + 1))


def test_messages_sent_between_two_lives_of_a_session_are_answered(house, tab):
    tab.completed(tab.run({"answer": "x"}))
    kill_session(house)
    assert tab.completed(tab.run({"answer": "y"}))["data"]["text"] == "y"


def test_a_session_that_cannot_be_mended_ends_what_it_promised_and_says_so(make_house):
    house = make_house(policies=Policies(session=Policy(Intensity(0, 30))))
    tab, other = house.tab(), house.tab("u_2", "s_2")
    running, waiting = tab.run({"tool": "wait", "arguments": {"seconds": 60}}), tab.run({"answer": "later"})
    tab.wait_for_event(running, "tool_executing")
    kill_session(house)
    tab.connection.wait_for(lambda seen: seen.lost_sessions)
    assert tab.connection.lost_sessions["s_1"].code == "internal"
    for run_id in (running, waiting):
        assert tab.completed(run_id)["data"]["error"]["code"] == "session_failed"
    assert [event["type"] for event in tab.of_run(running)][-2:] == ["tool_completed", "agent_completed"]
    assert [event["type"] for event in tab.of_run(waiting)][1:] == ["agent_started", "agent_completed"]
    other.completed(other.run({"answer": "unharmed"}))
    wait_until(lambda: house.actor() is None)
    assert tab.completed(tab.run({"answer": "again"}))["data"]["text"] == "again"


def test_a_session_is_replaced_by_order_and_its_run_goes_on_uncharged(house, tab):
    run_id = tab.run({"think": "a"}, {"sleep_ms": 100}, {"answer": "x"})
    tab.wait_for_event(run_id, "agent_thinking")
    ref = house.actor()
    assert house.root.ask(Replace("u_1", "s_1"))
    wait_until(lambda: ref.incarnation == 2)
    end = tab.completed(run_id)["data"]
    assert (end["outcome"], end["attempts"]) == ("success", 2)
    [session] = house.runtime.subtree("root").children
    assert (session.address, session.budget) == (ref.address, (3, 3))
    assert not house.root.ask(Replace("u_2", "s_1"))


def test_a_session_that_is_given_up_by_order_ends_what_it_promised_and_begins_anew_when_asked(house, tab):
    running, waiting = tab.run({"tool": "wait", "arguments": {"seconds": 60}}), tab.run({"answer": "later"})
    tab.wait_for_event(running, "tool_executing")
    assert house.root.ask(GiveUp("u_1", "s_1"))
    tab.connection.wait_for(lambda seen: seen.lost_sessions)
    assert tab.connection.lost_sessions["s_1"].code == "internal"
    for run_id in (running, waiting):
        error = tab.completed(run_id)["data"]["error"]
        assert (error["code"], error["message"]) == ("session_failed", "The session was stopped by an operator.")
    assert not house.root.ask(Replace("u_1", "s_1"))
    assert not house.root.ask(GiveUp("u_1", "s_1"))
    wait_until(lambda: house.actor() is None)
    assert not house.root.ask(GiveUp("u_1", "s_1"))
    assert tab.completed(tab.run({"answer": "again"}))["data"]["text"] == "again"


def test_a_session_between_two_lives_is_given_up_at_once(make_house):
    house = make_house(policies=Policies(session=Policy(Intensity(2, 600), Backoff(minimum=60, maximum=60))))
    tab = house.tab()
    run_id = tab.run({"tool": "wait", "arguments": {"seconds": 60}})
    tab.wait_for_event(run_id, "tool_executing")
    ref, _ = kill_session(house)
    wait_until(lambda: ref.incarnation == 2)
    kill_session(house)
    assert not house.root.ask(Replace("u_1", "s_1"))
    assert house.root.ask(GiveUp("u_1", "s_1"))
    assert tab.completed(run_id)["data"]["error"]["code"] == "session_failed"


def test_one_users_crash_loop_costs_nobody_else_a_restart(house):
    loud, quiet = house.tab("u_1", "s_1"), house.tab("u_2", "s_2")
    quiet.completed(quiet.run({"answer": "x"}))
    for _ in range(6):
        loud.completed(loud.run({"crash": "boom"}))
    assert house.actor("", "u_2", "s_2").incarnation == 1
    assert house.actor("agent", "u_2", "s_2").incarnation == 1


def test_a_deleted_session_tells_its_watchers_and_is_gone(house):
    tab = house.tab("u_1", "s_other")
    tab.run({"hang": True})
    assert house.root.ask(Delete("u_1", "s_other"))
    assert tab.connection.lost_sessions["s_other"].code == "not_found"
    assert house.journal.find("s_other") is None
    assert house.actor("", "u_1", "s_other") is None
    assert tab.refusal(tab.submit({"answer": "x"})).code == "not_found"
    assert not house.root.ask(Delete("u_1", "s_other"))


def test_nobody_deletes_anothers_session(house, tab):
    assert not house.root.ask(Delete("u_2", "s_1"))
    assert house.journal.find("s_1") is not None


def test_a_hundred_idle_sessions_hold_no_greenlets(house):
    def greenlets():
        gc.collect()
        return sum(isinstance(thing, greenlet.greenlet) and not thing.dead for thing in gc.get_objects())

    first = house.tab("u_first", "s_first")
    first.completed(first.run({"answer": "x"}))
    before = greenlets()
    tabs = [house.tab(f"u_{number}", f"s_{number}") for number in range(2, 102)]
    for tab in tabs:
        tab.completed(tab.run({"think": "a"}, {"tool": "echo", "arguments": {"value": 1}}, {"answer": "x"}))
    assert len([ref for ref in house.runtime.refs() if ref.address.startswith("session/")]) >= 4 * 101
    # A few workers are kept for the next message, however many actors there are.
    assert greenlets() - before <= 4


def test_subscribing_starts_a_session(house, tab):
    assert house.actor() is None
    tab.send(Subscribe(tab.subscription, "f", None), "f")
    tab.ack("f")
    assert house.actor().address == address_of("u_1", "s_1")


def test_a_session_that_dies_answers_everybody_who_waits_for_it(house, tab):
    running = tab.run({"hang": True})
    asked = [tab.submit({"answer": "x"}, msg_id=f"m{number}") for number in range(20)]
    cancelled = tab.cancel(running)
    kill_session(house)
    asked += [tab.submit({"answer": "y"}) for _ in range(20)]
    for frame_id in [*asked, cancelled]:
        tab.connection.wait_for(lambda seen, f=frame_id: f in seen.acks or f in seen.refusals)
        assert (frame_id in tab.connection.acks) != (frame_id in tab.connection.refusals)
    assert all(refusal.temporary for refusal in tab.connection.refusals.values())


def test_a_session_that_dies_again_and_again_keeps_its_watchers(make_house):
    house = make_house(policies=Policies(session=PATIENT))
    tab = house.tab()
    tab.completed(tab.run({"answer": "x"}))
    for _ in range(5):
        kill_session(house)
        gevent.sleep(0)
    other = house.tab()
    other.completed(other.run({"answer": "y"}))
    tab.connection.wait_for(lambda seen: len(seen.events) == 6)


def test_a_session_whose_handler_raises_answers_the_frame_that_made_it_raise(make_house):
    class Broken(dict):
        def __contains__(self, key):
            raise RuntimeError("broken on purpose")

    house = make_house()
    tab = house.tab()
    tab.completed(tab.run({"answer": "x"}))
    agents = house.environment.agents
    object.__setattr__(house.environment, "agents", Broken(agents))
    assert tab.refusal(tab.submit({"answer": "y"})).temporary
    object.__setattr__(house.environment, "agents", agents)
    assert tab.completed(tab.run({"answer": "z"}))["data"]["text"] == "z"


def test_a_drain_lets_what_runs_end_and_begins_nothing(house, tab):
    running, waiting = tab.run({"sleep_ms": 100}, {"answer": "x"}), tab.run({"answer": "later"})
    house.root.tell(Drain())
    tab.completed(running)
    tab.subscribe()
    assert [event["type"] for event in tab.of_run(waiting)] == ["message_accepted"]
    assert house.actor().ask(Describe()) == "idle"


@pytest.mark.parametrize("action", ["raise", "kill", "exit"])
@pytest.mark.parametrize("message", ["Submit", "Cancel", "Subscribe"])
def test_a_frame_that_its_session_dies_of_is_answered(house, tab, message, action):
    tab.completed(tab.run({"answer": "x"}))
    rule = {"address": "session/*/s_1", "message": message, "nth": 1, "action": action}
    house.runtime.faults = Faults(FaultPlan.from_dict({"rules": [rule]}))
    frame_id = {"Submit": lambda: tab.submit({"answer": "y"}), "Cancel": tab.cancel, "Subscribe": tab.ask}[message]()
    assert tab.refusal(frame_id).temporary
    assert tab.completed(tab.run({"answer": "z"}))["data"]["text"] == "z"
