"""What operators are told of a running server, in bounded bytes, and what they can do to a session of it."""

import asyncio
import json
import time

import pytest

from tests.system.client import Closed, dial_narrowly, on_stage, seat
from tests.system.crowded import ROOMY, add_sessions, wake
from tests.system.process import ServerProcess
from tests.system.trouble import FAULTS, SECRET, down_for

pytestmark = pytest.mark.system

MANY = 2000

LIMITS = "[limits]\nsessions_per_user = 1000\nmessage_bytes = 1048576\n"
QUESTIONS = (
    ("GET", "overview"),
    ("GET", "sessions"),
    ("GET", "actors"),
    ("GET", "crashes"),
    ("GET", "crashes/1"),
    ("GET", "dead-letters"),
    ("GET", "connections"),
    ("POST", "sessions/s_1/restart"),
    ("POST", "sessions/s_1/stop"),
)


@pytest.fixture(scope="module")
def server(launch):
    return launch("--demo", toml=FAULTS + down_for(seconds=30) + LIMITS)


def ask(server, path, method="GET"):
    answer = server.call(method, f"/v1/ops/{path}", token=server.known("operator").token)
    assert answer.status in {200, 204}, answer
    return answer.json if answer.body else None


async def until(server, path, wanted, patience=20.0):
    """Ask until the answer is as wanted, and return it."""
    deadline = time.monotonic() + patience
    while not wanted(answer := await asyncio.to_thread(ask, server, path)):
        assert time.monotonic() < deadline, answer
        await asyncio.sleep(0.05)
    return answer


async def session_row(server, session_id, wanted=lambda _row: True):
    """Return the row of a session once it is as wanted."""

    def found(answer):
        return any(wanted(row) for row in answer["sessions"])

    return (await until(server, f"sessions?search={session_id}", found))["sessions"][0]


async def ended(server, address):
    """Wait until there is no such actor."""
    deadline, token = time.monotonic() + 20, server.known("operator").token
    while server.call("GET", f"/v1/ops/actors?address={address}", token=token).status != 404:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def audit(server, event, session_id):
    """Return the log's line of what an operator did to a session."""
    lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    [line] = [line for line in lines if line["event"] == event and line["session_id"] == session_id]
    return line


# Who may ask.


@pytest.mark.parametrize(("method", "path"), QUESTIONS)
def test_only_operators_are_told_anything(server, method, path):
    stranger = server.call(method, f"/v1/ops/{path}")
    user = server.call(method, f"/v1/ops/{path}", token=server.known("demo").token)

    assert (stranger.status, stranger.error["code"]) == (401, "unauthorized")
    assert (user.status, user.error["code"]) == (403, "forbidden")


# Who is in trouble.


async def test_a_crash_shows_who_why_and_what_it_was_handed_and_nothing_of_what_people_wrote(server):
    async with seat(server, "demo") as (client, session_id):
        ack = await client.message({"crash": SECRET, "until_attempt": 1}, {"answer": SECRET}, session_id=session_id)
        end = await client.ended(ack["run_id"])
        row = await session_row(server, session_id, lambda row: row["worst"]["incarnation"] == 2)
        crashes = ask(server, f"crashes?search={session_id}")
        bundle = ask(server, f"crashes/{crashes['crashes'][0]['number']}")
        tree = ask(server, f"actors?address=session/{row['user_id']}/{session_id}")
        overview = ask(server, "overview")
    agent = next(child for child in tree["actors"][0]["children"] if child["address"].endswith("/agent"))

    assert end["data"]["attempts"] == 2
    assert (row["username"], row["condition"], row["actors"]) == ("demo", "strained", 4)
    assert (row["worst"]["address"], row["worst"]["last_exit"]) == (agent["address"], "error(ScriptedCrash)")
    assert (agent["state"], agent["incarnation"], agent["class_name"]) == ("running", 2, "AgentActor")
    assert (agent["restarts_left"], agent["restarts_allowed"], agent["retry_in_ms"]) == (5, 6, None)
    assert (bundle["address"], bundle["incarnation"], bundle["error_type"]) == (agent["address"], 1, "ScriptedCrash")
    assert bundle["envelopes"][-1]["message_type"] == "StartRun"
    assert bundle["places"][-1].startswith("actors.agents.rehearsal:")
    assert "_session_id" in bundle["attributes"]
    incidents = [each for each in overview["incidents"] if each["address"] == agent["address"]]
    assert [each["kind"] for each in incidents] == ["crashed", "restarting"]
    told = json.dumps([row, crashes, bundle, tree, overview])
    for kept_back in (SECRET, str(server.data_dir), "site-packages", ".py"):
        assert kept_back not in told


