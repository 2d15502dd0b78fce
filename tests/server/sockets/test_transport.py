"""A TLS socket in the shape of a plain one."""

import socket
import ssl
import threading
from contextlib import suppress

import gevent.socket
import pytest

from config.settings import Tls
from server.sockets.transport import SecureSocket
from server.tls import tls_context
from tests.system.certificates import make_certificate, trusting

READ = 65_536


class Peer:
    """The client's side: its bytes are encrypted and decrypted here, and move when a test says so."""

    def __init__(self, sock, context):
        self._sock = sock
        self._inbound, self._outbound = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._inbound, self._outbound, server_hostname="127.0.0.1")

    def shake_hands(self):
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._sock.sendall(self._outbound.read())
                self._inbound.write(self._sock.recv(READ))
            else:
                self._sock.sendall(self._outbound.read())
                return

    def encrypted(self, data):
        """Return one record."""
        self._tls.write(data)
        return self._outbound.read()

    def put(self, raw):
        self._sock.sendall(raw)

    def take(self, most=READ):
        """Read what is there, and return what of it could be decrypted."""
        with suppress(BlockingIOError):
            self._inbound.write(self._sock.recv(most, socket.MSG_DONTWAIT))
        said = b""
        with suppress(ssl.SSLWantReadError):
            while chunk := self._tls.read(READ):
                said += chunk
        return said


@pytest.fixture
def pair(tmp_path):
    certificate, key = make_certificate(tmp_path)
    ours, theirs = socket.socketpair()
    for sock in (ours, theirs):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    peer = Peer(theirs, trusting(certificate))
    thread = threading.Thread(target=peer.shake_hands)
    thread.start()
    accepted = gevent.socket.socket(ours.family, ours.type, ours.proto, fileno=ours.detach())
    secured = tls_context(Tls(certificate=certificate, key=key)).wrap_socket(accepted, server_side=True)
    thread.join()
    transport = SecureSocket(secured)
    transport.setblocking(False)  # noqa: FBT003 - the standard library's signature
    yield transport, peer
    transport.close()
    theirs.close()


def test_without_a_whole_record_there_is_nothing_to_read_yet(pair):
    transport, peer = pair
    record = peer.encrypted(b"hello")
    with pytest.raises(BlockingIOError):
        transport.recv(READ)
    peer.put(record[:10])
    with pytest.raises(BlockingIOError):
        transport.recv(READ)
    peer.put(record[10:])

    assert transport.recv(READ) == b"hello"


def test_nothing_stays_inside_where_the_loop_cant_see_it(pair):
    transport, peer = pair
    peer.put(peer.encrypted(b"a" * 1000) + peer.encrypted(b"b"))

    assert transport.recv(READ) == b"a" * 1000
    assert transport._sock.pending() == 0
    assert transport.recv(READ) == b"b"


def test_what_a_full_socket_took_is_told_in_parts_so_that_a_slow_reader_is_no_dead_one(pair):
    transport, peer = pair
    said = bytes(range(256)) * 1000
    left, heard, steps = bytearray(said), b"", []
    while left:
        with suppress(BlockingIOError):
            sent = transport.send(left)
            del left[:sent]
            steps.append(sent)
        heard += peer.take(5000)
    while len(heard) < len(said):
        heard += peer.take()

    assert heard == said
    assert max(steps) <= 64 * 1024
    assert len([sent for sent in steps if sent]) > 10


def test_what_grew_behind_what_couldnt_be_sent_goes_out_in_order(pair):
    transport, peer = pair
    left, heard, expected = bytearray(), b"", b""
    for number in range(400):
        more = b"%05d" % number * 50
        expected += more
        left += more
        with suppress(BlockingIOError):
            del left[: transport.send(left)]
        if number % 7 == 0:
            heard += peer.take(2000)
    while len(heard) < len(expected):
        with suppress(BlockingIOError):
            del left[: transport.send(left)]
        heard += peer.take()

    assert heard == expected


def test_an_ended_stream_still_lets_the_other_side_be_heard(pair):
    transport, peer = pair
    record = peer.encrypted(b"one more word")
    transport.shutdown(socket.SHUT_WR)
    peer.put(record)

    assert transport.recv(READ) == b"one more word"


def test_the_end_of_the_stream_is_no_bytes(pair):
    transport, peer = pair
    peer._sock.shutdown(socket.SHUT_WR)

    assert transport.recv(READ) == b""
