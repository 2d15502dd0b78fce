"""What a new process makes of the work that the last one left: told from the wire, after real deaths."""

import asyncio
import time

import pytest

from actors.session.promises import check_log
from tests.system.client import on_stage, script
from tests.system.continuity import resuming, watching
from tests.system.runs import kinds

pytestmark = pytest.mark.system

WAIT = {"tool": "wait", "arguments": {"seconds": 0.5}}
CHARGE = {"tool": "charge", "arguments": {"amount": 5}}
TOML = """
    agents = ["tests.system.agents:Clerk"]
    [faults]
    enabled = true
    [timeouts]
    drain = 0.1
    idle_session = 0.3
"""


@pytest.fixture(scope="module")
def server(launch):
    """A server that every test kills once."""
    return launch("--demo", toml=TOML)


async def restart(server):
    await asyncio.to_thread(server.restart)


def eventually(read, wanted, patience=15.0):
    """Read until what is read is wanted, and return it."""
    deadline = time.monotonic() + patience
    while not wanted(found := read()):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


# Runs that were under way.


async def test_a_run_that_was_under_way_is_tried_again_after_its_open_calls_are_closed(server, session):
    async with watching(server, session) as before:
        run_id = (await before.client.message({"think": "first"}, WAIT, {"answer": "done"}, session_id=session))[
            "run_id"
        ]
        await before.client.event("tool_executing", run_id)
        await restart(server)
    async with resuming(server, before) as (after, ack):
        end = await after.ended(run_id)
    came = after.events(run_id)

    assert before.seen
    assert ack["active_run"]["run_id"] == run_id
    assert kinds(came) == [
        *("tool_completed", "agent_restarted", "agent_started"),
        *("agent_thinking", "tool_executing", "tool_completed", "agent_completed"),
    ]
    assert (came[0]["data"]["ok"], came[0]["data"]["error"]["code"]) == (False, "cancelled")
    assert came[1]["data"]["attempt"] == came[2]["data"]["attempt"] == 2
    assert (end["data"]["text"], end["data"]["attempts"]) == ("done", 2)


async def test_what_was_said_before_the_death_is_said_anew(server, session):
    said = {"say": "word by word", "chunks": 4, "every_ms": 50}
    async with watching(server, session) as before:
        run_id = (await before.client.message(said, session_id=session))["run_id"]
        await before.client.event("message_delta", run_id)
        await restart(server)
    async with resuming(server, before) as (after, ack):
        end = await after.ended(run_id)
    deltas = [frame["text"] for frame in after.frames if frame["type"] == "message_delta"]
    partial = "" if ack["partial"] is None else ack["partial"]["text"]

    assert partial + "".join(deltas) == end["data"]["text"] == said["say"]


async def test_a_charge_that_was_done_isnt_done_again(server, session):
    async with watching(server, session) as before:
        run_id = (await before.client.message(CHARGE, {"hang": True}, session_id=session))["run_id"]
        await before.client.event("tool_completed", run_id)
        await restart(server)
    async with resuming(server, before) as (after, _):
        end = await after.ended(run_id)
        events = [*before.client.events(run_id), *after.events(run_id)]

    assert (end["data"]["outcome"], end["data"]["error"]["code"]) == ("error", "server_restarted")
    assert end["data"]["attempts"] == 1
    assert kinds(events).count("tool_executing") == 1


async def test_a_charge_that_was_under_way_is_closed_and_not_done_again(server, session):
    hang = {"address": f"session/*/{session}/tools/*", "message": "Execute", "nth": 1, "action": "hang"}
    server.call("PUT", "/v1/faults", {"rules": [hang]}, server.known("operator").token)
    async with watching(server, session) as before:
        run_id = (await before.client.message(CHARGE, session_id=session))["run_id"]
        await before.client.event("tool_executing", run_id)
        await restart(server)
    async with resuming(server, before) as (after, _):
        end = await after.ended(run_id)

    assert kinds(after.events(run_id)) == ["tool_completed", "agent_completed"]
    assert after.events(run_id)[0]["data"]["ok"] is False
    assert end["data"]["error"]["code"] == "server_restarted"


# Runs that waited.


async def test_messages_that_waited_go_on_in_their_order(server, session):
    async with watching(server, session) as before:
        first = await before.client.message(WAIT, {"answer": "0"}, session_id=session)
        waiting = [await before.client.message({"answer": f"{number}"}, session_id=session) for number in (1, 2, 3)]
        run_ids = [ack["run_id"] for ack in (first, *waiting)]
        await before.client.event("tool_executing", first["run_id"])
        await restart(server)
    async with resuming(server, before) as (after, _):
        ends = [await after.ended(run_id) for run_id in run_ids]
    started = [event for event in after.events() if event["type"] == "agent_started"]

    assert [event["run_id"] for event in started] == run_ids
    assert [event["data"]["attempt"] for event in started] == [2, 1, 1, 1]
    assert [end["data"]["text"] for end in ends] == ["0", "1", "2", "3"]


