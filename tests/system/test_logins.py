"""Logins and their tokens: how one gets them, loses them, and is kept from guessing."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.system.client import on_stage
from tests.system.process import JSON, posted, run_greenroom

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def guarded(launch):
    """A server that counts failed logins by name; all of them may come from here."""
    return launch("--demo", toml="[limits]\nlogins_per_address = 1000\n")


@pytest.fixture(scope="module")
def small(launch):
    """A server that forgives few failures, and whose tokens are soon over."""
    toml = """
        [limits]
        logins_per_username = 2
        logins_per_address = 3
        [tokens]
        access_ttl = 2
    """
    return launch("--demo", toml=toml)


# Logins.


def test_a_login_gives_what_the_protocol_says(server):
    answer = posted(server, "/v1/login", {"username": "demo", "password": "demo"})
    granted = answer.json

    assert answer.status == 200
    assert answer.headers["Content-Type"] == JSON
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(granted) == {"access_token", "token_type", "expires_in", "refresh_token", "user_id"}
    assert (granted["token_type"], granted["expires_in"]) == ("bearer", 900)


def test_an_account_added_by_command_logs_in_while_the_server_runs(server):
    done = run_greenroom("users", "add", "newcomer", "--data-dir", str(server.data_dir), stdin="a good password\n")

    assert done.returncode == 0, done.stderr
    login = server.login("newcomer", "a good password")
    assert server.call("GET", "/v1/me", token=login.token).json["username"] == "newcomer"


def test_a_wrong_password_and_an_unknown_user_are_answered_in_the_same_words(guarded):
    server = guarded
    answers = [
        posted(server, "/v1/login", {"username": "demo", "password": "wrong"}),
        posted(server, "/v1/login", {"username": "nobody", "password": "wrong"}),
        posted(server, "/v1/login", {"username": "no such\u0000name", "password": "wrong"}),
    ]

    assert [answer.status for answer in answers] == [401] * 3
    assert answers[0].error["code"] == "unauthorized"
    assert len({answer.body for answer in answers}) == 1


def test_a_wrong_password_and_an_unknown_user_take_the_same_time(guarded):
    def fastest(username):
        times = []
        for _ in range(3):
            began = time.perf_counter()
            posted(guarded, "/v1/login", {"username": username, "password": "wrong"})
            times.append(time.perf_counter() - began)
        return min(times)

    known, unknown = fastest("demo"), fastest("no-one")
    assert 0.5 < known / unknown < 2


def test_the_sixth_login_after_five_failures_waits_even_with_the_right_password(guarded):
    wrong = {"username": "demo2", "password": "wrong"}
    failures = [posted(guarded, "/v1/login", wrong) for _ in range(5)]
    right = posted(guarded, "/v1/login", {"username": "demo2", "password": "demo2"})

    assert [failure.status for failure in failures] == [401] * 5
    assert right.status == 429
    assert right.error["code"] == "rate_limited"
    assert 0 < right.error["retry_after_ms"] <= 60_000
    assert 0 < int(right.headers["Retry-After"]) <= 60
    assert guarded.login("demo").user_id


def test_failures_from_one_address_are_limited_over_all_names(launch):
    server = launch(toml="[limits]\nlogins_per_address = 3\n")
    statuses = [
        posted(server, "/v1/login", {"username": f"nobody{number}", "password": "wrong"}).status for number in range(4)
    ]

    assert statuses == [401, 401, 401, 429]


def test_good_logins_dont_count(small):
    assert len({small.login("demo").user_id for _ in range(4)}) == 1


def test_guesses_made_all_at_once_are_limited_like_those_made_in_a_row(guarded):
    with ThreadPoolExecutor(15) as pool:
        guesses = [{"username": "operator", "password": f"guess {number}"} for number in range(15)]
        statuses = list(pool.map(lambda guess: posted(guarded, "/v1/login", guess).status, guesses))

    assert statuses.count(401) <= 5


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"username": "demo"}',
        b'{"username": 7, "password": "demo"}',
        b'{"username": "demo", "password": null}',
        b"\xff\xfe",
        json.dumps({"username": "u" * 300, "password": "p"}).encode(),
        json.dumps({"username": "u", "password": "p" * 5000}).encode(),
        b"[" * 50_000,
    ],
)
def test_a_body_that_is_no_login_is_a_bad_request(server, body):
    answer = posted(server, "/v1/login", body)

    assert answer.status == 400
    assert answer.error["code"] == "bad_request"


# Tokens.


def test_a_refresh_spends_the_token_and_gives_the_next(server):
    login = server.login("demo")
    first = posted(server, "/v1/refresh", {"refresh_token": login.refresh_token})
    second = posted(server, "/v1/refresh", {"refresh_token": first.json["refresh_token"]})

    assert (first.status, second.status) == (200, 200)
    assert set(first.json) == {"access_token", "token_type", "expires_in", "refresh_token", "user_id"}
    assert len({login.refresh_token, first.json["refresh_token"], second.json["refresh_token"]}) == 3
    assert server.call("GET", "/v1/me", token=second.json["access_token"]).status == 200


async def test_a_spent_refresh_token_revokes_the_whole_family_at_once(server):
    login = await asyncio.to_thread(server.login, "demo")
    bystander = await asyncio.to_thread(server.login, "demo")
    async with on_stage(server, login) as client, on_stage(server, bystander) as other:
        refreshed = (
            await asyncio.to_thread(posted, server, "/v1/refresh", {"refresh_token": login.refresh_token})
        ).json
        again = await asyncio.to_thread(posted, server, "/v1/refresh", {"refresh_token": login.refresh_token})
        code = await client.close_code()
        assert (await other.request("ping", t=1))["t"] == 1

    assert again.status == 401
    assert again.error["code"] == "unauthorized"
    assert code == 4001
    assert posted(server, "/v1/refresh", {"refresh_token": refreshed["refresh_token"]}).status == 401
    for token in (login.token, refreshed["access_token"]):
        assert server.call("GET", "/v1/me", token=token).status == 401
    assert server.call("GET", "/v1/me", token=bystander.token).status == 200


def test_one_refresh_token_used_twice_at_once_gives_at_most_one_answer(server):
    login = server.login("demo")
    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(posted, server, "/v1/refresh", {"refresh_token": login.refresh_token}) for _ in range(4)]

    assert sorted(attempt.result().status for attempt in tries) == [200, 401, 401, 401]


def test_an_unknown_refresh_token_is_401(server):
    assert posted(server, "/v1/refresh", {"refresh_token": "nonsense"}).status == 401
    assert posted(server, "/v1/refresh", {"refresh_token": "\ud800"}).status in (400, 401)


async def test_logout_ends_the_login_and_closes_its_sockets_with_4001(server):
    login = await asyncio.to_thread(server.login, "demo")
    async with on_stage(server, login) as client:
        done = await asyncio.to_thread(posted, server, "/v1/logout", token=login.token)
        code = await client.close_code()

    assert (done.status, done.body) == (204, b"")
    assert code == 4001
    bye = client.frames[-1]
    assert (bye["type"], bye["code"], bye["reconnect"]) == ("bye", 4001, True)
    assert server.call("GET", "/v1/me", token=login.token).status == 401
    assert posted(server, "/v1/refresh", {"refresh_token": login.refresh_token}).status == 401
    assert posted(server, "/v1/logout", token=login.token).status == 401


async def test_a_run_goes_on_through_a_logout(server, session):
    login = await asyncio.to_thread(server.login, "demo")
    async with on_stage(server, login) as client, on_stage(server) as watcher:
        await watcher.request("subscribe", session_id=session)
        ack = await client.message({"sleep_ms": 300}, {"answer": "went on"}, session_id=session)
        await asyncio.to_thread(posted, server, "/v1/logout", token=login.token)
        await client.close_code()
        end = await watcher.ended(ack["run_id"])

    assert end["data"]["text"] == "went on"


async def test_a_live_connection_is_renewed_in_place_and_only_by_its_own_user(small):
    server = small
    login = await asyncio.to_thread(server.login, "demo")
    async with on_stage(server, login) as client:
        renewed = await asyncio.to_thread(posted, server, "/v1/refresh", {"refresh_token": login.refresh_token})
        ack = await client.request("auth", token=renewed.json["access_token"])
        foreign = await asyncio.to_thread(server.login, "demo2")
        refused = await client.refused("auth", token=foreign.token)
        await client.refused("auth", token="nonsense")
        assert (await client.request("ping", t=1))["t"] == 1

    assert 0 <= ack["token_expires_in"] <= 2
    assert refused["code"] in ("forbidden", "unauthorized")


def test_an_expired_token_is_told_as_such(small):
    token = small.login("demo").token
    deadline = time.monotonic() + 10
    while (answer := small.call("GET", "/v1/me", token=token)).status == 200:
        assert time.monotonic() < deadline

    assert answer.status == 401
    assert answer.error["code"] == "token_expired"


def test_a_ticket_says_how_long_it_is_good_for(server):
    answer = posted(server, "/v1/ws-ticket", token=server.known("demo").token)

    assert answer.status == 200
    assert set(answer.json) == {"ticket", "expires_in"}
    assert answer.json["expires_in"] == 30


def test_me_says_who_one_is(server):
    me = server.call("GET", "/v1/me", token=server.known("operator").token).json

    assert me == {"user_id": server.known("operator").user_id, "username": "operator", "roles": ["operator"]}
