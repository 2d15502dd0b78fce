"""One socket: frames in, frames out, full and empty, closed from either side."""

import socket
import time

import gevent
import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, State
from websockets.protocol import Protocol as Frames

from server.sockets.websocket import HIGH_WATER, MOST_UNSENT, WebSocket


class Listener:
    def __init__(self):
        self.messages = []
        self.drains = self.presses = 0
        self.ended = False

    def received(self, data):
        self.messages.append(data)

    def drained(self):
        self.drains += 1

    def pressed(self):
        self.presses += 1

    def lost(self):
        self.ended = True


class Peer:
    """A client of `websockets`, strict about what it reads, on the other end of a socket pair."""

    def __init__(self, sock):
        self.sock = sock
        self.frames = Frames(CLIENT, max_size=None)
        self.events = []

    def send(self, method, *args):
        getattr(self.frames, method)(*args)
        self.send_raw(b"".join(self.frames.data_to_send()))

    def send_raw(self, data):
        self.sock.sendall(data)
        gevent.sleep(0.005)

    def read(self):
        """Take in what is there; tell whether the stream goes on."""
        self.sock.setblocking(False)  # noqa: FBT003 - the library's signature
        while True:
            try:
                data = self.sock.recv(1 << 20)
            except BlockingIOError:
                return True
            if not data:
                self.frames.receive_eof()
                return False
            self.frames.receive_data(data)
            self.events += self.frames.events_received()
            gevent.sleep(0)

    def read_until(self, condition, within=5.0):
        with gevent.Timeout(within):
            while not condition() and self.read():
                gevent.sleep(0.001)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    websocket = WebSocket(ours, 1000, time.monotonic)
    websocket.begin(Listener())
    yield websocket, Peer(theirs)
    websocket.abort()
    theirs.close()


def test_a_text_message_is_heard(pair):
    websocket, peer = pair
    peer.send("send_text", "grüß".encode())
    assert websocket.listener.messages == ["grüß".encode()]


def test_fragments_are_one_message_with_a_ping_in_between(pair):
    websocket, peer = pair
    peer.send("send_text", b"a\xc3", False)  # noqa: FBT003 - the library's signature
    peer.send("send_ping", b"there?")
    peer.send("send_continuation", b"\xa4b", True)  # noqa: FBT003
    assert websocket.listener.messages == ["aäb".encode()]
    peer.read()
    assert [(e.opcode, e.data) for e in peer.events] == [(Opcode.PONG, b"there?")]


