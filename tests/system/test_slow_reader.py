"""A tab that reads nothing while megabytes are written for it: it costs no memory, delays nobody, and loses nothing."""

import asyncio
import time
from pathlib import Path

import pytest

from actors.testing.views import check_connection
from tests.system.client import dial_narrowly, on_stage

pytestmark = pytest.mark.system

MIB = 1024 * 1024
ANSWER = "x" * 200 * 1024
RUNS = 128
"""Each is in the log twice, as the message and as the answer: 50 MiB in all."""
WARM_UP = RUNS
"""After so many the server has what memory it takes for such answers, whoever reads them."""

TOML = """
    [limits]
    message_bytes = 1048576
    messages_per_second = 1000
    message_burst = 1000
    [timeouts]
    write = 600
    dead_after = 600
"""

MOST_GROWTH = 8 * MIB
ATTEMPTS = 2
"""What waits for a busy machine's other work takes memory, too, now and then; what waited for a reader would always."""
NOTICED = 1.0
"""How many seconds a short message takes where somebody is in its way; a few hundredths are usual."""


@pytest.fixture(scope="module")
def patient(launch):
    """A server that lets a reader be slow for as long as it likes."""
    return launch("--demo", toml=TOML)


def resident(server):
    """Return how many bytes of memory the server's process has."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    lines = (line.split() for line in status.splitlines())
    return next(int(line[1]) * 1024 for line in lines if line[0] == "VmRSS:")


async def produce(client, session_id, runs):
    """Have that many long answers written, one after another."""
    for _ in range(runs):
        ack = await client.message({"answer": ANSWER}, session_id=session_id)
        await client.ended(ack["run_id"], since=len(client.entries) - 2)


async def growth(server, client, session_id):
    """Return by how much the server's memory grows while 50 MiB are produced."""
    before = resident(server)
    await produce(client, session_id, RUNS)
    return resident(server) - before


async def chat(client, session_id, done):
    """Send short messages until it is done; return how long each took, in seconds."""
    took = []
    while not done.is_set():
        began = time.monotonic()
        await client.perform({"answer": "quick"}, session_id=session_id)
        took.append(time.monotonic() - began)
    return took


async def test_a_tab_that_never_reads_costs_no_memory_delays_nobody_and_gets_everything_in_the_end(patient):
    demo, other = patient.known("demo"), patient.known("demo2")
    session, quiet, others = patient.new_session(demo), patient.new_session(demo), patient.new_session(other)
    async with on_stage(patient, demo) as writer, on_stage(patient, demo) as tab, on_stage(patient, other) as stranger:
        await produce(writer, session, WARM_UP)
        await tab.perform({"answer": "warm"}, session_id=quiet)
        slow = await dial_narrowly(patient, demo)
        standing = await slow.request("subscribe", session_id=session)
        slow.socket.transport.pause_reading()
        done = asyncio.Event()
        chats = [asyncio.create_task(chat(*who, done)) for who in ((tab, quiet), (stranger, others))]
        grown = [await growth(patient, writer, session)]
        while grown[-1] >= MOST_GROWTH and len(grown) < ATTEMPTS:
            grown.append(await growth(patient, writer, session))
        done.set()
        took = sorted(await chats[0] + await chats[1])

        slow.socket.transport.resume_reading()
        head_seq = writer.events(session_id=session)[-1]["seq"]
        await slow.wait_for(lambda frame: frame.get("seq") == head_seq, patience=40)
        await slow.close()
    check_connection(slow.entries)
    missed = [event for event in writer.events(session_id=session) if event["seq"] > standing["head_seq"]]

    assert sum(len(entry.raw) for entry in slow.entries) > 50 * MIB
    assert slow.events() == missed
    assert grown[-1] < MOST_GROWTH, grown
    assert took[len(took) * 99 // 100] < NOTICED
