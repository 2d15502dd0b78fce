"""Whom the reception looks at as time goes by, and who must go."""

import gc
import socket
import sys
import time
import weakref
from types import SimpleNamespace

import gevent
import gevent.socket
import pytest
from websockets.frames import Opcode
from websockets.protocol import CLIENT
from websockets.protocol import Protocol as Frames

from actors.testing.probe import Probe
from config.settings import Settings
from server.identity.accounts import Accounts
from server.identity.key import load_key
from server.identity.tokens import Tokens
from server.journal.memory import MemoryJournal
from server.observability.metrics import Metrics
from server.sockets.reception import AT_ONCE, Reception
from server.sockets.websocket import HIGH_WATER, WebSocket
from server.storage.database import open_database

TICK = 1.0


class Ahead(Reception):
    """A reception whose clock is as far ahead as the test has it."""

    ahead = 0.0

    def now(self):
        return time.monotonic() + self.ahead


@pytest.fixture
def reception(tmp_path, runtime):
    database = open_database(tmp_path)
    # Each deadline has a time of its own, so that none is kept by looking for another.
    settings = Settings(data_dir=tmp_path, timeouts={"auth": 20.0, "write": 10.0})
    tokens = Tokens(database, load_key(tmp_path), settings.tokens)
    reception = Ahead(settings, Accounts(database), tokens, MemoryJournal(), Probe(runtime).ref, Metrics())
    yield reception
    for connection in reception:
        connection.websocket.abort()
    database.close()


@pytest.fixture
def come(reception):
    """Return what has somebody come in; it returns the other end of the socket."""
    peers = []

    def arrive():
        ours, theirs = socket.socketpair()
        peers.append(theirs)
        reception.receive(WebSocket(ours, 1000, reception.now), "127.0.0.1", None, b"")
        return theirs

    yield arrive
    for peer in peers:
        peer.close()


def pass_seconds(reception, seconds):
    """Let time pass, with a sweep each second."""
    for _ in range(round(seconds / TICK)):
        reception.ahead += TICK
        reception.sweep()
        gevent.sleep(0.001)  # The loop writes.


def frames(sock):
    """Return what was written so far."""
    sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
    read = Frames(CLIENT)
    read.receive_data(sock.recv(1 << 16))
    return read.events_received()


def calls_of(work):
    """Count the calls in Python."""
    count = SimpleNamespace(calls=0)

    def on_call(_frame, kind, _called):
        count.calls += kind == "call"

    sys.setprofile(on_call)
    work()
    sys.setprofile(None)
    return count.calls


def test_a_sweep_costs_no_more_among_many_of_whom_nothing_is_due(reception, come):
    found = []
    for newcomers in (1, 100):
        for _ in range(newcomers):
            come()
        reception.ahead += TICK
        found.append(calls_of(reception.sweep))

    assert found[0] == found[1]


def test_many_who_are_due_at_once_keep_nobody_waiting(reception, come):
    for _ in range(5 * AT_ONCE // 2):
        come()
    here, there = gevent.socket.socketpair()
    turns = []

    def echo():
        there.send(b"x")
        while True:
            # To receive what is there already would take no turn of the loop.
            gevent.socket.wait_read(here.fileno())
            there.send(here.recv(1))
            turns.append(len(reception))

    echoing = gevent.spawn(echo)
    reception.ahead += reception.settings.timeouts.auth + TICK
    reception.sweep()
    echoing.kill()
    here.close()
    there.close()

    assert len(turns) >= 2


def test_whoever_doesnt_say_who_they_are_is_closed_in_time(reception, come):
    peer = come()
    timeouts = reception.settings.timeouts
    pass_seconds(reception, timeouts.auth - TICK)
    assert len(reception) == 1
    assert not next(iter(reception)).closing
    pass_seconds(reception, 2 * TICK)

    assert frames(peer)[-1].data[:2] == (4008).to_bytes(2, "big")


def test_a_close_that_isnt_answered_ends_though_nothing_else_is_due(reception, come):
    come()
    next(iter(reception)).close(1013, "too many connections")
    pass_seconds(reception, 4 * TICK)
    assert len(reception) == 1
    pass_seconds(reception, 3 * TICK)

    assert len(reception) == 0


def test_a_peer_that_goes_on_reading_nothing_is_cut_off(reception, come):
    come()
    (connection,) = reception
    pass_seconds(reception, TICK)
    while connection.websocket.writable:
        connection.websocket.send(b"x" * HIGH_WATER)
        gevent.sleep(0)
    timeouts = reception.settings.timeouts
    assert connection.websocket.stalled_since is not None
    pass_seconds(reception, timeouts.write - TICK)
    assert len(reception) == 1
    pass_seconds(reception, 3 * TICK)

    assert len(reception) == 0


def test_one_that_cant_be_looked_at_doesnt_keep_the_others_from_it(reception, come):
    peers = [come() for _ in range(3)]
    first, *_ = reception
    first.opened_at = None
    reception.ahead += reception.settings.timeouts.auth + TICK
    with pytest.raises(TypeError):
        reception.sweep()
    reception.sweep()
    gevent.sleep(0.01)

    assert [frames(peer)[-1].opcode for peer in peers[1:]] == [Opcode.CLOSE] * 2


@pytest.mark.parametrize("last_words", [b"", b"\x88\x80\0\0\0\0", b"no frame"], ids=["none", "close", "nonsense"])
def test_of_whoever_left_nothing_waits_for_the_garbage_collector(reception, come, last_words):
    peer = come()
    (connection,) = reception
    kept = [weakref.ref(connection), weakref.ref(connection.websocket._frames)]
    del connection
    gc.collect()
    gc.disable()
    peer.sendall(last_words)
    peer.close()
    gevent.sleep(0.01)
    left = [ref() for ref in kept]
    gc.enable()

    assert len(reception) == 0
    assert left == [None, None]
