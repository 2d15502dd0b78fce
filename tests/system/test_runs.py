"""Runs that are busy, silent, late, or come to a bad end: what becomes of them, and of what they promised."""

import time

import pytest

from actors.session.promises import check_log
from tests.system.client import on_stage, script
from tests.system.runs import HANG, hanging, kinds

pytestmark = pytest.mark.system

# A busy run.


async def test_a_ping_is_answered_while_a_run_is_busy(server, session):
    async with on_stage(server) as client:
        await hanging(client, session)
        began = time.monotonic()
        for number in range(100):
            await client.send("ping", t=number)
        named = await client.request("ping", t={"any": ["thing"]})
        took = time.monotonic() - began
        await client.request("cancel", session_id=session)
    pongs = [frame["t"] for frame in client.frames if frame["type"] == "pong"]

    assert pongs == [*range(100), {"any": ["thing"]}]
    assert named["type"] == "pong"
    assert took < 2


async def test_an_agent_that_spins_loses_nothing(server, session):
    others = server.new_session(server.known("demo2"))
    async with on_stage(server) as client, on_stage(server, "demo2") as other:
        spin = await client.ask(
            "message",
            session_id=session,
            agent="rehearsal",
            text=script({"think": "before"}, {"spin_ms": 700}, {"say": "after", "chunks": 5}),
        )
        steps = [{"tool": "echo", "arguments": {"value": number}} for number in range(20)]
        events = await other.perform(*steps, session_id=others)
        spun = await client.ended((await client.answer(spin))["run_id"])

    assert [event["data"]["result"] for event in events if event["type"] == "tool_completed"] == list(range(20))
    assert spun["data"]["text"] == "after"
    check_log(others, other.events(session_id=others))


# Ends of other kinds.


@pytest.fixture(scope="module")
def hurried(launch):
    """A server where runs and tools have little time, and whatever crashes twice is given up."""
    toml = """
        [timeouts]
        run = 0.4
        tool = 0.1
        [restart.agent]
        max_restarts = 1
        [restart.session]
        max_restarts = 1
    """
    return launch("--demo", toml=toml)


async def test_a_run_that_takes_too_long_is_timed_out_and_its_calls_are_closed(hurried):
    async with on_stage(hurried) as client:
        slow_tool = {"tool": "wait", "arguments": {"seconds": 60}}
        events = await client.perform({"say": "so far"}, slow_tool, HANG)
        again = await client.perform({"answer": "works"})

    tool = next(event["data"] for event in events if event["type"] == "tool_completed")
    assert (tool["ok"], tool["error"]["code"]) == (False, "timeout")
    assert (events[-1]["data"]["outcome"], events[-1]["data"]["text"]) == ("timed_out", "so far")
    assert 300 < events[-1]["data"]["duration_ms"] < 3_000
    assert again[-1]["data"]["outcome"] == "success"


async def test_a_session_that_crashes_too_often_ends_every_promise_and_closes_with_1011(hurried):
    session_id = hurried.new_session(hurried.known("demo2"))
    async with on_stage(hurried, "demo2") as client, on_stage(hurried, "demo2") as other:
        crash = {"text": script({"crash": "always"}), "agent": "rehearsal", "session_id": session_id}
        await other.perform({"answer": "fine"})
        await other.request("subscribe", session_id=session_id)
        asked = [await client.ask("message", **crash) for _ in range(6)]
        code = await client.close_code()
        error = await other.event("error")
        still = await other.perform({"answer": "still fine"})
    acks = [frame for frame in client.frames if frame.get("re") in asked]
    log = check_log(session_id, hurried.events(hurried.known("demo2"), session_id))
    ends = [event["data"] for event in log.events if event["type"] == "agent_completed"]

    assert code == 1011
    assert (client.frames[-1]["type"], client.frames[-1]["code"]) == ("bye", 1011)
    assert (error["code"], error["session_id"]) == ("internal", session_id)
    assert still[-1]["data"]["outcome"] == "success"
    assert len(acks) == len(asked)
    assert len(ends) == len([ack for ack in acks if ack["type"] == "ack"])
    assert ends[-1]["error"]["code"] == "session_failed"
    assert client.events() == log.events