async def test_who_is_down_comes_first_with_the_time_until_it_is_back(server):
    async with seat(server, "demo2") as (client, session_id):
        for _ in range(3):
            await asyncio.to_thread(server.new_session, server.known("demo2"))
        for _ in range(2):
            await client.message({"crash": "x"}, session_id=session_id)
        row = await session_row(server, session_id, lambda row: row["condition"] == "failing")
        everybody, overview = ask(server, "sessions"), ask(server, "overview")
        failing = ask(server, "sessions?condition=failing")
        await client.request("cancel", session_id=session_id, queue="clear")

    assert (row["worst"]["state"], row["worst"]["incarnation"]) == ("down", 2)
    assert 0 < row["worst"]["retry_in_ms"] <= 36_000
    assert everybody["sessions"][0]["session_id"] == session_id
    assert [each["condition"] for each in failing["sessions"]] == ["failing"]
    assert overview["sessions"]["failing"] == failing["matching"] == 1
    assert overview["sessions"]["well"] + overview["sessions"]["strained"] + 1 == everybody["total"]


async def test_what_waits_shows_with_its_age_and_what_is_lost_shows_as_dead_letters(server):
    async with seat(server, "demo") as (client, session_id):
        emitter = f"session/{server.known('demo').user_id}/{session_id}/emitter"
        rule = {"address": emitter, "message": "Emit", "nth": 4, "action": "hang"}
        operate = server.known("operator").token
        assert server.call("PUT", "/v1/faults", {"rules": [rule]}, operate).status == 200
        steps = ({"think": "a"}, {"sleep_ms": 200}, {"think": "b"}, {"think": "c"}, {"think": "d"})
        ack = await client.message(*steps, session_id=session_id)
        stuck = await session_row(server, session_id, lambda row: row["worst"]["depth"] > 1)
        late = await session_row(server, session_id, lambda row: row["condition"] == "strained")
        before = ask(server, "dead-letters")["total"]
        ask(server, f"sessions/{session_id}/restart", "POST")
        letters = await until(server, "dead-letters", lambda answer: answer["total"] > before)
        assert (await client.ended(ack["run_id"]))["data"]["attempts"] == 2
        server.call("DELETE", "/v1/faults", token=operate)

    assert (stuck["worst"]["address"], stuck["worst"]["handling"]) == (emitter, "Emit")
    assert late["worst"]["oldest_ms"] >= 1000
    assert any((letter["address"], letter["message_type"]) == (emitter, "Emit") for letter in letters["letters"])
    assert "Emit" in {each["name"] for each in letters["by_type"]}
    assert sum(each["count"] for each in letters["by_type"]) == letters["total"]
    overview = ask(server, "overview")
    times = [overview["now"], *(letter["at"] for letter in letters["letters"]), overview["started_at"]]
    assert times == sorted(times, reverse=True)


# What is done to them.


async def test_a_session_that_is_restarted_goes_on_with_its_run_and_the_log_says_who_did_it(server):
    async with seat(server, "demo") as (client, session_id):
        ack = await client.message({"think": "a"}, {"sleep_ms": 300}, {"answer": "all the same"}, session_id=session_id)
        await client.event("agent_thinking", ack["run_id"])
        ask(server, f"sessions/{session_id}/restart", "POST")
        end = await client.ended(ack["run_id"])
        row = await session_row(server, session_id, lambda row: row["incarnation"] == 2)

    assert (end["data"]["text"], end["data"]["attempts"]) == ("all the same", 2)
    assert [event["type"] for event in client.events(ack["run_id"])].count("agent_restarted") == 1
    assert row["condition"] == "well"
    line = audit(server, "session_restarted", session_id)
    assert (line["operator"], line["by"], line["level"]) == ("operator", server.known("operator").user_id, "warning")


async def test_a_session_that_is_stopped_ends_what_it_promised_and_begins_anew_when_asked(server):
    demo = server.known("demo")
    session_id = server.new_session(demo)
    async with on_stage(server) as client:
        running = await client.message({"think": "a"}, {"hang": True}, session_id=session_id)
        waiting = await client.message({"answer": "later"}, session_id=session_id)
        await client.event("agent_thinking", running["run_id"])
        ask(server, f"sessions/{session_id}/stop", "POST")
        errors = [(await client.ended(ack["run_id"]))["data"]["error"] for ack in (running, waiting)]
        with pytest.raises(Closed):
            await client.wait_for(lambda _frame: False)
    await ended(server, f"session/{demo.user_id}/{session_id}")
    async with on_stage(server) as client:
        ack = await client.message({"answer": "again"}, session_id=session_id)
        again = await client.ended(ack["run_id"])

    assert [error["code"] for error in errors] == ["session_failed"] * 2
    assert errors[0]["message"] == "The session was stopped by an operator."
    assert client.closed is None or client.closed[0] == 1000
    assert again["data"]["text"] == "again"
    assert audit(server, "session_stopped", session_id)["user_id"] == demo.user_id


