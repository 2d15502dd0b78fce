"""The process killed anywhere between a message and its answer: what was promised holds after the restart."""

import asyncio
import json
import signal
import time
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from actors.session.promises import check_log
from tests.system.client import Closed, dial, on_stage, script
from tests.system.continuity import resuming, watching
from tests.system.process import run_greenroom

pytestmark = pytest.mark.system

STEPS = (
    {"think": "begins"},
    {"tool": "echo", "arguments": {"value": "one"}},
    {"tool": "wait", "arguments": {"seconds": 0.01}},
    {"say": "and goes on", "chunks": 3},
    {"tool": "wait", "arguments": {"seconds": 0.01}},
    {"tool": "fail", "arguments": {"message": "no"}},
    {"answer": "done"},
)

POINTS = [
    *[("journal", "Commit", nth) for nth in (1, 2, 3, 5)],
    *[("session/*/{session}", "Logged", nth) for nth in (1, 4)],
    *[("session/*/{session}", message, 2) for message in ("Submit", "RunFinished")],
    ("session/*/{session}/emitter", "Emit", 3),
    ("session/*/{session}/agent", "StartRun", 1),
    ("session/*/{session}/tools", "CallTool", 2),
    ("session/*/{session}/tools/*", "Execute", 1),
]


@pytest.fixture(scope="module")
def server_to_kill(launch):
    """A server that takes fault plans."""
    return launch("--demo", toml="[faults]\nenabled = true\n")


@pytest.fixture
def mortal(server_to_kill):
    """That server, which a test may kill by plan and start again."""
    yield server_to_kill
    if server_to_kill.process.poll() is not None:
        server_to_kill.start()


@pytest.fixture(scope="module", autouse=True)
def verified(server_to_kill):
    """Nothing of all this breaks a promise in any log that is left."""
    yield
    assert server_to_kill.end() == 0
    done = run_greenroom("journal", "verify", "--data-dir", str(server_to_kill.data_dir))
    assert done.returncode == 0, done.stdout


def sigkill(address, message, nth):
    return {"address": address, "message": message, "nth": nth, "action": "sigkill"}


def load(server, *rules):
    answer = server.call("PUT", "/v1/faults", {"rules": list(rules)}, server.known("operator").token)
    assert answer.status == 200, answer


def message_ids(session_id):
    """Return what no other session's messages bear: they are the user's."""
    return [f"{session_id} {number}" for number in (1, 2, 3)]


async def send_all(client, session_id):
    """Send three messages without waiting, as far as the server lives to take them; return the ids of the frames."""
    asked = {}
    with suppress(ConnectionClosed):
        for message_id in message_ids(session_id):
            fields = {"session_id": session_id, "agent": "rehearsal", "client_msg_id": message_id}
            asked[message_id] = await client.ask("message", text=script(*STEPS), **fields)
    return asked


def acked_by(client, asked):
    """Return the runs that were acked, by message id."""
    acks = {frame["re"]: frame["run_id"] for frame in client.frames if frame["type"] == "ack" and "run_id" in frame}
    return {message_id: acks[frame_id] for message_id, frame_id in asked.items() if frame_id in acks}


async def send_again(client, session_id):
    """Send the same messages as if nothing were known of the first time; return the acks by message id."""
    fields = {"text": script(*STEPS), "session_id": session_id, "agent": "rehearsal"}
    return {name: await client.request("message", client_msg_id=name, **fields) for name in message_ids(session_id)}


@pytest.mark.parametrize(("address", "message", "nth"), POINTS)
async def test_a_kill_anywhere_loses_nothing_that_was_acked_or_shown_and_shows_nothing_that_was_lost(
    mortal, address, message, nth
):
    session_id = mortal.new_session(mortal.known("demo"))
    load(mortal, sigkill(address.format(session=session_id), message, nth))
    async with watching(mortal, session_id) as before:
        asked = await send_all(before.client, session_id)
        await before.client.close_code()
    assert await asyncio.to_thread(mortal.wait) == -signal.SIGKILL
    died_at = time.time() * 1000
    await asyncio.to_thread(mortal.start)

    acked = acked_by(before.client, asked)
    async with resuming(mortal, before) as (after, _):
        again = await send_again(after, session_id)
        over = before.ended
        for ack in again.values():
            over[ack["run_id"]] = over.get(ack["run_id"]) or await after.ended(ack["run_id"])
    events = [*before.client.events(), *after.events()]
    accepted = [event["data"]["client_msg_id"] for event in events if event["type"] == "message_accepted"]
    first = again[message_ids(session_id)[0]]

    assert {name: again[name]["run_id"] for name in acked} == acked
    assert all(again[name]["duplicate"] for name in acked)
    assert accepted == message_ids(session_id)
    assert [end["data"]["text"] for end in over.values()] == ["done"] * 3
    if message == "Logged":
        # What was committed and not sent any more came by the resume.
        assert after.events()[0]["ts"] <= died_at
        assert nth > 1 or first["duplicate"]
    if (message, nth) == ("Commit", 1):
        assert not before.seen
        assert not first["duplicate"]