async def test_a_long_silence_is_broken_by_progress(server, session):
    async with on_stage(server) as client:
        events = await client.perform({"tool": "wait", "arguments": {"seconds": 5.6}}, session_id=session)
    progress = [frame for frame in client.frames if frame["type"] == "progress"]

    assert len(progress) == 1
    assert progress[0]["run_id"] == events[0]["run_id"]
    assert progress[0]["waiting_on"] == "tool:wait"
    assert 4_900 < progress[0]["elapsed_ms"] < 7_000


async def test_a_crash_is_retried_and_then_told(server, session):
    async with on_stage(server) as client:
        events = await client.perform({"crash": "always"}, session_id=session)

    assert kinds(events) == [
        *("message_accepted", "agent_started", "agent_restarted", "agent_started", "agent_completed"),
    ]
    assert events[2]["data"]["attempt"] == events[3]["data"]["attempt"] == 2
    assert events[-1]["data"]["outcome"] == "error"
    assert events[-1]["data"]["attempts"] == 2


async def test_a_run_that_fails_ends_with_the_words_that_were_shown(server, session):
    async with on_stage(server) as client:
        events = await client.perform({"say": "almost"}, {"crash": "always"}, session_id=session)
    shown = [frame["text"] for frame in client.frames if frame["type"] == "message_delta"]

    assert shown == ["almost", "almost"]
    assert events[-1]["data"]["text"] == shown[-1]


@pytest.mark.parametrize("chunks", [1, 3, 10, 30])
async def test_a_run_that_is_cancelled_ends_with_the_words_that_were_shown(server, session, chunks):
    async with on_stage(server) as client:
        said = {"say": "word " * 100, "chunks": 100, "every_ms": 1}
        run_id = (await client.message(said, HANG, session_id=session))["run_id"]
        await client.wait_for(lambda frame: frame["type"] == "message_delta" and frame["offset"] >= 5 * (chunks - 1))
        await client.request("cancel", session_id=session)
    shown = "".join(frame["text"] for frame in client.frames if frame["type"] == "message_delta")

    assert client.events(run_id)[-1]["data"]["text"] == shown


async def test_a_run_isnt_retried_after_a_tool_that_isnt_idempotent(server, session):
    async with on_stage(server) as client:
        charge = {"tool": "charge", "arguments": {"amount": 5}}
        events = await client.perform(charge, {"crash": "after paying", "until_attempt": 1}, session_id=session)

    assert kinds(events).count("agent_started") == 1
    assert events[-1]["data"]["outcome"] == "error"


async def test_each_way_a_tool_can_fail_is_told_and_the_run_goes_on(server, session):
    steps = [
        {"tool": "fail", "arguments": {"message": "as asked"}},
        {"tool": "crash"},
        {"tool": "echo", "arguments": {}},
        {"tool": "echo", "arguments": {"value": 1, "more": 2}},
        {"tool": "nosuch"},
        {"answer": "went on"},
    ]
    async with on_stage(server) as client:
        events = await client.perform(*steps, session_id=session)
    calls = [event["data"] for event in events if event["type"] == "tool_completed"]

    codes = ["failed", "crashed", "bad_arguments", "bad_arguments", "not_found"]
    assert [call["error"]["code"] for call in calls] == codes
    assert kinds(events).count("tool_executing") == 5
    assert events[-1]["data"]["text"] == "went on"


async def test_secrets_are_masked_and_long_values_are_cut(server, session):
    value = {"password": "hunter2", "api_key": "k-1", "nested": {"Authorization": "Bearer x"}, "plain": "y" * 50_000}
    async with on_stage(server) as client:
        events = await client.perform({"tool": "echo", "arguments": {"value": value}}, session_id=session)
    shown = str([event["data"] for event in events if event["type"].startswith("tool_")])

    assert not [secret for secret in ("hunter2", "k-1", "Bearer x") if secret in shown]
    assert next(event for event in events if event["type"] == "tool_completed")["data"]["truncated"] is True
    assert len(shown) < 20_000
