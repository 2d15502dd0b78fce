"""How much a client may do, from where, and for how long it may be silent."""

import asyncio
import http.client
import socket
import time

import pytest
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Opcode
from websockets.uri import parse_uri

from actors.testing.views import check_connection
from tests.system.client import PATIENCE, dial, on_stage

pytestmark = pytest.mark.system

LISTED = "https://chat.example.com"


@pytest.fixture(scope="module")
def strict(launch):
    """A server with small limits."""
    toml = f"""
        allowed_origins = ["{LISTED}"]
        [limits]
        connections_per_user = 3
        message_bytes = 2048
        http_body_bytes = 2048
        queued_messages = 2
        [timeouts]
        ping_interval = 0.2
        dead_after = 1.5
        http_header = 0.5
    """
    return launch("--demo", toml=toml)


# Origins.


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "null",
        "https://chat.example.com.evil.example",
        "http://chat.example.com",
        "https://chat.example.com:444",
    ],
)
async def test_a_foreign_origin_is_403_before_the_upgrade(strict, origin):
    with pytest.raises(InvalidStatus) as refused:
        await dial(strict, token=strict.known("demo").token, origin=origin)

    assert refused.value.response.status_code == 403
    assert b'"forbidden"' in refused.value.response.body


async def test_the_same_host_and_those_on_the_list_are_let_in(strict):
    for origin in (f"http://127.0.0.1:{strict.port}", f"https://127.0.0.1:{strict.port}", LISTED, None):
        async with on_stage(strict, origin=origin) as client:
            assert client.welcome


# How many connections.


async def test_the_connection_over_a_users_limit_is_closed_with_4029_and_the_others_stay(strict):
    token = strict.known("demo2").token
    kept = [await dial(strict, token=token) for _ in range(3)]
    for client in kept:
        await client.event("welcome")
    over = await dial(strict, token=token)
    code = await over.close_code()

    assert code == 4029
    assert "welcome" not in [frame["type"] for frame in over.frames]
    for client in kept:
        assert (await client.request("ping", t=1))["t"] == 1
    async with on_stage(strict, "demo") as another:
        assert another.welcome
    await kept[0].close()
    again = await retried(strict, token)
    for client in (*kept[1:], again):
        await client.close()
        check_connection(client.entries)


async def retried(server, token):
    """Connect once the server has noticed that another connection is closed."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        client = await dial(server, token=token)
        first = await client.wait_for(lambda frame: frame["type"] in ("welcome", "bye"))
        if first["type"] == "welcome":
            return client
        await client.close()
    raise AssertionError("the place of a closed connection was never given to another")


async def test_the_limit_counts_a_connection_that_brings_its_token_in_a_frame(strict):
    token = strict.known("demo2").token
    clients = [await dial(strict) for _ in range(4)]
    for client in clients[:3]:
        await client.send("auth", token=token)
        await client.event("welcome")
    await clients[3].send("auth", token=token)

    assert await clients[3].close_code() == 4029
    for client in clients:
        await client.close()


# How often.


async def test_over_the_rate_a_frame_is_refused_and_the_socket_stays(server, session):
    async with on_stage(server) as client:
        asked = [await client.ask("subscribe", session_id=session) for _ in range(60)]
        answers = [await client.answer(frame_id) for frame_id in asked]
        refused = [answer for answer in answers if answer["type"] == "error"]
        wait = max(answer["retry_after_ms"] for answer in refused)
        await asyncio.sleep(wait / 1000)
        events = await client.perform({"answer": "later"}, session_id=session)

    assert 10 <= len(refused) <= 20
    assert {answer["code"] for answer in refused} == {"rate_limited"}
    assert all(answer["temporary"] for answer in refused)
    assert 0 < wait <= 1_000
    assert events[-1]["data"]["text"] == "later"


async def test_a_hundred_refusals_within_ten_seconds_close_with_4029(server, session):
    async with on_stage(server) as client:
        for _ in range(200):
            await client.send("subscribe", session_id=session)
        code = await client.close_code()
    refused = [frame for frame in client.frames if frame["type"] == "error"]

    assert code == 4029
    assert 95 <= len(refused) <= 100


async def test_pings_count_a_tenth(server):
    async with on_stage(server) as client:
        for number in range(390):
            await client.send("ping", t=number)
        await client.wait_for(lambda frame: frame["type"] == "pong" and frame["t"] == 389)

    assert [frame["type"] for frame in client.frames].count("error") == 0


async def test_bad_frames_count_too(server):
    async with on_stage(server) as client:
        for _ in range(200):
            await client.send_raw("{")

        assert await client.close_code() == 4029


# Sizes that are set otherwise.


async def test_the_welcome_states_the_limits_that_are_set_and_they_hold(strict):
    client = await dial(strict, token=strict.known("demo").token)
    welcome = await client.event("welcome")
    await client.send("ping", t="x" * 3_000)

    assert (welcome["max_message_bytes"], welcome["ping_interval_ms"]) == (2048, 200)
    assert await client.close_code() == 1009
    assert strict.call("POST", "/v1/login", b"x" * 3_000).status == 413


async def test_the_queue_is_as_long_as_it_is_set(strict):
    async with on_stage(strict) as client:
        run = await client.message({"hang": True})
        await client.event("agent_started", run["run_id"])
        for _ in range(2):
            await client.message({"answer": "x"})
        error = await client.refused("message", text="x")
        await client.request("cancel", run_id=run["run_id"], queue="clear")

    assert error["code"] == "queue_full"


# Life.


async def test_a_client_that_answers_pings_and_says_nothing_stays(strict):
    async with on_stage(strict) as client:
        started = await client.message({"sleep_ms": 2_500}, {"answer": "still here"})
        end = await client.ended(started["run_id"])

    assert end["data"]["text"] == "still here"


def test_a_client_that_answers_no_pings_is_closed_with_4011(strict):
    protocol = ClientProtocol(parse_uri(strict.ws_url))
    request = protocol.connect()
    request.headers["Authorization"] = f"Bearer {strict.known('demo').token}"
    protocol.send_request(request)
    with socket.create_connection(("127.0.0.1", strict.port), timeout=PATIENCE) as sock:
        sock.sendall(b"".join(protocol.data_to_send()))
        # What the library would answer is never sent.
        while protocol.close_rcvd is None and (data := sock.recv(4096)):
            protocol.receive_data(data)
            protocol.data_to_send()
    opcodes = [event.opcode for event in protocol.events_received()[1:]]

    assert protocol.close_rcvd.code == 4011
    assert Opcode.PING in opcodes


def test_half_a_request_holds_nobody_up(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        began = time.monotonic()
        assert server.call("GET", "/healthz").status == 200
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("half", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"])
def test_a_request_whose_head_doesnt_come_in_time_is_closed(strict, half):
    with socket.create_connection(("127.0.0.1", strict.port), timeout=3) as sock:
        sock.sendall(half)
        while sock.recv(4096):
            pass


@pytest.mark.parametrize("request_line", [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_isnt_http_is_refused_and_the_server_goes_on(server, request_line):
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as sock:
        sock.sendall(request_line)
        answer = http.client.HTTPResponse(sock)
        try:
            answer.begin()
            assert answer.status >= 400
        except (http.client.HTTPException, ConnectionError):
            pass  # Closing without a word is as good.
    assert server.call("GET", "/healthz").status == 200


def test_a_request_whose_body_doesnt_come_in_time_is_answered_and_closed(strict):
    with socket.create_connection(("127.0.0.1", strict.port), timeout=5) as sock:
        sock.sendall(b"POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        answer = b""
        while chunk := sock.recv(4096):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 408 ")
