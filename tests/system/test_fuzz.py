"""Thousands of spoiled frames and handshakes: the server refuses what it must, and nothing of them stays.

The seed is printed, and taken from FUZZ_SEED where that is set.
"""

import contextlib
import json
import os
import socket
import struct
import time
from pathlib import Path
from random import Random

import pytest

from tests.system.bare import CLOSE, TEXT, BadServer, Bare, Frame, dial_bare, frame, ping_text, pong_text
from tests.system.mutations import spoiled_frame, spoiled_request
from tests.system.process import run_python

pytestmark = pytest.mark.system

SEED = int(os.environ.get("FUZZ_SEED", "6455"))
FRAMES = 10_000
BY_CONNECTION = 2
HANDSHAKES = 2_000
PROBE_EVERY = 50
WARM_UP = 0.3
"""After which part of it all memory is measured."""
GROWTH_KIB = 10 * 1024
HELLO = ping_text(b"served")
REFUSALS = {1002, 1003, 1007, 1009}
RESET = struct.pack("ii", 1, 0)
"""With this for SO_LINGER, closing a socket resets the connection."""


@pytest.fixture(scope="module")
def fuzzed(launch):
    toml = """
        [limits]
        messages_per_second = 100000
        message_burst = 100000
        connections_per_user = 10000
        [timeouts]
        http_header = 1
    """
    server = launch("--demo", toml=toml)
    print(f"FUZZ_SEED={SEED}")  # noqa: T201 - shown where a test fails
    yield server
    assert not server.faults(), "\n".join(server.faults()[-40:])


def resident(server) -> int:
    """Return the server's resident memory in KiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def descriptors(server) -> int:
    return sum(1 for _ in Path(f"/proc/{server.process.pid}/fd").iterdir())


def serves(server) -> None:
    """Show that the next connection is served."""
    with dial_bare(server, server.known("demo2").token) as bare:
        bare.send(frame(TEXT, HELLO))
        assert bare.read() == Frame(TEXT, pong_text(HELLO))


def settles(server, baseline: int) -> None:
    """Wait until as many descriptors are open as before."""
    deadline = time.monotonic() + 10
    while descriptors(server) > baseline:
        assert time.monotonic() < deadline, f"{descriptors(server)} descriptors are open, before it were {baseline}"
        time.sleep(0.02)


class Watch:
    """Memory, descriptors and service of a server while something is done to it many times."""

    def __init__(self, server, times: int) -> None:
        serves(server)
        self.server = server
        self.times = times
        self.descriptors = descriptors(server)
        self.resident = 0

    def __iter__(self):
        for number in range(self.times):
            if number % PROBE_EVERY == 0:
                serves(self.server)
            if number == int(self.times * WARM_UP):
                self.resident = resident(self.server)
            yield number
        serves(self.server)
        settles(self.server, self.descriptors)
        assert resident(self.server) - self.resident < GROWTH_KIB


def ended(bare: Bare, sent: bytes, *, reset: bool) -> int | None:
    """Send, end our side, and read to the end, all of which must be good frames; return the server's code if any.

    With ``reset`` nothing is read, and the connection breaks.
    """
    bare.send(sent)
    try:
        if reset:
            bare.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            return None
        bare.sock.shutdown(socket.SHUT_WR)
        while (got := bare.read()) is not None:
            if got.opcode == CLOSE:
                return got.code
    except ConnectionError:
        # What was sent behind the frame that ended it met a closed socket.
        pass
    return None


def test_spoiled_frames_are_refused_and_nothing_of_them_stays(fuzzed):
    chance, token, codes = Random(SEED), fuzzed.known("demo").token, set()
    for number in Watch(fuzzed, FRAMES // BY_CONNECTION):
        sent = b"".join(spoiled_frame(chance) for _ in range(BY_CONNECTION))
        offer = "permessage-deflate" if chance.random() < 0.7 else None
        try:
            with dial_bare(fuzzed, token, Sec_WebSocket_Extensions=offer) as bare:
                code = ended(bare, sent, reset=chance.random() < 0.1)
        except (BadServer, TimeoutError) as fault:
            raise AssertionError(f"FUZZ_SEED={SEED}, connection {number}: {sent[:2000]!r}") from fault
        codes.add(code)
    assert codes >= REFUSALS


def test_spoiled_handshakes_are_refused_and_nothing_of_them_stays(fuzzed):
    chance, token, statuses = Random(SEED + 1), fuzzed.known("demo").token, set()
    for number in Watch(fuzzed, HANDSHAKES):
        sent = spoiled_request(chance, fuzzed.port, token)
        answer = answer_to(fuzzed, sent, reset=chance.random() < 0.1)
        assert answer == b"" or answer.startswith(b"HTTP/1."), (SEED, number, sent[:2000], answer[:200])
        status = int(answer.split()[1]) if answer else None
        assert status is None or status < 500 or status in (501, 505), (SEED, number, sent[:2000], answer[:200])
        statuses.add(status)
    assert {101, 400, 401, 403, 404, 426} <= statuses


def answer_to(server, sent: bytes, *, reset: bool) -> bytes:
    """Send, end our side, and return all that comes before the server ends its own; with ``reset`` break off."""
    answer = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        try:
            sock.sendall(sent)
            if reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                return b""
            sock.shutdown(socket.SHUT_WR)
            while data := sock.recv(65536):
                answer += data
        except TimeoutError:
            raise
        except OSError:
            pass
    return answer


def test_a_peer_that_takes_no_answers_is_cut_off_and_no_fault_of_ours(fuzzed):
    asked = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 5000
    before = descriptors(fuzzed)
    with socket.create_connection(("127.0.0.1", fuzzed.port), timeout=10) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        with contextlib.suppress(ConnectionError):
            sock.sendall(asked)
        settles(fuzzed, before)


def test_spoiled_connections_leave_no_greenlet_and_nothing_else_that_is_theirs(tmp_path):
    done = run_python("-m", "tests.system.census", str(tmp_path / "data"), str(SEED), patience=60)
    assert done.returncode == 0, f"FUZZ_SEED={SEED}\n{done.stderr[-3000:]}"
    before, after = json.loads(done.stdout)
    assert set(before) == {"greenlet"}
    assert set(after) == {"greenlet"}
    assert after["greenlet"] <= before["greenlet"] < 100
