"""``greenroom tree`` against a real server: in a pipe, and at a terminal."""

import asyncio
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

from tests.system.client import on_stage
from tests.system.process import ROOT, environment, run_greenroom
from tests.system.trouble import down_for

pytestmark = pytest.mark.system

# Down for longer than these tests take; a token lasts for a moment.
TOML = down_for(seconds=120) + "[tokens]\naccess_ttl = 2\n"


@pytest.fixture(scope="module")
def server(launch):
    return launch("--demo", toml=TOML)


def tree(server, *arguments, user="operator", password=None):
    return run_greenroom("tree", "--url", server.url, "--user", user, *arguments, stdin=f"{password or user}\n")


async def test_who_is_in_trouble_comes_first_with_all_below_it(server):
    demo = server.login("demo")
    async with on_stage(server, demo) as client:
        well, down = (server.new_session(demo) for _ in range(2))
        await client.request("subscribe", session_id=well)
        await client.message({"crash": "what demo wrote"}, session_id=down)
        await client.event("agent_restarted")
        whole = await asyncio.to_thread(tree, server)
        worst = await asyncio.to_thread(tree, server, "--worst", "1")
        one = await asyncio.to_thread(tree, server, "--session", well)
        data = await asyncio.to_thread(tree, server, "--json")
    headline, root, first, *rest = whole.stdout.splitlines()

    assert (whole.returncode, whole.stderr) == (0, "")
    assert re.search(r"1 failing, 1 well; 7 actors, 1 connection", headline)
    assert root == "└── root running · life 1"
    assert f"demo/{down} failing" in first
    [agent] = [line for line in rest if "agent" in line]
    assert re.search(
        r"agent down · back in [\d.]+ s · life 2 · restarts ●●●●○○ · last ended: error\(ScriptedCrash\)", agent
    )
    assert rest[-1] == f"    └── demo/{well} well"
    assert worst.stdout.splitlines()[-1] == "    └── and 1 more"
    assert [word in one.stdout for word in (well, down, "emitter running · life 1")] == [True, False, True]
    look = json.loads(data.stdout)
    assert look["sessions"]["sessions"][0]["session_id"] == down
    assert look["trees"][down]["children"][-1]["state"] == "down"
    assert "what demo wrote" not in whole.stdout + data.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"password": "wrong"}, "The username or the password is wrong."),
        ({"user": "demo"}, "demo isn't an operator; log in as one who is by --user;"),
    ],
)
def test_it_says_why_it_was_refused(server, options, said):
    done = tree(server, **options)

    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_it_says_when_there_is_no_server():
    done = run_greenroom("tree", "--url", "http://127.0.0.1:1", stdin="operator\n")

    assert (done.returncode, done.stdout) == (1, "")
    assert "is the server running there?" in done.stderr


def command(server, *arguments):
    return [sys.executable, "-W", "error", "-m", "server", "tree", "--url", server.url, *arguments]


def test_in_a_pipe_it_goes_on_past_the_end_of_its_token_until_ctrl_c(server):
    process = subprocess.Popen(
        command(server, "--watch", "--json"),
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(b"operator\n")
    process.stdin.flush()
    looks = [json.loads(process.stdout.readline()) for _ in range(5)]
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)

    assert looks[-1]["overview"]["now"] - looks[0]["overview"]["now"] > 2000
    assert (errors, process.returncode) == (b"", 0)


def read_until(terminal, wanted, patience=30.0):
    """Return what is written to a terminal until that is among it, or until its end where that is None."""
    said, deadline = b"", time.monotonic() + patience
    while wanted is None or wanted not in said:
        readable, _, _ = select.select([terminal], [], [], 1.0)
        assert time.monotonic() < deadline, said
        if readable:
            try:
                said += os.read(terminal, 65_536)
            except OSError:  # Its end, as Linux tells it.
                assert wanted is None, said
                return said
    return said


def test_at_a_terminal_it_repaints_until_ctrl_c_and_leaves_the_screen_as_it_was(server):
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    process = subprocess.Popen(
        command(server, "--watch"),
        cwd=ROOT,
        env=environment() | {"TERM": "xterm-256color"},
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    read_until(terminal, b"Password: ")
    os.write(terminal, b"operator\n")
    first = read_until(terminal, b"root")
    read_until(terminal, b"root")
    process.send_signal(signal.SIGINT)  # What a terminal makes of Ctrl-C.
    last = read_until(terminal, None)
    os.close(terminal)

    assert process.wait(20) == 0
    assert b"\x1b[?1049h" in first
    assert b"\x1b[?1049l" in last
    assert b"Traceback" not in first + last