async def test_work_goes_on_though_nobody_comes_back(server, session):
    login = server.known("demo")
    async with on_stage(server) as client:
        running = await client.message(WAIT, {"answer": "alone"}, session_id=session)
        queued = await client.message({"answer": "as well"}, session_id=session)
        await client.event("tool_executing", running["run_id"])
        await restart(server)
    log = await asyncio.to_thread(
        eventually, lambda: server.events(login, session), lambda events: kinds(events).count("agent_completed") == 2
    )

    assert [event["data"]["text"] for event in log if event["type"] == "agent_completed"] == ["alone", "as well"]
    assert [event["run_id"] for event in log if event["type"] == "message_accepted"] == [
        ack["run_id"] for ack in (running, queued)
    ]
    check_log(session, log)


async def test_what_may_be_dequeued_or_cancelled_may_be_so_after_a_restart_too(server, session):
    async with watching(server, session) as before:
        running = await before.client.message({"hang": True}, session_id=session)
        queued = await before.client.message({"answer": "never"}, session_id=session)
        await before.client.event("agent_started", running["run_id"])
        await restart(server)
    async with resuming(server, before) as (after, ack):
        await after.request("dequeue", session_id=session, run_id=queued["run_id"])
        cancelled = await after.request("cancel", session_id=session)

    assert [waiting["run_id"] for waiting in ack["queue"]] == [queued["run_id"]]
    assert cancelled["run_id"] == running["run_id"]
    assert kinds(after.events(queued["run_id"])) == ["message_dequeued"]
    assert after.events(running["run_id"])[-1]["data"]["outcome"] == "cancelled"


# What belongs to users.


async def test_a_message_id_is_spent_for_all_lives_and_in_all_sessions_of_its_user(server, session):
    other = server.new_session(server.known("demo"))
    message = {"text": script({"answer": "once"}), "agent": "rehearsal", "client_msg_id": f"{session} 1"}
    async with on_stage(server) as client:
        first = await client.request("message", session_id=session, **message)
        await client.ended(first["run_id"])
        await restart(server)
    async with on_stage(server) as client, on_stage(server, "demo2") as stranger:
        again = await client.request("message", session_id=session, **message)
        elsewhere = await client.request("message", session_id=other, **message)
        theirs = await stranger.request("message", **message)
        await stranger.ended(theirs["run_id"])
    events = server.events(server.known("demo"), other)

    for ack in (again, elsewhere):
        assert (ack["duplicate"], ack["run_id"], ack["session_id"]) == (True, first["run_id"], session)
    assert theirs["duplicate"] is False
    assert events == []


@pytest.mark.parametrize(("user", "outcome"), [("operator", "success"), ("demo", "error")])
async def test_a_run_that_is_tried_again_may_use_what_its_users_roles_allow(server, user, outcome):
    session_id = server.new_session(server.known(user))
    async with watching(server, session_id, user) as before:
        ack = await before.client.request("message", text="please", agent="clerk", session_id=session_id)
        await before.client.event("agent_thinking", ack["run_id"])
        await restart(server)
    async with resuming(server, before) as (after, _):
        end = before.ended.get(ack["run_id"]) or await after.ended(ack["run_id"])

    assert end["data"]["outcome"] == outcome
    assert outcome == "error" or end["data"]["attempts"] == 2


async def test_the_default_session_and_the_logins_outlive_the_process(server):
    login = await asyncio.to_thread(server.login, "demo2")
    async with on_stage(server, login) as client:
        events = await client.perform({"answer": "remember me"})
        default = client.welcome["default_session_id"]
        await restart(server)
    async with on_stage(server, login) as client:
        ack = await client.request("subscribe", after={"seq": events[0]["seq"] - 1})
        same = await client.wait_for(lambda frame: frame.get("seq") == events[-1]["seq"])
    renewed = server.call("POST", "/v1/refresh", {"refresh_token": login.refresh_token})

    assert (client.welcome["default_session_id"], ack["session_id"]) == (default, default)
    assert same == events[-1]
    assert renewed.status == 200
    assert default in [session["session_id"] for session in server.sessions(login)]


# Ends that were meant.


async def test_a_drain_and_a_new_start_make_one_log(server, session):
    async with watching(server, session) as before:
        running = await before.client.message(WAIT, WAIT, {"answer": "went on"}, session_id=session)
        queued = await before.client.message({"answer": "next"}, session_id=session)
        await before.client.event("tool_executing", running["run_id"])
        assert await asyncio.to_thread(server.end) == 0
    await asyncio.to_thread(server.start)
    async with resuming(server, before) as (after, _):
        ends = [await after.ended(ack["run_id"]) for ack in (running, queued)]

    assert [end["data"]["text"] for end in ends] == ["went on", "next"]
    assert ends[0]["data"]["attempts"] == 2


async def test_a_passive_session_comes_back_as_the_same(server, session):
    login = server.known("demo")

    def state():
        return next(entry["state"] for entry in server.sessions(login) if entry["session_id"] == session)

    async with watching(server, session) as before:
        await before.client.perform({"answer": "first"}, session_id=session)
        watched = await asyncio.to_thread(state)
    await asyncio.to_thread(eventually, state, lambda found: found == "passive")
    async with resuming(server, before) as (after, ack):
        revived = await asyncio.to_thread(state)
        await after.perform({"answer": "second"}, session_id=session)

    assert (watched, revived) == ("idle", "idle")
    assert ack["head_seq"] == max(before.seen)
    assert [event["seq"] for event in after.events()] == list(range(max(before.seen) + 1, 2 * max(before.seen) + 1))


def test_the_deaths_left_no_fault_in_the_logs(server):
    assert server.faults() == []