# While it starts.

WORK = ({"tool": "echo", "arguments": {"value": 1}}, {"sleep_ms": 100}, {"answer": "done"})
SWEEP = [
    [("root", "TakeUp", 1), ("session/*", "LogReady", 1)],
    [("session/*", "LogReady", 2), ("session/*", "LogReady", 3)],
    # Not at the second: all four begin their next attempts in the first, and have none left then.
    [("journal", "Commit", 1), ("journal", "Commit", 1)],
]


async def start_and_die(server, point, tmp_path):
    """Start the server with a plan that kills it there."""
    plan = tmp_path / "plan.toml"
    plan.write_text("[[rules]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in sigkill(*point).items()))
    server.begin(FAULTS__PLAN=str(plan))
    assert await asyncio.to_thread(server.wait) == -signal.SIGKILL


@pytest.mark.parametrize("points", SWEEP, ids=lambda points: " ".join(f"{message}-{nth}" for _, message, nth in points))
async def test_two_kills_in_a_row_while_work_is_taken_up_lose_nothing(mortal, tmp_path, points):
    login = mortal.known("demo2")
    sessions = [mortal.new_session(login) for _ in range(4)]
    async with on_stage(mortal, login) as client:
        acks = [await client.message(*WORK, session_id=session_id) for session_id in sessions]
        queued = [await client.message(*WORK, session_id=session_id) for session_id in sessions]
        for ack in acks:
            await client.event("tool_completed", ack["run_id"])
        await asyncio.to_thread(mortal.kill)
    for point in points:
        await start_and_die(mortal, point, tmp_path)
    await asyncio.to_thread(mortal.start)

    async with on_stage(mortal, login) as client:
        for session_id in sessions:
            await client.request("subscribe", session_id=session_id, after={"seq": 0})
        ends = [(await client.ended(ack["run_id"]))["data"] for ack in acks]
        later = [(await client.ended(ack["run_id"]))["data"] for ack in queued]
    for session_id in sessions:
        assert check_log(session_id, client.events(session_id=session_id)).queue == []

    # One that began its last attempt in a life that was cut short as well can't have another.
    given_up = [end["error"]["code"] for end in ends if end["outcome"] != "success"]
    assert set(given_up) <= {"server_restarted"}
    assert len(given_up) < len(ends)
    assert [end["text"] for end in later if end["outcome"] == "success"] == ["done"] * len(later)


async def test_a_kill_in_the_middle_of_a_prune_leaves_the_log_whole_until_the_next_one(mortal, tmp_path):
    login = mortal.known("demo2")
    session_id = mortal.new_session(login)
    async with on_stage(mortal, login) as client:
        events = await client.perform(*[{"think": f"{number}"} for number in range(600)], session_id=session_id)
    await asyncio.to_thread(mortal.kill)

    with (mortal.data_dir / "greenroom.toml").open("a") as toml:
        toml.write("[journal]\nkeep_events = 100\n")
    await start_and_die(mortal, ("journal", "Prune", 1), tmp_path)
    await asyncio.to_thread(mortal.start, JOURNAL__KEEP_EVENTS="10000")
    whole = await asyncio.to_thread(mortal.events, login, session_id)
    await asyncio.to_thread(mortal.kill)
    await asyncio.to_thread(mortal.start)
    kept = await pruned(mortal, login, session_id)

    assert whole == events
    assert 100 <= len(kept) < len(events)
    assert kept == events[-len(kept) :]


async def pruned(server, login, session_id):
    """Return what is left of a log once some of it is gone."""
    while True:
        client = await dial(server, token=login.token)
        with suppress(Closed):  # It may be cut off under a reader, who has to come back.
            return await until_pruned(client, session_id)


async def until_pruned(client, session_id):
    """Read the log until some of it is gone, and return what is left."""
    while True:
        ack = await client.request("subscribe", session_id=session_id, after={"seq": 0})
        head_seq = ack["head_seq"]
        await client.wait_for(lambda frame, head=head_seq: frame.get("seq") == head, since=index_of(client, ack))
        if not ack["recovered"]:
            return [frame for frame in client.frames[client.frames.index(ack) :] if "seq" in frame]


def index_of(client, frame):
    return next(index for index, entry in enumerate(client.entries) if entry.frame is frame)
