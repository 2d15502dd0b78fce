"""Starting and ending the process: drains, signals, exit statuses, wrong settings."""

import asyncio
import signal

import pytest
from websockets.exceptions import InvalidStatus

from actors.session.promises import check_log
from tests.system.accounts import add_accounts
from tests.system.client import dial, on_stage
from tests.system.process import run_greenroom

pytestmark = pytest.mark.system


@pytest.fixture
def doomed(launch):
    """A server that the test ends."""
    return launch("--demo", toml="[timeouts]\ndrain = 5\n")


def test_without_work_a_signal_ends_the_process_at_once_with_0(doomed):
    doomed.signal(signal.SIGTERM)

    assert doomed.wait() == 0
    assert doomed.faults() == []


def test_ctrl_c_drains_too(doomed):
    doomed.signal(signal.SIGINT)

    assert doomed.wait() == 0


async def test_a_drain_lets_the_run_end_and_says_goodbye(doomed):
    login = doomed.known("demo")
    async with on_stage(doomed) as client, on_stage(doomed) as idle:
        ack = await client.message({"sleep_ms": 700}, {"answer": "ended in time"})
        await client.event("agent_started", ack["run_id"])
        doomed.signal(signal.SIGTERM)
        draining = await client.event("draining")

        ready = await asyncio.to_thread(doomed.call, "GET", "/readyz")
        alive = await asyncio.to_thread(doomed.call, "GET", "/healthz")
        refused = await client.refused("message", text="one more")
        with pytest.raises(InvalidStatus) as turned_away:
            await dial(doomed, token=login.token)
        codes = await asyncio.gather(client.close_code(), idle.close_code())
    status = await asyncio.to_thread(doomed.wait)

    assert draining["deadline_ms"] == 5_000
    assert (ready.status, ready.error["code"]) == (503, "draining")
    assert alive.status == 200
    assert (refused["code"], refused["temporary"]) == ("draining", True)
    assert turned_away.value.response.status_code == 503
    assert client.events(ack["run_id"])[-1]["data"]["text"] == "ended in time"
    assert codes == [1012, 1012]
    for seen in (client, idle):
        assert [frame["type"] for frame in seen.frames].count("draining") == 1
        bye = seen.frames[-1]
        assert (bye["type"], bye["code"], bye["reconnect"]) == ("bye", 1012, True)
        assert bye["retry_after_ms"] >= 0
    assert status == 0


async def test_a_run_that_outlasts_the_drain_is_left_open_in_the_log_and_the_status_is_0(launch):
    server = launch("--demo", toml="[timeouts]\ndrain = 0.3\n")
    async with on_stage(server) as client:
        ack = await client.message({"hang": True})
        await client.event("agent_started", ack["run_id"])
        server.signal(signal.SIGTERM)
        code = await client.close_code()
    status = await asyncio.to_thread(server.wait)

    assert (code, status) == (1012, 0)
    log = check_log(ack["session_id"], client.events(), finished=False)
    assert log.active == ack["run_id"]


async def test_a_drain_begins_no_run_of_the_queue(doomed):
    async with on_stage(doomed) as client:
        await client.message({"sleep_ms": 500})
        waiting = await client.message({"hang": True})
        doomed.signal(signal.SIGTERM)
        code = await client.close_code()
    status = await asyncio.to_thread(doomed.wait)

    assert (code, status) == (1012, 0)
    assert [event["type"] for event in client.events(waiting["run_id"])] == ["message_accepted"]


async def test_a_second_signal_ends_the_process_at_once_with_1(doomed):
    async with on_stage(doomed) as client:
        ack = await client.message({"hang": True})
        await client.event("agent_started", ack["run_id"])
        doomed.signal(signal.SIGTERM)
        await client.event("draining")
        doomed.signal(signal.SIGTERM)
        status = await asyncio.to_thread(doomed.wait)

    assert status == 1


# Wrong settings.


def test_all_wrong_settings_are_named_at_once_with_status_2(tmp_path):
    config = tmp_path / "wrong.toml"
    config.write_text('[limits]\nmesage_bytes = 5\nqueued_messages = "many"\n[timeouts]\nrun = -1\n')
    data_dir = ["--data-dir", str(tmp_path / "data")]
    done = run_greenroom("serve", "--config", str(config), "--port", "99999", *data_dir, TIMEOUTS__DRAIN="soon")

    assert done.returncode == 2
    assert done.stdout == ""
    for named in ("mesage_bytes", "limits.message_bytes", "queued_messages", "timeouts.run", "port", "DRAIN"):
        assert named.lower() in done.stderr.lower(), named
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_demo_accounts_are_refused_where_others_could_reach_them(tmp_path, host):
    done = run_greenroom("serve", "--demo", "--host", host, "--port", "0", "--data-dir", str(tmp_path / "data"))

    assert done.returncode == 2
    assert "--demo" in done.stderr
    assert not (tmp_path / "data").exists()


def test_an_agent_that_doesnt_import_is_named_at_the_start(tmp_path):
    config = tmp_path / "agents.toml"
    config.write_text('agents = ["nosuch.module:Agent", "tests.system.agents:Nobody"]\n')
    done = run_greenroom("serve", "--config", str(config), "--port", "0", "--data-dir", str(tmp_path / "data"))

    assert done.returncode != 0
    for named in ("nosuch.module:Agent", "tests.system.agents:Nobody"):
        assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_said_plainly(server, tmp_path):
    done = run_greenroom("serve", "--port", str(server.port), "--data-dir", str(tmp_path / "data"))

    assert done.returncode != 0
    assert "Traceback" not in done.stderr


async def test_without_demo_there_are_no_demo_accounts_and_no_rehearsal(launch):
    server = launch()
    done = run_greenroom("users", "add", "somebody", "--data-dir", str(server.data_dir), stdin="somebody\n")
    assert done.returncode == 0, done.stderr

    assert server.call("POST", "/v1/login", {"username": "demo", "password": "demo"}).status == 401
    async with on_stage(server, "somebody") as client:
        error = await client.refused("message", text="{}", agent="rehearsal")
        ack = await client.request("message", text="what is 2 + 2?")
        assert (await client.ended(ack["run_id"]))["data"]["outcome"] == "success"
    assert error["code"] == "not_found"


async def test_a_disabled_account_is_out_at_once(server):
    add_accounts(server.data_dir, ["unwanted"])
    login = server.login("unwanted")
    done = run_greenroom("users", "disable", "unwanted", "--data-dir", str(server.data_dir))

    assert done.returncode == 0, done.stderr
    assert server.call("GET", "/v1/me", token=login.token).status == 401
    assert server.call("POST", "/v1/login", {"username": "unwanted", "password": "unwanted"}).status == 401
    with pytest.raises(InvalidStatus):
        await dial(server, token=login.token)
