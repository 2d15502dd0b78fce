"""The disk fails under a running server: nothing is shown that isn't recorded, and all goes on when it can."""

import asyncio
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager

import pytest

from tests.system.client import on_stage, script
from tests.system.continuity import resuming, watching
from tests.system.process import ServerProcess, run_greenroom

pytestmark = pytest.mark.system

HANG = ({"think": "about to hang"}, {"hang": True})
MOST_TRIES = 500


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
def start():
    """Start servers that end before their disks do; none may have failed at anything it didn't foresee."""
    started = []

    def start_on(data_dir):
        server = ServerProcess(data_dir, "--demo")
        started.append(server)
        return server

    yield start_on
    for server in started:
        server.end()
    for server in started:
        assert "Traceback" not in server.log
        done = run_greenroom("journal", "verify", "--data-dir", str(server.data_dir))
        assert done.returncode == 0, done.stdout


@contextmanager
def full(disk):
    """Leave no byte of a disk free for as long as this lasts."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            yield
    filler.unlink()


@contextmanager
def unwritable(server):
    """Let nobody write the database's files, not even who has them open."""
    files = [str(file) for file in server.data_dir.glob("greenroom.db*")]
    run_or_skip("chattr", "+i", *files)
    try:
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


async def until_ready(server):
    while (await asyncio.to_thread(ready, server)).status != 200:
        await asyncio.sleep(0.05)


async def refused_at_last(client, session_id):
    """Send messages until one can't be recorded, and return the error; those before it are dequeued."""
    for _ in range(MOST_TRIES):
        answer = await client.answer(
            await client.ask("message", text=script({"answer": "x" * 20_000}), agent="rehearsal", session_id=session_id)
        )
        if answer["type"] == "error":
            return answer
        await client.ended(answer["run_id"])
        await asyncio.sleep(0.03)
    raise AssertionError("everything could be recorded")

TICKS = [{"tool": "wait", "arguments": {"seconds": 0.02}}] * 5_00


async def test_explore_full(small_disk, start):
    server = start(small_disk)
    login = server.known("demo")
    session = server.new_session(login)
    async with watching(server, session) as watch:
        ack = await watch.client.message(*TICKS, session_id=session)
        queued = await watch.client.message({"answer": "later"}, session_id=session)
        await watch.client.event("tool_executing")
        with full(small_disk):
            t0 = time.monotonic()
            while (await asyncio.to_thread(ready, server)).status == 200:
                await asyncio.sleep(0.01)
            print("not ready after", time.monotonic() - t0, len(watch.seen))
            for _ in range(3):
                t0 = time.monotonic()
                a = await asyncio.to_thread(server.call, "POST", "/v1/login", {"username": "demo2", "password": "demo2"})
                print(a.status, a.body[:200], time.monotonic() - t0)
            a = await asyncio.to_thread(server.call, "POST", "/v1/sessions", {"title": "demo2"}, login.token)
            print(a.status, a.body[:200], time.monotonic() - t0)
            a = await asyncio.to_thread(server.call, "POST", "/v1/ws-ticket", None, login.token)
            print(a.status, a.body[:200], time.monotonic() - t0)
            a = await asyncio.to_thread(server.call, "GET", f"/v1/sessions/{session}/events", None, login.token)
            print(a.status, len(a.body), time.monotonic() - t0)
            a = await asyncio.to_thread(server.call, "DELETE", f"/v1/sessions/{session}", None, login.token)
            print(a.status, a.body[:200], time.monotonic() - t0)
            a = await asyncio.to_thread(server.call, "POST", "/v1/refresh", {"refresh_token": login.refresh_token})
            print(a.status, a.body[:200], time.monotonic() - t0)
            print(await watch.client.refused("message", text="x", session_id=session))
            for i in range(3):
                await asyncio.sleep(1)
                print(ready(server).status, len(watch.seen))
        t0 = time.monotonic()
        await until_ready(server)
        print("ready after", time.monotonic() - t0)
        print((await watch.client.ended(ack["run_id"]))["data"])
        print((await watch.client.ended(queued["run_id"]))["data"])
    print(server.log[-6000:])
