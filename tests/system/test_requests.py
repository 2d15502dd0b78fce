"""Requests whose heads and bodies are too large, too slow, or leave open where they end."""

import socket
import time
from contextlib import closing, suppress

import pytest

from tests.system.client import PATIENCE

pytestmark = pytest.mark.system

LOGIN = b"POST /v1/login HTTP/1.1\r\nHost: x\r\n"
CHUNKED = LOGIN + b"Transfer-Encoding: chunked\r\n\r\n"
ME = b"GET /v1/me HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def strict(launch):
    toml = """
        [limits]
        http_body_bytes = 2048
        http_header_bytes = 4096
        [timeouts]
        http_header = 0.6
        http_body = 0.6
    """
    server = launch("--demo", toml=toml)
    yield server
    assert server.faults() == []


def connected(server):
    return closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE))


def rest(sock):
    """Return all that comes until the server ends the connection; what it leaves unread may make that a reset."""
    said = b""
    with suppress(ConnectionResetError):
        while chunk := sock.recv(65536):
            said += chunk
    return said


def answered(server, data, *, ends=False):
    """Send it, perhaps to the end of the stream; return the status of the answer with which the server ends its own."""
    with connected(server) as sock:
        with suppress(ConnectionError):
            sock.sendall(data)
        if ends:
            sock.shutdown(socket.SHUT_WR)
        said = rest(sock)
    assert said.startswith(b"HTTP/1.1 "), said
    assert said.count(b"HTTP/1.1 ") == 1, said
    assert b'{"error":{"code":' in said
    assert b"Connection: close" in said
    return int(said[9:12])


def dripped(server, head, drop):
    """Send a head, then drops until the server ends the connection; return how it answers, and after what time."""
    began = time.monotonic()
    with connected(server) as sock:
        sock.sendall(head)
        sock.settimeout(0.1)
        said = b""
        while time.monotonic() - began < PATIENCE:
            try:
                chunk = sock.recv(65536)
            except TimeoutError:
                sock.sendall(drop)
                continue
            except ConnectionError:
                break
            said += chunk
            if not chunk:
                break
    return said[:12], time.monotonic() - began


# Size.


def chunks(size, count=1):
    return CHUNKED + b"%x\r\n%b\r\n" % (size, b"x" * size) * count + b"0\r\n\r\n"


@pytest.mark.parametrize("data", [chunks(2049), chunks(1, 2049), chunks(1024, 300)])
def test_a_chunked_body_over_the_limit_is_413(strict, data):
    assert answered(strict, data) == 413


@pytest.mark.parametrize("data", [chunks(2048), chunks(1, 2048)])
def test_a_chunked_body_of_just_the_limit_is_read(strict, data):
    with connected(strict) as sock:
        sock.sendall(data)
        assert sock.recv(4096).startswith(b"HTTP/1.1 400 "), "it is no JSON, but it is read"


@pytest.mark.parametrize("length", [2049, 2**31, 2**63, 2**64, 10**30])
def test_a_declared_length_over_the_limit_is_413_before_any_of_it_comes(strict, length):
    assert answered(strict, LOGIN + b"Content-Length: %d\r\n\r\n" % length) == 413


def test_a_client_that_asks_first_is_told_at_once(strict):
    began = time.monotonic()

    assert answered(strict, LOGIN + b"Content-Length: 2049\r\nExpect: 100-continue\r\n\r\n") == 413
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize(
    "head",
    [
        b"X: " + b"x" * 1_000_000,
        b"X: " + b"x" * 4_100,
        b"\r\n".join(b"X-%d: %s" % (number, b"x" * 50) for number in range(90)),
        b"\r\n".join(b"X-%d: x" % number for number in range(150)),
        b"X: a\r\n" + b" folded\r\n" * 1000,
    ],
)
def test_a_head_that_is_too_large_is_431(strict, head):
    assert answered(strict, ME + head + b"\r\n\r\n") == 431


