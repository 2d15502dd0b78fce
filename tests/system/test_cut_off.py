"""Credentials that are no good any more, and the sockets that live on them."""

import asyncio
import stat
import time

import jwt
import pytest
from websockets.exceptions import InvalidStatus

from config.names import FIELDS
from server.identity.key import load_key
from server.observability.metrics import LIMITS
from tests.system.accounts import add_accounts
from tests.system.client import bearer_protocol, dial, on_stage
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


# Whatever is wrong with it, and however it comes.


def bad_tokens(server):
    """Return access tokens that aren't good, by what is wrong with them."""
    key = load_key(server.data_dir)
    login, gone = server.login("demo2"), server.login("demo2")
    said = jwt.decode(login.token, options={"verify_signature": False})
    server.call("POST", "/v1/logout", token=gone.token)

    def signed(using=key, algorithm="HS256", **changes):
        return jwt.encode(said | changes, using, algorithm)

    return {
        "alg none": signed(None, "none"),
        "another algorithm": signed(key * 2, "HS512"),
        "another key": signed(bytes(32)),
        "another issuer": signed(iss="https://id.example.com"),
        "another audience": signed(aud="another"),
        "expired": signed(exp=time.time() - 1),
        "another user": signed(sub="u_0123456789abcdef"),
        "another login": signed(sid="f_0123456789abcdef"),
        "logged out": gone.token,
        "a refresh token": login.refresh_token,
        "nonsense": "nonsense",
        "empty": "",
    }


async def in_the_header(server, token):
    return await status_of(server, token=token)


async def in_a_subprotocol(server, token):
    return await status_of(server, subprotocols=["greenroom.v1", bearer_protocol(token)])


async def as_a_ticket(server, token):
    return await status_of(server, f"?ticket={token}")


async def in_a_frame(server, token):
    client = await dial(server)
    await client.send("auth", token=token)
    return await client.close_code()


async def over_http(server, token):
    return (await asyncio.to_thread(server.call, "GET", "/v1/me", token=token)).status


async def status_of(server, path="", **options):
    with pytest.raises(InvalidStatus) as refused:
        await dial(server, path, **options)
    return refused.value.response.status_code


@pytest.mark.parametrize(
    ("way", "refusal"),
    [(in_the_header, 401), (in_a_subprotocol, 401), (as_a_ticket, 401), (in_a_frame, 4001), (over_http, 401)],
)
async def test_a_bad_credential_is_refused_whichever_way_it_comes(server, way, refusal):
    tokens = await asyncio.to_thread(bad_tokens, server)
    answers = {wrong: await way(server, token) for wrong, token in tokens.items()}

    assert answers == dict.fromkeys(tokens, refusal)


# What every answer says, and doesn't.


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/v1/me", "/v1/ws", "/nowhere", "/metrics", "/healthz"])
def test_every_answer_bears_the_headers_that_keep_a_page_safe_and_opens_nothing_to_other_origins(server, path):
    answer = server.call("GET", path, headers={"Origin": "https://evil.example"})
    policy = answer.headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_preflight_is_given_no_leave(server):
    wish = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = server.call("OPTIONS", "/v1/login", headers=wish)

    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_the_key_and_the_database_are_for_their_owners_eyes_alone(server):
    kept = {path.name: stat.S_IMODE(path.stat().st_mode) for path in server.data_dir.iterdir()}

    assert kept["secret.key"] == kept["greenroom.db"] == kept["greenroom.db-wal"] == 0o600


def test_metrics_are_open_and_name_nobody(server):
    login = server.known("demo")
    server.call("POST", "/v1/login", {"username": "somebody-unmistakable", "password": "x"})
    answer = server.call("GET", "/metrics")
    text = answer.body.decode()

    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert server.metric("logins_total", outcome="failed") >= 1
    for said in ("somebody-unmistakable", login.user_id, "demo", "127.0.0.1", str(server.data_dir)):
        assert said not in text


def test_every_limit_in_the_metrics_is_a_setting():
    assert [name for name in LIMITS if name not in FIELDS] == []
