"""Those who come in thousands and never log in, and those who flood: what they cost is bounded, nobody notices."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from actors.session.promises import check_log
from tests.system.client import PATIENCE, on_stage, script
from tests.system.process import ROOT
from tests.system.wire import Wire

pytestmark = pytest.mark.system

CONNECTIONS, HTTP_CONNECTIONS = 500, 100
KIBIBYTES = 64 * 1024
RUNS = 5


@pytest.fixture(scope="module")
def popular(launch):
    """A server with few places, which lets one client ask often."""
    toml = f"""
        [limits]
        connections = {CONNECTIONS}
        http_connections = {HTTP_CONNECTIONS}
        messages_per_second = 100000
        message_burst = 1000000
    """
    server = launch("--demo", toml=toml)
    yield server
    assert server.faults() == []


def resident(server):
    """Return the server's resident memory in KiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def open_files(server):
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


@asynccontextmanager
async def crowd(server, count, kind):
    """Have a crowd come, in a process of its own, which is gone at the end."""
    command = [sys.executable, "-m", "tests.system.crowd", str(server.port), str(count), kind]
    pipe = subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
    try:
        yield process
    finally:
        process.stdin.close()
        await process.wait()


async def round_trips(client, seconds):
    """Return how long pings took, one after another."""
    times, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        await client.request("ping")
        times.append(time.perf_counter() - began)
    return times


@pytest.mark.parametrize(
    ("kind", "count"), [("upgraded", 5_000), ("silent", 2_000), ("half a head", 2_000), ("half a body", 2_000)]
)
async def test_a_crowd_that_never_logs_in_costs_a_bounded_amount_and_slows_nobody_down(popular, kind, count):
    ratios, most_files = [], 0
    async with on_stage(popular) as client:
        await round_trips(client, 0.2)
        before = resident(popular)
        for _ in range(3):
            quiet, loud = await round_trips(client, 0.3), []
            async with crowd(popular, count // 3, kind) as process:
                here = asyncio.create_task(process.stdout.readline())
                while not here.done():
                    loud += await round_trips(client, 0.1)
                    most_files = max(most_files, open_files(popular))
                assert here.result() == b"here\n"
                newcomer = await asyncio.to_thread(popular.login, "demo2")
                async with on_stage(popular, newcomer) as other:
                    assert other.welcome
            ratios.append(statistics.median(loud) / statistics.median(quiet))

    # Whatever else the machine has to do comes and goes; what the crowd costs is there each time.
    assert min(ratios) < 5, ratios
    assert most_files < CONNECTIONS + 2 * HTTP_CONNECTIONS + 100
    assert resident(popular) - before < KIBIBYTES
    limit = "limits.connections" if kind == "upgraded" else "limits.http_connections"
    assert popular.metric("limits_reached_total", limit=limit) > 0


async def flood(server, enough):
    """Send until the server has had it, with 4029, or it is enough; every frame is refused."""
    async with on_stage(server, "demo2") as flooder:
        for number in range(2_000):
            if flooder.closed is not None or enough():
                break
            with suppress(ConnectionClosed):
                await flooder.socket.send(json.dumps({"type": "message", "text": "x" * number, "agent": "nobody"}))


async def test_while_one_floods_anothers_frames_are_what_the_log_has_byte_by_byte(server, session):
    login = server.known("demo")
    steps = [*[{"tool": "big", "arguments": {"bytes": 100_000}}] * 900, {"say": "ü" * 900, "chunks": 90}]

    def watch():
        """Read frame by frame: one byte too many or too few, and nothing that follows would be a frame.

        It begins late, so that more is to be sent than a kernel keeps, and the server writes in parts.
        """
        deadline = time.monotonic() + 3 * PATIENCE
        while head_seq() < RUNS * 1_800:
            assert time.monotonic() < deadline
        frames, ends = [], 0
        while ends < RUNS:
            frames.append(wire.frame())
            ends += b'"agent_completed"' in frames[-1]
        return frames

    def head_seq():
        page = server.call("GET", f"/v1/sessions/{session}/events?limit=1", token=login.token)
        return page.json["head_seq"]

    with closing(Wire(server, login, narrow=True)) as wire:
        wire.send(type="subscribe", id="s", session_id=session)
        for _ in range(RUNS):
            wire.send(type="message", session_id=session, agent="rehearsal", text=script(*steps))
        watching = asyncio.create_task(asyncio.to_thread(watch))
        floods = 0
        while not watching.done():
            floods += 1
            await flood(server, watching.done)
        frames = watching.result()
    events = server.events(login, session)
    check_log(session, events)
    kept = {event["seq"]: event for event in events}
    seen = [frame for frame in frames if b'"seq":' in frame]

    assert floods >= 1
    assert [json.loads(frame) for frame in seen] == [kept[number] for number in range(1, len(events) + 1)]
    deltas = [json.loads(frame) for frame in frames if b'"message_delta"' in frame]
    assert {text for delta in deltas for text in delta["text"]} <= {"ü"}  # They may be dropped, and never garbled.
    assert sum(map(len, frames)) > 8 * 1024 * 1024


# Frames.


def test_a_frame_that_comes_drop_by_drop_is_no_sign_of_life(launch):
    server = launch("--demo", toml="[timeouts]\nping_interval = 0.3\ndead_after = 1\n")
    deadline = time.monotonic() + PATIENCE
    with closing(Wire(server, server.login("demo"))) as wire:
        wire.send_bytes(b"\x81\xfe\xea\x60" + bytes(4))  # A text of 60,000 bytes is to come.
        while server.metric("limits_reached_total", limit="timeouts.dead_after") == 0:
            assert time.monotonic() < deadline
            wire.send_bytes(b" ")


@pytest.mark.parametrize("length", [65_537, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_declared_length_over_the_limit_closes_with_1009_before_any_of_it_comes(server, length):
    before = resident(server)
    with closing(Wire(server, server.known("demo"))) as wire:
        wire.send_bytes(b"\x81\xff" + length.to_bytes(8, "big") + bytes(4))
        head = wire.read(4)

    assert head[0] == 0x88
    assert int.from_bytes(head[2:4], "big") == 1009
    assert resident(server) - before < KIBIBYTES
