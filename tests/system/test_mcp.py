"""Tools of MCP servers, which are real processes of the library's own server: they crash, hang, come late, go."""

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.system.client import on_stage
from tests.system.models import Model, calling, said

pytestmark = pytest.mark.system

SCRIPT = str(Path(__file__).with_name("mcp_server.py"))
SECRET = "a-secret-that-nobody-may-see"
KEY_HASH = hashlib.sha256(SECRET.encode()).hexdigest()
ENDED = "the server ended the connection"
QUICKLY = "[restart.mcp.backoff]\nmin = 0.05\nmax = 0.2\n"


def stdio(name="workshop", **fields):
    """Return the settings of a server that is a command."""
    return settings(name, command=[sys.executable, SCRIPT, "stdio"], **fields)


def settings(name, **fields):
    env = fields.pop("env", {})
    lines = [f"[mcp.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in fields.items())]
    return "\n".join([*lines, f"[mcp.{name}.env]", *(f"{key} = {json.dumps(value)}" for key, value in env.items()), ""])


def over_http(port, name="workshop", **fields):
    """Return the settings of a server at a URL."""
    headers = fields.pop("headers", {})
    lines = [f"[mcp.{name}]", f'url = "http://127.0.0.1:{port}/mcp"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in fields.items()]
    return "\n".join([*lines, f"[mcp.{name}.headers]", *(f'{key} = "{value}"' for key, value in headers.items()), ""])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Elsewhere:
    """An MCP server over streamable HTTP, which somebody else runs."""

    def __init__(self, port):
        self.port = port
        self.start()

    def start(self):
        command = [sys.executable, SCRIPT, "http", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def elsewhere():
    server = Elsewhere(free_port())
    yield server
    server.end()


@pytest.fixture
def serve(tmp_path):
    """Start a demo server with these settings."""
    from tests.system.process import ServerProcess  # noqa: PLC0415 - one for each test, with its own settings

    started = []

    def start(*toml):
        server = ServerProcess(tmp_path / f"data{len(started)}", "--demo", toml="".join(toml))
        started.append(server)
        return server

    yield start
    for server in started:
        server.end()
        assert not server.faults(), "\n".join(server.faults())
        assert SECRET not in server.log


async def use(client, tool, **arguments):
    """Have the rehearsal agent call a tool, and return its tool_completed."""
    events = await client.perform({"tool": tool, "arguments": arguments}, {"answer": "done"})
    assert events[-1]["data"]["outcome"] == "success", events[-1]
    return next(event["data"] for event in events if event["type"] == "tool_completed")


async def works(client, tool="workshop_add", patience=20.0, **arguments):
    """Call until the server is there, and return the first result."""
    deadline = time.monotonic() + patience
    while True:
        done = await use(client, tool, **(arguments or {"a": 1, "b": 2}))
        if done["ok"] or time.monotonic() > deadline:
            assert done["ok"], done
            return done["result"]
        assert done["error"]["code"] == "unavailable", done
        await asyncio.sleep(0.1)


async def die(client, server):
    """End the workshop in the middle of a call, and wait until it is missed: before, a call may still go to it."""
    before = server.log.count(ENDED)
    assert (await use(client, "workshop_die"))["error"]["code"] == "crashed"
    await logged(server, ENDED, before + 1)


async def logged(server, what, times=1, patience=15.0):
    """Wait until the server has logged it, as many times."""
    deadline = time.monotonic() + patience
    while server.log.count(what) < times:
        assert time.monotonic() < deadline, server.log
        await asyncio.sleep(0.1)


def gone(pid):
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def wait_gone(*pids, patience=10.0):
    deadline = time.monotonic() + patience
    while not all(map(gone, pids)):
        assert time.monotonic() < deadline, f"still there: {[pid for pid in pids if not gone(pid)]}"
        time.sleep(0.05)


def family(pid):
    """Return all processes below one."""
    below = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            below.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    found, todo = [], [pid]
    while todo:
        children = below.get(todo.pop(), [])
        found += children
        todo += children
    return found


async def test_the_tools_of_a_command_are_called_like_any_others(serve):
    server = serve(stdio(env={"WORKSHOP_SECRET": SECRET[:8]}))

    async with on_stage(server) as client:
        assert await works(client) == {"result": 3}
        told = await use(client, "workshop_who")
        assert told["result"]["path"] is False, "the command gets no more of our environment than it needs"
        failed = await use(client, "workshop_refuse", why="I'd rather not")
        assert (failed["ok"], failed["error"]["code"]) == (False, "failed")
        assert failed["error"]["message"].endswith("I'd rather not")
        wrong = await use(client, "workshop_add", a="one", b=2)
        assert wrong["error"]["code"] == "bad_arguments"
        assert "a" in wrong["error"]["message"]
        unknown = await use(client, "workshop_nothing")
        assert unknown["error"]["code"] == "not_found"
        long = await use(client, "workshop_flood", size=2_000_000)
        assert long["error"]["code"] == "bad_result"


async def test_a_server_that_dies_in_a_call_fails_that_call_and_is_there_again_for_the_next(serve):
    server = serve(stdio(), stdio("other"), QUICKLY)

    async with on_stage(server) as client, on_stage(server, "demo2") as neighbour:
        await works(client)
        first = (await use(client, "workshop_who"))["result"]["pid"]
        others = await works(neighbour, "other_who")
        await die(client, server)
        assert await works(neighbour, "other_who") == others, "the other server went on"
        assert await works(client) == {"result": 3}
        assert (await use(client, "workshop_who"))["result"]["pid"] != first


async def test_a_server_that_hangs_times_out_and_is_begun_anew(serve):
    server = serve(stdio(timeout=1), QUICKLY)

    async with on_stage(server) as client:
        await works(client)
        first = (await use(client, "workshop_who"))["result"]["pid"]
        done = await use(client, "workshop_wedge")
        assert done["error"]["code"] == "timeout"
        deadline = time.monotonic() + 15
        while (done := await use(client, "workshop_who"))["ok"] is False:
            assert time.monotonic() < deadline, done
            await asyncio.sleep(0.2)
        assert done["result"]["pid"] != first
        wait_gone(first)
        assert "nothing came for 1 s" in server.log


async def test_a_server_that_comes_late_keeps_nobody_waiting(serve):
    server = serve(stdio(env={"SLOW": "6"}), QUICKLY)

    async with on_stage(server) as client:
        for _ in range(2):  # Before it was ever there, and when its tools are known.
            began = time.monotonic()
            while not (done := await use(client, "workshop_add", a=1, b=2))["ok"]:
                assert done["error"]["code"] == "unavailable"
                assert done["duration_ms"] < 3000
                await asyncio.sleep(0.2)
            assert time.monotonic() - began > 3
            assert done["duration_ms"] < 3000
            await die(client, server)


async def test_a_cancelled_run_cancels_its_call(serve, tmp_path):
    server = serve(stdio())
    note = tmp_path / "note"

    async with on_stage(server) as client:
        await works(client)
        ack = await client.message({"tool": "workshop_nap", "arguments": {"seconds": 60, "note": str(note)}})
        await client.event("tool_executing", ack["run_id"])
        await asyncio.sleep(0.5)
        await client.request("cancel", run_id=ack["run_id"])
        await client.ended(ack["run_id"])
        deadline = time.monotonic() + 10
        while not note.exists():
            assert time.monotonic() < deadline, "the server was never told"
            await asyncio.sleep(0.05)
        assert await works(client) == {"result": 3}
        assert "mcp_down" not in server.log


async def test_a_server_at_a_url_may_go_and_come_back(serve, elsewhere):
    tight = "[restart.mcp]\nmax_restarts = 1\nwithin = 2\n"
    server = serve(over_http(elsewhere.port, headers={"X-Key": SECRET}), tight, QUICKLY)

    async with on_stage(server) as client:
        assert await works(client) == {"result": 3}
        assert (await use(client, "workshop_knows", key_hash=KEY_HASH))["result"] == {"result": True}
        ack = await client.message({"tool": "workshop_nap", "arguments": {"seconds": 60}})
        await client.event("tool_executing", ack["run_id"])
        await asyncio.sleep(0.5)
        elsewhere.end()
        done = (await client.event("tool_completed", ack["run_id"]))["data"]
        assert (done["ok"], done["error"]["code"]) == (False, "crashed")
        done = await use(client, "workshop_add", a=1, b=2)
        assert done["error"]["code"] == "unavailable"
        await logged(server, "mcp_resting")
        elsewhere.start()
        assert await works(client, patience=40) == {"result": 3}


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (settings("broken", command=["/no/such/command"]), "there is no command '/no/such/command'"),
        (settings("broken", command=[sys.executable, "-c", "print('no protocol')"]), "mcp_down"),
        (over_http(1, "broken"), "mcp_down"),
    ],
    ids=["no command", "no protocol", "no url"],
)
async def test_a_server_that_never_comes_is_logged_and_harms_nobody(serve, toml, said):
    server = serve(toml, stdio(), QUICKLY)

    async with on_stage(server) as client:
        assert await works(client) == {"result": 3}
        done = await use(client, "broken_anything", a=1)
        assert (done["ok"], done["error"]["code"]) == (False, "unavailable")
        await logged(server, "mcp_resting")
        assert said in server.log


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["drain", "kill"])
@pytest.mark.parametrize("tool", ["workshop_nap", "workshop_wedge"], ids=["in a call", "wedged"])
async def test_nothing_is_left_when_the_server_ends(serve, end, tool):
    server = serve("[timeouts]\ndrain = 0.5\n", stdio(), stdio("other"))

    async with on_stage(server) as client:
        await works(client)
        await works(client, "other_add")
        processes = family(server.process.pid)
        assert len(processes) == 4
        arguments = {"seconds": 60} if tool == "workshop_nap" else {}
        ack = await client.message({"tool": tool, "arguments": arguments})
        await client.event("tool_executing", ack["run_id"])
        await asyncio.sleep(0.3)
    server.signal(end)
    assert server.wait() == (0 if end == signal.SIGTERM else -signal.SIGKILL)
    wait_gone(*processes)