@pytest.mark.parametrize("order", ["restart", "stop"])
def test_a_session_without_actors_is_neither_restarted_nor_stopped(server, order):
    session_id, operator = server.new_session(server.known("demo")), server.known("operator").token
    idle = server.call("POST", f"/v1/ops/sessions/{session_id}/{order}", token=operator)
    unknown = server.call("POST", f"/v1/ops/sessions/s_none/{order}", token=operator)

    assert (idle.status, idle.error["code"]) == (409, "conflict")
    assert (unknown.status, unknown.error["code"]) == (404, "not_found")


# Sockets and rates.


async def test_the_socket_that_is_furthest_behind_comes_first(server):
    login = server.known("demo2")
    session_id = server.new_session(login)
    reader = await dial_narrowly(server, login)
    await reader.request("subscribe", session_id=session_id)
    reader.socket.transport.pause_reading()
    async with on_stage(server, login) as writer:
        for _ in range(8):
            await writer.perform({"answer": "x" * 900_000}, session_id=session_id)
        answer = await until(server, "connections?search=demo2", lambda answer: answer["connections"][0]["backlog"] > 0)
    first = answer["connections"][0]

    assert (first["username"], first["connection_id"]) == ("demo2", reader.welcome["connection_id"])
    assert [watched["session_id"] for watched in first["sessions"]] == [session_id]
    assert first["sessions"][0]["behind"] > 0
    assert first["stalled_ms"] is not None
    backlogs = [each["backlog"] for each in ask(server, "connections")["connections"]]
    assert backlogs == sorted(backlogs, reverse=True)


async def test_rates_are_told_once_to_whoever_says_what_it_has(server):
    before = ask(server, "overview")
    async with on_stage(server) as client:
        await client.perform({"crash": "x", "until_attempt": 1}, {"answer": "x"})
        since = f"overview?samples={before['samples']['last']}"
        after = await until(server, since, lambda answer: sum(answer["samples"]["runs_success"]) > 0)

    assert sum(after["samples"]["events"]) > sum(after["samples"]["runs_success"])
    assert max(after["samples"]["connections"]) >= 1
    assert max(after["samples"]["hub_worst_ms"]) > 0
    assert 0 < max(after["samples"]["commit_ms"]) <= max(after["samples"]["commit_worst_ms"])
    assert ask(server, f"overview?samples={2**53 - 1}")["samples"]["events"] != []  # Another life's number.
    incidents = ask(server, f"overview?incidents={after['incidents'][-1]['number']}")["incidents"]
    assert all(each["number"] > after["incidents"][-1]["number"] for each in incidents)


# Thousands.


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A server on whose disk there are thousands of sessions, and their ids."""
    data_dir = tmp_path_factory.mktemp("crowd")
    server = ServerProcess(data_dir, "--demo", toml=ROOMY)
    user_id = server.login("demo").user_id
    server.end()
    ids = add_sessions(data_dir, user_id, MANY)
    server.start()
    yield server, ids
    server.end()
    assert server.faults() == []


async def test_thousands_of_sessions_are_told_of_in_bounded_bytes_and_one_is_found(crowd):
    server, ids = crowd
    client = await wake(server, server.known("demo"), ids)
    page = server.call("GET", "/v1/ops/sessions?limit=100", token=server.known("operator").token)
    last = ask(server, f"sessions?limit=100&offset={MANY - 1}")
    found = ask(server, f"sessions?search={ids[1234]}")
    owned, overview = ask(server, "sessions?search=demo"), ask(server, "overview")
    whole = server.call("GET", "/v1/ops/actors?address=root", token=server.known("operator").token)
    await client.message({"crash": "x"}, session_id=ids[1777])
    worst = await until(server, "sessions?limit=1", lambda answer: answer["sessions"][0]["condition"] != "well")

    assert (page.json["total"], page.json["matching"], len(page.json["sessions"])) == (MANY, MANY, 100)
    assert len(page.body) < 100 * 600
    assert len(whole.body) < 50 * 5 * 400
    assert len(last["sessions"]) == 1
    assert ([row["session_id"] for row in found["sessions"]], found["matching"]) == ([ids[1234]], 1)
    assert (owned["matching"], overview["actors"]) == (MANY, 2 * MANY + 1)
    assert worst["sessions"][0]["session_id"] == ids[1777]
