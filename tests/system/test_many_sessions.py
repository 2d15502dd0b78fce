"""However many sessions there are, a start looks at none of their logs but those with work left."""

import sqlite3
import statistics
import time
from contextlib import closing

import pytest

from tests.system.client import on_stage
from tests.system.process import ServerProcess

pytestmark = pytest.mark.system

MANY, FEW = 100_000, 10
STARTS = 3
NOW_MS = time.time_ns() // 1_000_000
NO_EVENT = b"this is no event"
"""What stands where events should: nothing minds for as long as nobody reads it."""
TO_BE_SPOILT = b"z" * 8192
"""The same, so long that it has pages of its own; once these are spoilt, SQLite itself fails at reading it."""


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    """Two data directories, by how many sessions they hold; their servers have ended."""
    made = {count: tmp_path_factory.mktemp(f"house{count}") for count in (FEW, MANY)}
    for count, data_dir in made.items():
        server = ServerProcess(data_dir, "--demo")
        assert server.end() == 0
        fill(data_dir, count)
    return made


def fill(data_dir, count):
    """Put sessions with logs that can't be read into the tables, a hundred for each of some users."""
    path = data_dir / "greenroom.db"
    names = [(f"s_{number:016x}", f"u_{number // 100:016x}") for number in range(count)]
    logs = [(name, TO_BE_SPOILT if number % 10 == 0 else NO_EVENT) for number, (name, _) in enumerate(names)]
    with closing(sqlite3.connect(path)) as database, database:
        record = f"INSERT INTO sessions VALUES (?, ?, '', 'e0e0e0e0', {NOW_MS}, {NOW_MS}, 100, 1)"
        database.executemany(record, names)
        database.executemany(f"INSERT INTO segments VALUES (?, 100, 1, {NOW_MS}, ?)", logs)
    spoil(path)


def spoil(path):
    """Overwrite every page that holds nothing but a part of a log."""
    content = bytearray(path.read_bytes())
    size = int.from_bytes(content[16:18], "big")
    pages = [begin for begin in range(0, len(content), size) if content[begin + 4 : begin + 100] == TO_BE_SPOILT[:96]]
    assert pages
    for begin in pages:
        content[begin : begin + size] = b"\xff" * size
    path.write_bytes(content)


def time_start(data_dir):
    """Return how many seconds pass from the start of a process until it is ready."""
    began = time.monotonic()
    server = ServerProcess(data_dir, "--demo")
    assert server.call("GET", "/readyz").status == 200
    took = time.monotonic() - began
    server.kill()
    return took


def test_a_start_with_a_hundred_thousand_sessions_takes_as_long_as_one_with_ten(houses):
    took = {FEW: [], MANY: []}
    for _ in range(STARTS):
        for count, data_dir in houses.items():
            took[count].append(time_start(data_dir))

    assert statistics.median(took[MANY]) < 2 * statistics.median(took[FEW]), took


async def test_work_among_a_hundred_thousand_sessions_goes_on_and_no_other_log_is_read(houses):
    server = ServerProcess(houses[MANY], "--demo")
    try:
        async with on_stage(server) as client:
            ack = await client.message({"tool": "wait", "arguments": {"seconds": 0.1}}, {"answer": "found again"})
            await client.event("tool_executing", ack["run_id"])
            server.restart()
        async with on_stage(server) as client:
            await client.request("subscribe", after={"seq": 0})
            end = await client.ended(ack["run_id"])
        taken_up = [line for line in server.log.splitlines() if '"event": "taking_up"' in line]
    finally:
        server.end()

    assert (end["data"]["text"], end["data"]["attempts"]) == ("found again", 2)
    assert len(taken_up) == 1
    assert '"sessions": 1,' in taken_up[0]
    assert server.faults() == []