async def test_what_talks_to_a_server_may_be_killed_itself(serve):
    server = serve(stdio(), QUICKLY)

    async with on_stage(server) as client:
        await works(client)
        first = (await use(client, "workshop_who"))["result"]["pid"]
        ack = await client.message({"tool": "workshop_wedge", "arguments": {}})
        await client.event("tool_executing", ack["run_id"])
        await asyncio.sleep(0.3)
        (between,) = set(family(server.process.pid)) - {first}
        os.kill(between, signal.SIGKILL)
        done = (await client.event("tool_completed", ack["run_id"]))["data"]
        assert done["error"]["code"] == "crashed"
        wait_gone(first)
        assert await works(client) == {"result": 3}


async def test_a_server_that_ends_while_nobody_calls_it_is_missed_at_once(serve):
    server = serve(stdio(), QUICKLY)

    async with on_stage(server) as client:
        await works(client)
        os.kill((await use(client, "workshop_who"))["result"]["pid"], signal.SIGKILL)
        await logged(server, ENDED, patience=5)
        assert await works(client) == {"result": 3}


async def test_tools_are_for_the_agents_and_the_roles_that_the_settings_name(serve):
    server = serve(stdio(agents=["librarian"]), stdio("guarded", roles=["operator"]))

    async with on_stage(server) as client, on_stage(server, "operator") as operator:
        assert await works(operator, "guarded_add") == {"result": 3}
        assert (await use(client, "guarded_add", a=1, b=2))["error"]["code"] == "forbidden"
        assert (await use(client, "workshop_add", a=1, b=2))["error"]["code"] == "not_found"


async def test_the_assistants_model_is_offered_the_tools_and_calls_them(serve, tmp_path):
    fixtures = [
        said("two and three", calling(("workshop_add", {"a": 2, "b": 3})), after_tools=False),
        said("two and three", {"content": "It is 5."}, after_tools=True),
    ]
    model = Model(tmp_path, fixtures, SECRET)
    try:
        settings = f'[model]\nname = "gpt-test"\nbase_url = "http://127.0.0.1:{model.port}/v1"\napi_key = "{SECRET}"\n'
        server = serve(settings, stdio())

        async with on_stage(server) as client:
            await works(client)
            ack = await client.request("message", text="two and three?", agent="assistant")
            completed = (await client.ended(ack["run_id"]))["data"]
            assert completed["text"] == "It is 5.", completed.get("error")
        first, second = model.asked("two and three?")
        assert "workshop_add" in [tool["function"]["name"] for tool in first["tools"]]
        assert json.loads(second["messages"][-1]["content"]) == {"result": 5}
    finally:
        model.end()
