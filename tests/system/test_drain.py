"""A server told to go while many are at work: nobody loses anything, and everybody is told when to come back."""

import asyncio
import signal
import time
from contextlib import AsyncExitStack

import pytest
from websockets.exceptions import ConnectionClosed

from actors.session.promises import TERMINAL
from actors.testing.views import acked_runs
from tests.system.accounts import add_logins
from tests.system.client import PATIENCE, dial, script
from tests.system.continuity import Watch, resuming
from tests.system.process import run_greenroom

pytestmark = pytest.mark.system

PEOPLE = 12
STEPS = [
    {"think": "begins"},
    {"tool": "wait", "arguments": {"seconds": 0.05}},
    {"say": "goes on", "chunks": 3},
    {"answer": "done"},
]
LONG = [{"tool": "wait", "arguments": {"seconds": 1.5}}, {"answer": "outlasted the drain"}]


@pytest.fixture
def busy(launch):
    logins = []
    names = [f"person{number}" for number in range(PEOPLE)]
    server = launch(
        "--demo", toml="[timeouts]\ndrain = 0.8\n", prepare=lambda path: logins.extend(add_logins(path, names))
    )
    for login in logins:
        server.remember(login)
    return server


async def works(watch, number, gone):
    """Send messages, some that outlast the drain among them, until the server is gone; say whether it was a drain."""
    count = 0
    while not gone.is_set():
        count += 1
        steps = LONG if (count + number) % 4 == 0 else STEPS
        fields = {"session_id": watch.session_id, "client_msg_id": f"m{count}"}
        try:
            frame_id = await watch.client.ask("message", text=script(*steps), agent="rehearsal", **fields)
            answer = await watch.client.answer(frame_id)
        except (ConnectionClosed, AssertionError):
            return
        if answer["type"] == "error":
            assert answer["code"] in ("draining", "queue_full", "rate_limited"), answer
            await asyncio.sleep(0.05)


async def test_a_drain_under_load_loses_nothing_and_everybody_goes_on_after_the_restart(busy):
    gone = asyncio.Event()
    async with AsyncExitStack() as stack:
        watches = []
        for number in range(PEOPLE):
            login = busy.known(f"person{number}")
            session_id = await asyncio.to_thread(busy.new_session, login)
            client = await dial(busy, token=login.token)
            stack.push_async_callback(client.close)
            ack = await client.request("subscribe", session_id=session_id, after={"seq": 0})
            watches.append(Watch(client, session_id, login.username, ack["epoch"]))
        at_work = [asyncio.create_task(works(watch, number, gone)) for number, watch in enumerate(watches)]
        for watch in watches:
            await watch.client.event("tool_completed")
        busy.signal(signal.SIGTERM)
        codes = await asyncio.gather(*(watch.client.close_code() for watch in watches))
        gone.set()
        await asyncio.gather(*at_work)
        status = await asyncio.to_thread(busy.wait)

    assert (status, set(codes)) == (0, {1012})
    byes = [watch.client.frames[-1] for watch in watches]
    assert {(bye["type"], bye["code"], bye["reconnect"]) for bye in byes} == {("bye", 1012, True)}
    waits = [bye["retry_after_ms"] for bye in byes]
    assert all(0 <= wait < 1000 for wait in waits)
    assert len(set(waits)) > PEOPLE // 2
    assert all(any(frame["type"] == "draining" for frame in watch.client.frames) for watch in watches)
    assert any(set(acked_runs(watch.client.entries, watch.session_id)) - watch.ended.keys() for watch in watches)

    await asyncio.to_thread(busy.start)
    await asyncio.to_thread(ends_unwatched, busy, watches[0])
    await asyncio.gather(*(goes_on(busy, watch) for watch in watches))
    assert busy.faults() == []
    assert busy.end() == 0
    verified = run_greenroom("journal", "verify", "--data-dir", str(busy.data_dir))
    assert verified.returncode == 0, verified.stdout


def ends_unwatched(server, watch):
    """Wait until every message of a session to which nobody has come back is answered."""
    promised = set(acked_runs(watch.client.entries, watch.session_id))
    deadline = time.monotonic() + PATIENCE
    while promised - {event["run_id"] for event in events_of(server, watch) if event["type"] in TERMINAL}:
        assert time.monotonic() < deadline


def events_of(server, watch):
    return server.events(server.known(watch.user), watch.session_id)


async def goes_on(server, watch):
    """Resume, and wait until every message that was accepted is answered."""
    async with resuming(server, watch) as (client, _):
        for run_id in set(acked_runs(watch.client.entries, watch.session_id)) - watch.ended.keys():
            end = await client.ended(run_id)
            assert end["data"]["outcome"] == "success", end
        await client.perform({"answer": "and one more"}, session_id=watch.session_id)