@pytest.mark.parametrize(
    ("send", "code"),
    [
        (lambda peer: peer.send("send_binary", b"x"), 1003),
        (lambda peer: peer.send("send_text", b"\xff"), 1007),
        (lambda peer: peer.send("send_text", b"x" * 1001), 1009),
        (lambda peer: peer.send_raw(Frame(Opcode.TEXT, b"unmasked").serialize(mask=False)), 1002),
        (lambda peer: peer.send_raw(b"\x83\x80\x00\x00\x00\x00"), 1002),
        (lambda peer: peer.send_raw(b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"), 1009),
    ],
)
def test_what_breaks_the_rules_is_closed_with_its_code(pair, send, code):
    websocket, peer = pair
    listener = websocket.listener
    send(peer)
    peer.read_until(lambda: peer.events)
    assert peer.events[-1].opcode is Opcode.CLOSE
    assert peer.frames.close_rcvd.code == code
    peer.sock.close()
    gevent.sleep(0.01)
    assert listener.ended


def test_a_close_from_the_peer_is_answered_and_ends_the_socket(pair):
    websocket, peer = pair
    listener = websocket.listener
    peer.send("send_close", 1000, "bye")
    peer.read_until(lambda: peer.frames.state is State.CLOSED)
    assert (peer.frames.close_rcvd.code, peer.frames.close_rcvd.reason) == (1000, "bye")
    peer.sock.close()
    gevent.sleep(0.01)
    assert listener.ended


def test_our_close_carries_code_and_reason_behind_what_was_written(pair):
    websocket, peer = pair
    websocket.send(b"last words")
    websocket.close(4001, "revoked")
    websocket.send(b"too late")
    peer.read_until(lambda: peer.frames.close_rcvd)
    assert peer.events[0].data == b"last words"
    assert len(peer.events) == 2
    assert (peer.frames.close_rcvd.code, peer.frames.close_rcvd.reason) == (4001, "revoked")


def test_a_listener_that_fails_closes_its_own_socket_and_says_whose_fault_it_was(pair):
    websocket, peer = pair
    websocket.listener.received = lambda _data: 1 / 0
    peer.send("send_text", b"anything")
    peer.read_until(lambda: peer.frames.close_rcvd)
    assert (peer.frames.close_rcvd.code, peer.frames.close_rcvd.reason) == (1011, "the server failed at a frame")


def test_a_peer_that_goes_away_is_noticed(pair):
    websocket, peer = pair
    listener = websocket.listener
    peer.sock.close()
    gevent.sleep(0.01)
    assert listener.ended
    assert not websocket.open


def test_what_is_written_in_one_turn_leaves_in_one_piece(pair):
    websocket, peer = pair
    for number in range(5):
        websocket.send(str(number).encode())
    gevent.sleep(0.01)
    frames = Frames(CLIENT)
    frames.receive_data(peer.sock.recv(1000))
    assert [frame.data for frame in frames.events_received()] == [b"0", b"1", b"2", b"3", b"4"]


def test_a_full_socket_says_so_and_says_when_there_is_room_again(pair):
    websocket, peer = pair
    sent = 0
    while websocket.writable:
        websocket.send(b"x" * 10_000)
        sent += 1
        gevent.sleep(0)
    assert websocket.stalled_since is not None
    peer.read_until(lambda: len(peer.events) == sent)
    gevent.sleep(0.01)
    assert websocket.writable
    assert websocket.listener.drains == 1
    assert websocket.stalled_since is None


def test_a_pong_never_cuts_a_message_that_is_half_written(pair):
    websocket, peer = pair
    websocket.send(b"x" * 900_000)
    gevent.sleep(0.01)
    assert websocket.stalled_since is not None
    for number in range(3):
        peer.send("send_ping", str(number).encode())
    peer.read_until(lambda: len(peer.events) == 4)
    assert [event.opcode for event in peer.events] == [Opcode.TEXT, *[Opcode.PONG] * 3]
    assert peer.events[0].data == b"x" * 900_000
    assert [event.data for event in peer.events[1:]] == [b"0", b"1", b"2"]


def test_a_peer_that_never_reads_costs_a_bounded_amount_of_memory(pair):
    websocket, _ = pair
    listener = websocket.listener
    for _ in range(1000):
        websocket.send(b"x" * HIGH_WATER)
    assert listener.ended


def test_a_message_longer_than_all_that_may_wait_is_written_whole(pair):
    websocket, peer = pair
    websocket.send(b"x" * (HIGH_WATER - 1))
    websocket.send(b"y" * 3 * MOST_UNSENT)
    assert not websocket.writable
    peer.read_until(lambda: len(peer.events) == 2)
    assert peer.events[1].data == b"y" * 3 * MOST_UNSENT
    assert websocket.writable


def test_what_waits_behind_a_long_message_is_bounded_as_ever(pair):
    websocket, _ = pair
    listener = websocket.listener
    websocket.send(b"y" * 3 * MOST_UNSENT)
    gevent.sleep(0.01)
    assert not listener.ended
    for _ in range(2 * MOST_UNSENT // HIGH_WATER):
        websocket.send(b"x" * HIGH_WATER)
    assert listener.ended


def test_a_frame_that_comes_with_the_handshake_is_not_lost():
    ours, theirs = socket.socketpair()
    client = ClientProtocol.__base__(CLIENT)
    client.send_text(b"early")
    websocket = WebSocket(ours, 1000, time.monotonic)
    listener = Listener()
    websocket.begin(listener, b"".join(client.data_to_send()))
    assert listener.messages == [b"early"]
    websocket.abort()
    theirs.close()