def test_an_address_that_is_too_long_is_refused(strict):
    with connected(strict) as sock:
        sock.sendall(b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n\r\n")
        assert rest(sock).startswith(b"HTTP/1.1 414 ")


# Time.


@pytest.mark.parametrize(
    ("head", "drop", "status"),
    [
        (b"", b"G", b""),
        (ME, b"X", b"HTTP/1.1 408"),
        (ME, b"X: y\r\n", b"HTTP/1.1 408"),
        (LOGIN + b"Content-Length: 1000\r\n\r\n", b"{", b"HTTP/1.1 408"),
        (CHUNKED, b"1\r\n{\r\n", b"HTTP/1.1 408"),
        (CHUNKED + b"1", b";x", b"HTTP/1.1 408"),
        (CHUNKED + b"0\r\n", b"x: y\r\n", b"HTTP/1.1 408"),
        (ME + b"Content-Length: 1000\r\n\r\n", b"{", b"HTTP/1.1 401"),
        (LOGIN + b"Content-Length: 1000000\r\n\r\n", b"x" * 10, b"HTTP/1.1 413"),
    ],
)
def test_what_comes_drop_by_drop_is_cut_off_when_its_time_is_over(strict, head, drop, status):
    said, seconds = dripped(strict, head, drop)

    assert said == status
    assert seconds < 3


# Framing.


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 2\r\nContent-Length: 3",
        b"Content-Length: 2\r\nContent-Length: 2",
        b"Content-Length: 2, 2",
        b"Content-Length: +2",
        b"Content-Length: -2",
        b"Content-Length: 1_0",
        b"Content-Length: 0x2",
        b"Content-Length: ",
        b"Content-Length: two",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding : chunked",
        b"no field\r\nContent-Length: 2",
        b"X: y\r\n Content-Length: 2",
        b": x",
    ],
)
def test_a_body_whose_end_could_be_read_in_two_ways_is_refused(strict, framing):
    assert answered(strict, LOGIN + framing + b"\r\n\r\n{}") == 400


def test_a_length_beside_chunks_is_refused_even_where_both_say_the_same(strict):
    assert (
        answered(strict, LOGIN + b"Content-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n") == 400
    )


def test_a_head_that_ends_in_the_middle_is_no_request(strict):
    assert answered(strict, ME + b"X: y\r\n", ends=True) == 400
    assert answered(strict, ME + b"X: y", ends=True) == 400


@pytest.mark.parametrize("chunk", [b"x\r\n", b"-1\r\n", b"FFFFFFFFFFFFFFFFFF\r\n", b"2\n{}\r\n0\r\n\r\n", b"2\r\n{}xx"])
def test_a_body_in_bad_chunks_is_refused_and_nothing_behind_it_is_heard(strict, chunk):
    assert answered(strict, CHUNKED + chunk + b"\r\n" + ME + b"\r\n") == 400


def test_what_wasnt_read_of_a_body_is_no_next_request(strict):
    smuggled = ME + b"\r\n"
    with connected(strict) as sock:
        sock.sendall(ME + b"Content-Length: %d\r\n\r\n" % len(smuggled) + smuggled + ME + b"Connection: close\r\n\r\n")
        said = rest(sock)

    assert said.count(b"HTTP/1.1 401 ") == 2


def test_a_handshake_with_a_body_is_refused(strict):
    head = b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    with connected(strict) as sock:
        sock.sendall(head + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")
        sock.sendall(b"Content-Length: 2\r\n\r\n{}")
        assert sock.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_a_body_is_bounded_where_an_upgrade_is_asked_for(strict):
    upgrade = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"

    assert answered(strict, LOGIN + upgrade + b"Content-Length: 3000\r\n\r\n" + b"x" * 3000) == 413


# Counting.


def test_each_limit_that_was_run_into_is_counted(strict):
    def counted():
        names = ("limits.http_body_bytes", "limits.http_header_bytes", "timeouts.http_body", "timeouts.http_header")
        statuses = ("408", "413", "431")
        limits = [strict.metric("limits_reached_total", limit=name) for name in names]
        return limits + [strict.metric("http_requests_total", status=status) for status in statuses]

    before = counted()
    answered(strict, chunks(3000))
    answered(strict, ME + b"X: " + b"x" * 5000 + b"\r\n\r\n")
    dripped(strict, CHUNKED, b"")
    dripped(strict, ME, b"")

    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 1, 1, 1, 2, 1, 1]
