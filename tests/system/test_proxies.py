"""A server behind a proxy that it trusts: limits and logs go by the client's address."""

import json
import time

import pytest

from tests.system.client import PATIENCE, dial
from tests.system.process import run_greenroom

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def behind(launch):
    toml = """
        trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]
        [limits]
        connections_per_address = 2
        logins_per_address = 2
    """
    return launch("--demo", toml=toml)


def of(address):
    return {"X-Forwarded-For": address}


async def test_connections_are_limited_by_the_clients_address(behind):
    async def come(address):
        return await dial(behind, token=behind.known("demo").token, headers=of(address))

    for _ in range(2):
        await (await come("198.51.100.7")).event("welcome")
    over = await come("198.51.100.7, 10.0.0.3")
    forged = await come("203.0.113.1, 198.51.100.7")
    elsewhere = await come("198.51.100.8")

    assert await over.close_code() == 4029
    assert await forged.close_code() == 4029
    assert await elsewhere.event("welcome")
    assert behind.metric("limits_reached_total", limit="limits.connections_per_address") == 2


def test_failed_logins_are_counted_by_the_clients_address(behind):
    def tried(address, number):
        body = {"username": f"nobody-{number}", "password": "wrong"}
        return behind.call("POST", "/v1/login", body, headers=of(address)).status

    statuses = [tried("198.51.100.20", number) for number in range(3)]

    assert statuses == [401, 401, 429]
    assert tried("198.51.100.21", 9) == 401
    assert tried("198.51.100.21, 198.51.100.20", 9) == 429


def test_the_log_names_the_clients_address(behind):
    behind.call("GET", "/healthz", headers=of("198.51.100.30"))
    deadline = time.monotonic() + PATIENCE
    while not (lines := [line for line in behind.log.splitlines() if '"198.51.100.30"' in line]):
        assert time.monotonic() < deadline

    assert [json.loads(line)["path"] for line in lines] == ["/healthz"]


def test_without_trusted_proxies_the_header_says_nothing(server):
    server.call("GET", "/healthz", headers=of("198.51.100.31"))

    assert "198.51.100.31" not in server.log


def test_the_networks_are_shown(behind):
    done = run_greenroom("config", "--data-dir", str(behind.data_dir))

    assert '["127.0.0.1/32", "10.0.0.0/8"]' in done.stdout.replace("\n", " ")


def test_what_is_no_network_is_refused_at_the_start(tmp_path):
    config = tmp_path / "wrong.toml"
    config.write_text('trusted_proxies = ["10.0.0.1", "proxy.example.com", "10.0.0.1/8"]\n')
    done = run_greenroom("serve", "--config", str(config), "--data-dir", str(tmp_path / "data"), "--port", "0")

    assert done.returncode == 2
    assert done.stderr.count("trusted_proxies") >= 2
