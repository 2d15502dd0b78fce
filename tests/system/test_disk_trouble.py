"""The disk fails under a running server: nothing is shown that isn't recorded, and all goes on when it can."""

import asyncio
import sqlite3
import subprocess
from contextlib import closing, contextmanager

import pytest

from actors.session.promises import check_log
from tests.system.client import on_stage, script
from tests.system.continuity import resuming, watching
from tests.system.process import ServerProcess, run_greenroom

pytestmark = pytest.mark.system

TICKS = [{"tool": "wait", "arguments": {"seconds": 0.02}}] * 500
"""A run that always has something to record."""


def run_or_skip(*command):
    """Run a command that only the mighty may; skip the test where they aren't here."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{' '.join(command)}: {done.stderr}")


@pytest.fixture
def small_disk(tmp_path):
    """A directory on a disk of its own, of a few MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    run_or_skip("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk))
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def start(small_disk):  # It goes after them.
    """Start servers that end before their disks do, with logs that keep every promise, having foreseen all trouble."""
    started = []

    def start_on(data_dir):
        started.append(ServerProcess(data_dir, "--demo", toml="[timeouts]\ndrain = 1\n"))
        return started[-1]

    yield start_on
    for server in started:
        assert server.end() == 0
        assert "Traceback" not in server.log
        done = run_greenroom("journal", "verify", "--data-dir", str(server.data_dir))
        assert done.returncode == 0, done.stdout


@pytest.fixture
def server(start, small_disk):
    """One that shares its disk with nobody."""
    return start(small_disk)


@contextmanager
def full(server):
    """Leave no byte of the disk free."""
    filler = server.data_dir / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            yield
    filler.unlink()


def writes(file):
    try:
        return file.write(b"?") == 1
    except OSError:
        return False


@contextmanager
def unwritable(server):
    """Let nobody write the database's files, not even who has them open."""
    # Not the index of the write-ahead log: it is mapped into memory, where a refused write is the end of any process.
    probe = server.data_dir / "probe"
    files = [str(server.data_dir / name) for name in ("greenroom.db", "greenroom.db-wal", probe.name)]
    with probe.open("wb", buffering=0) as opened:
        run_or_skip("chattr", "+i", *files)
        lets = writes(opened)
    try:
        if lets:
            pytest.skip(f"this file system lets a file be written that was open: {server.data_dir}")
        yield
    finally:
        subprocess.run(["chattr", "-i", *files], check=True)


@contextmanager
def locked(server):
    """Be another program that keeps the database locked."""
    with closing(sqlite3.connect(server.data_dir / "greenroom.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def ready(server):
    return server.call("GET", "/readyz")


async def until_it_is(server, status):
    """Wait until the server says that it is ready, or that it isn't: nothing tells when."""
    async with asyncio.timeout(15):
        while (answer := await asyncio.to_thread(ready, server)).status != status:
            pass
    return answer


def log_in(server):
    return server.call("POST", "/v1/login", {"username": "operator", "password": "operator"})


@pytest.mark.parametrize("trouble", [full, unwritable, locked])
async def test_while_nothing_can_be_recorded_nothing_is_shown_and_then_all_goes_on_by_itself(
    start, small_disk, tmp_path, trouble
):
    server = start(small_disk if trouble is full else tmp_path / "data")
    session, quiet = server.new_session(server.known("demo")), server.new_session(server.known("demo2"))
    async with watching(server, session) as watch, on_stage(server, "demo2") as other:
        before = await other.perform({"answer": "before"}, session_id=quiet)
        running = await watch.client.message(*TICKS, session_id=session)
        queued = await watch.client.message({"answer": "waited"}, session_id=session)
        await watch.client.event("tool_completed", running["run_id"])
        with trouble(server):
            unready = await until_it_is(server, 503)
            refused = [
                await watch.client.refused("message", text="one more", session_id=session),
                await other.refused("message", text="one more", session_id=quiet),
                await watch.client.refused("cancel", session_id=session),
            ]
            shown, kept = watch.client.events(), server.events(server.known("demo"), session)
            alive = server.call("GET", "/healthz").status
            # Where the database is locked, a login waits for its turn to write.
            login = await asyncio.to_thread(log_in, server) if trouble is not locked else unready
        await until_it_is(server, 200)
        ends = [(await watch.client.ended(ack["run_id"]))["data"] for ack in (running, queued)]
        after = await other.perform({"answer": "after"}, session_id=quiet)
        answered = await watch.client.perform({"answer": "as ever"}, session_id=session)

    assert (unready.error["code"], login.status, login.error["code"]) == ("internal", 503, "internal")
    assert unready.error["retry_after_ms"] > 0
    assert [(error["code"], error["temporary"], error["retry_after_ms"]) for error in refused] == [
        ("internal", True, 1000)
    ] * 3
    assert alive == 200
    assert shown == kept
    assert watch.client.events()[: len(shown)] == shown
    assert ends[0]["error"]["code"] == "journal_unavailable"
    assert ends[1]["text"] == "waited"
    assert answered[-1]["data"]["text"] == "as ever"
    assert other.events() == [*before, *after] == server.events(server.known("demo2"), quiet)
    assert check_log(session, watch.client.events()).active is None
    assert log_in(server).status == 200


async def test_a_kill_while_the_disk_is_full_loses_nothing_that_was_shown(server):
    session = server.new_session(server.known("demo"))
    async with watching(server, session) as before:
        ack = await before.client.message(*TICKS[:3], {"tool": "wait", "arguments": {"seconds": 5}}, session_id=session)
        await before.client.event("tool_completed", ack["run_id"])
        with full(server):
            await until_it_is(server, 503)
            await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    async with resuming(server, before) as (after, _):
        await after.request("cancel", session_id=session)
        end = await after.ended(ack["run_id"])

    assert (end["data"]["outcome"], end["data"]["attempts"]) == ("cancelled", 2)


async def test_a_drain_while_the_disk_is_full_ends_in_time_and_leaves_the_rest_for_the_next_start(server):
    session = server.new_session(server.known("demo"))
    async with watching(server, session) as before:
        ack = await before.client.message(*TICKS, session_id=session)
        queued = await before.client.message({"answer": "later"}, session_id=session)
        await before.client.event("tool_completed", ack["run_id"])
        with full(server):
            await until_it_is(server, 503)
            assert await asyncio.to_thread(server.end) == 0
    await asyncio.to_thread(server.start)
    async with resuming(server, before) as (after, _):
        await after.request("cancel", session_id=session)
        ends = [(await after.ended(run["run_id"]))["data"] for run in (ack, queued)]

    assert ends[0]["outcome"] == "cancelled"
    assert ends[1]["text"] == "later"


async def test_a_database_that_is_locked_for_a_moment_is_waited_for_and_nobody_else_waits(server):
    session = server.new_session(server.known("demo"))
    async with watching(server, session) as watch:
        with locked(server):
            asked = await watch.client.ask(
                "message", text=script({"answer": "late"}), agent="rehearsal", session_id=session
            )
            pong = await watch.client.answer(await watch.client.ask("ping"))
            unlocked = [frame for frame in watch.client.frames if frame.get("re") == asked]
            status = ready(server).status
        ack = await watch.client.answer(asked)
        end = await watch.client.ended(ack["run_id"])

    assert (pong["type"], unlocked, status) == ("pong", [], 200)
    assert end["data"]["text"] == "late"


async def test_a_damaged_page_costs_its_own_session_alone(launch):
    server = launch("--demo")
    login = server.known("demo")
    damaged, whole = server.new_session(login), server.new_session(login)
    thoughts = [{"think": f"thought {number} " + "z" * 400} for number in range(120)]
    async with on_stage(server) as client:
        await client.perform(*thoughts, session_id=damaged)
        events = await client.perform(*thoughts, session_id=whole)
    assert server.end() == 0
    spoil_page_with(server.data_dir / "greenroom.db", b"thought 60 zzzz")
    server.start()
    broken = await asyncio.to_thread(server.call, "GET", f"/v1/sessions/{damaged}/events?limit=1000", token=login.token)
    async with on_stage(server) as client:
        await client.request("subscribe", session_id=whole, after={"seq": 0})
        await client.request("subscribe", session_id=damaged, after={"seq": 0})
        error = await client.event("error")
        more = await client.perform({"answer": "goes on"}, session_id=whole)
        new = await client.perform({"answer": "even here"}, session_id=damaged)
    verified = run_greenroom("journal", "verify", "--data-dir", str(server.data_dir))

    assert (broken.status, broken.error["code"]) == (503, "internal")
    assert (error["code"], error["session_id"], error["temporary"]) == ("internal", damaged, True)
    assert client.events(session_id=whole) == [*events, *more]
    assert new[-1]["data"]["text"] == "even here"
    assert verified.returncode == 1
    assert damaged in verified.stdout
    assert "Traceback" not in server.log


def spoil_page_with(database, words):
    """Overwrite the page of the file in which those words are."""
    content = bytearray(database.read_bytes())
    size = int.from_bytes(content[16:18], "big")
    begin = content.index(words) // size * size
    content[begin : begin + size] = b"\xff" * size
    database.write_bytes(content)
