"""Credentials that are no good any more, and the sockets that live on them."""

import asyncio
import time

import pytest
from websockets.exceptions import InvalidStatus

from tests.system.accounts import add_accounts
from tests.system.client import dial, on_stage
from tests.system.process import run_greenroom

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def brief(launch):
    """A server whose access tokens are soon over."""
    return launch("--demo", toml="[tokens]\naccess_ttl = 1\nexpiry_grace = 1\n")


def posted(server, path, body=None, token=None):
    return server.call("POST", path, body, token)


# Accounts that another process changes.


@pytest.mark.parametrize(("command", "stdin"), [("disable", ""), ("passwd", "another\n")])
async def test_a_command_beside_the_server_ends_the_sockets_that_are_open(server, command, stdin):
    name = f"unwanted-{command}"
    add_accounts(server.data_dir, [name])
    login = await asyncio.to_thread(server.login, name)
    idle = await dial(server)
    async with on_stage(server, login) as client, on_stage(server) as bystander:
        arguments = ("users", command, name, "--data-dir", str(server.data_dir))
        done = await asyncio.to_thread(run_greenroom, *arguments, stdin=stdin)
        ended = time.monotonic()
        code = await client.close_code()
        seconds = time.monotonic() - ended
        await idle.send("auth", token=login.token)
        assert (await bystander.request("ping", t=1))["t"] == 1

    assert done.returncode == 0, done.stderr
    assert code == 4001
    assert seconds < 3
    assert (client.frames[-1]["type"], client.frames[-1]["code"]) == ("bye", 4001)
    assert await idle.close_code() == 4001


async def test_whoever_is_enabled_again_logs_in_anew(server):
    add_accounts(server.data_dir, ["wanted"])
    old = await asyncio.to_thread(server.login, "wanted")
    for command in ("disable", "enable"):
        await asyncio.to_thread(run_greenroom, "users", command, "wanted", "--data-dir", str(server.data_dir))
    async with on_stage(server, await asyncio.to_thread(server.login, "wanted")) as client:
        assert client.welcome
    assert posted(server, "/v1/refresh", {"refresh_token": old.refresh_token}).status == 401


# Time.


async def test_a_socket_whose_token_is_over_is_closed_after_the_grace(brief):
    login = await asyncio.to_thread(brief.login, "demo")
    began = time.monotonic()
    async with on_stage(brief, login) as client:
        code = await client.close_code()

    assert code == 4001
    assert 1.5 < time.monotonic() - began < 5


async def test_a_socket_that_is_renewed_stays(brief):
    login = await asyncio.to_thread(brief.login, "demo2")
    async with on_stage(brief, login) as client:
        began = time.monotonic()
        refresh_token = login.refresh_token
        while time.monotonic() - began < 4:
            granted = (await asyncio.to_thread(posted, brief, "/v1/refresh", {"refresh_token": refresh_token})).json
            refresh_token = granted["refresh_token"]
            await client.request("auth", token=granted["access_token"])
            await asyncio.sleep(0.3)  # The clock on the wall is what this is about.
        assert (await client.request("ping", t=1))["t"] == 1


# Tickets.


async def test_a_ticket_is_good_once_and_for_one_of_two_at_once(server):
    token = server.known("demo").token

    async def used(ticket):
        try:
            client = await dial(server, f"?ticket={ticket}")
        except InvalidStatus as refused:
            return refused.response.status_code
        await client.event("welcome")
        await client.close()
        return 101

    tickets = [posted(server, "/v1/ws-ticket", token=token).json["ticket"] for _ in range(2)]
    in_a_row = [await used(tickets[0]), await used(tickets[0])]
    at_once = await asyncio.gather(*(used(tickets[1]) for _ in range(5)))

    assert in_a_row == [101, 401]
    assert sorted(at_once) == [101, 401, 401, 401, 401]


async def test_a_ticket_of_a_login_that_is_over_is_refused(server):
    login = await asyncio.to_thread(server.login, "demo")
    ticket = posted(server, "/v1/ws-ticket", token=login.token).json["ticket"]
    posted(server, "/v1/logout", token=login.token)

    with pytest.raises(InvalidStatus) as refused:
        await dial(server, f"?ticket={ticket}")
    assert refused.value.response.status_code == 401
