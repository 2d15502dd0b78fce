"""The whole process killed at every point between a message and its answer: what was promised holds after the restart."""

import asyncio
import signal
import time
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from tests.system.client import script
from tests.system.continuity import resuming, watching

pytestmark = pytest.mark.system

STEPS = (
    {"think": "begins"},
    {"tool": "echo", "arguments": {"value": "one"}},
    {"say": "and goes on", "chunks": 3},
    {"tool": "fail", "arguments": {"message": "no"}},
    {"answer": "done"},
)

POINTS = [
    *[("journal", "Commit", nth) for nth in (1, 2, 4, 7, 11)],
    *[("session/*/{session}", "Logged", nth) for nth in (1, 4, 9)],
    *[("session/*/{session}", message, 2) for message in ("Submit", "RunFinished")],
    *[("session/*/{session}/emitter", message, 3) for message in ("Emit", "Committed")],
    ("session/*/{session}/agent", "StartRun", 1),
    ("session/*/{session}/tools", "CallTool", 2),
    ("session/*/{session}/tools/*", "Execute", 1),
]


@pytest.fixture(scope="module")
def mortal(launch):
    """A server that may be killed by plan, and is started again by whoever did it."""
    return launch("--demo", toml="[faults]\nenabled = true\n")


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
        ends = [await after.ended(ack["run_id"]) for ack in again.values()]
    events = [*before.client.events(), *after.events()]
    accepted = [event["data"]["client_msg_id"] for event in events if event["type"] == "message_accepted"]
    first = again[message_ids(session_id)[0]]

    assert {name: again[name]["run_id"] for name in acked} == acked
    assert all(again[name]["duplicate"] for name in acked)
    assert accepted == message_ids(session_id)
    assert [end["data"]["text"] for end in ends] == ["done"] * 3
    if message == "Logged":
        # What was committed and not sent any more came by the resume.
        assert after.events()[0]["ts"] <= died_at
        assert nth > 1 or first["duplicate"]
    if (message, nth) == ("Commit", 1):
        assert not before.seen
        assert not first["duplicate"]
