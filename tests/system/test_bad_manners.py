"""Clients that leave in the middle, flood, or speak nonsense: the server stays well, and so do the others."""

import json
import time
from pathlib import Path

import pytest

from tests.system.bare import dial_bare, frame
from tests.system.client import on_stage

pytestmark = pytest.mark.system


def upgraded(server):
    """Return a socket past its upgrade, by which nobody has said who they are."""
    return dial_bare(server).sock


async def test_sockets_that_leave_while_they_are_looked_up_count_for_nothing(server):
    token = server.known("demo").token
    auth = frame(1, json.dumps({"type": "auth", "token": token}).encode())
    for _ in range(15):
        sock = upgraded(server)
        sock.sendall(auth)
        sock.close()
    async with on_stage(server) as client:
        assert (await client.request("ping"))["type"] == "pong"


@pytest.mark.parametrize(
    "nonsense",
    [
        b'{"type":"ping","id":"\\ud800"}',
        b'{"type":"nope","id":"x\\udc00"}',
        b'{"type":"ping","t":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"type":"message","id":"m","text":"\\ud83d"}',
    ],
)
async def test_a_socket_hears_on_after_nonsense(server, nonsense):
    async with on_stage(server) as client:
        await client.send_raw(nonsense.decode())
        assert (await client.request("ping", t=1))["t"] == 1


def is_cut_off(sock, chunks, *, read):
    """Send until the server ends the connection; tell whether it did."""
    try:
        for chunk in chunks:
            sock.sendall(chunk)
        while read and sock.recv(65536):
            pass
    except OSError:
        return True
    return read


async def test_a_flood_of_empty_fragments_is_closed_and_stalls_nobody(server):
    with upgraded(server) as sock:
        async with on_stage(server) as client:
            flood = frame(1, fin=False) + frame(0, fin=False) * 50_000
            assert is_cut_off(sock, [flood], read=True)
            began = time.monotonic()
            await client.request("ping")
            assert time.monotonic() - began < 2


def resident(server):
    """Return the server's resident memory in KiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def test_pings_whose_pongs_nobody_reads_cost_a_bounded_amount_of_memory(server):
    before = resident(server)
    with upgraded(server) as sock:
        assert is_cut_off(sock, [frame(9, b"x" * 120) * 1000] * 2000, read=False)
    assert resident(server) - before < 32 * 1024
