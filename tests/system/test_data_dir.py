"""What a server refuses to start on: a directory in use, files that can't be written, what isn't a database."""

import os
import signal
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.system.process import ServerProcess, run_greenroom

pytestmark = pytest.mark.system


def refused(data_dir):
    """Start a server that doesn't; return the one line that it says."""
    done = run_greenroom("serve", "--port", "0", "--data-dir", str(data_dir))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def mount(*arguments):
    """Mount something; skip the test where that isn't allowed."""
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting isn't possible here: {done.stderr}")


@pytest.fixture
def read_only(tmp_path):
    """Make a path read-only even for root, whom permissions don't stop, until the test ends."""
    mounted = []

    def make(path):
        mount("--bind", str(path), str(path))
        mounted.append(path)
        mount("-o", "remount,ro,bind", str(path))

    yield make
    for path in reversed(mounted):
        subprocess.run(["umount", str(path)], check=True)


@pytest.fixture
def left_behind(tmp_path):
    """The data directory of a server that has ended."""
    server = ServerProcess(tmp_path, "--demo")
    assert server.end() == 0
    return tmp_path


def test_a_second_server_on_a_directory_is_refused_and_told_which_process_has_it(launch):
    first = launch("--demo")

    said = refused(first.data_dir)

    assert f"is in use by another server (process {first.process.pid}): stop that one first" in said
    assert first.call("GET", "/healthz").status == 200


def test_accounts_can_be_changed_beside_a_running_server(launch):
    server = launch()
    done = run_greenroom("users", "add", "ann", "--data-dir", str(server.data_dir), stdin="ann\n")

    assert done.returncode == 0
    assert server.login("ann")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_ended_in_whatever_way_stands_in_nobodys_way(tmp_path, number):
    first = ServerProcess(tmp_path, "--demo")
    first.signal(number)
    first.wait()
    first.process.stdout.close()
    second = ServerProcess(tmp_path, "--demo")

    assert second.login("demo")
    assert second.end() == 0


def test_a_read_only_directory_is_refused(left_behind, read_only):
    read_only(left_behind)

    said = refused(left_behind)

    assert f"{left_behind} can't be used as the data directory (Read-only file system): make it one that" in said


def test_a_directory_on_a_full_disk_is_refused(tmp_path):
    mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path))
    try:
        (tmp_path / "filler").write_bytes(bytes(60 * 1024))

        assert "make room" in refused(tmp_path)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_database_that_cannot_be_written_is_refused(left_behind, read_only):
    database = left_behind / "greenroom.db"
    if os.geteuid():
        database.chmod(0o400)
    else:
        read_only(database)

    assert f"{database} can't be opened and written: this user must be allowed to" in refused(left_behind)


def test_a_database_that_is_none_is_refused(left_behind):
    database = left_behind / "greenroom.db"
    database.write_bytes(b"not a database" * 1000)

    assert f"{database} is damaged, or isn't a database of Greenroom: put a backup in its place" in refused(left_behind)


def test_a_damaged_database_is_refused(left_behind):
    database = left_behind / "greenroom.db"
    content = database.read_bytes()
    database.write_bytes(content[:4096] + bytes(len(content) - 4096))

    assert f"{database} is damaged, or isn't a database of Greenroom" in refused(left_behind)


def test_a_database_that_another_program_keeps_locked_is_refused(left_behind):
    database = left_behind / "greenroom.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        assert f"{database} is locked by another program, which `fuser {database}` names" in refused(left_behind)
