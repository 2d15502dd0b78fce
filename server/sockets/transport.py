"""What a WebSocket reads and writes: a plain socket, or a TLS one in the shape of a plain one."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import gevent.socket
import gevent.ssl
from gevent.monkey import get_original

if TYPE_CHECKING:
    import io

# Not gevent's: nobody waits in this one's send and recv, and the detour costs more than the call.
PlainSocket = get_original("socket", "socket")

_NOT_NOW = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


RECORD = 16_384
"""The most bytes of text in a record (RFC 8446, 5.1)."""


class Transport(Protocol):
    """A non-blocking socket. What can't be done now raises a BlockingIOError; every other OSError is its end."""

    def fileno(self) -> int:
        """Return what the loop watches."""

    def setblocking(self, flag: bool, /) -> None:  # noqa: FBT001 - the standard library's signature
        """Leave the blocking ways of its former life."""

    def recv(self, most: int, /) -> bytes:
        """Return some bytes; none at the end of the stream."""

    def send(self, data: bytearray, /) -> int:
        """Return how many bytes were taken; where there is no room, perhaps none."""

    def shutdown(self, how: int, /) -> None:
        """End our side of the stream."""

    def close(self) -> None:
        """Give it up."""


class SecureSocket:
    """A TLS socket as a `Transport`.

    One read gives at most one record, which is smaller than what is asked for: nothing stays decrypted inside where
    the loop, which watches the descriptor, wouldn't know of it. What couldn't be sent must be sent again from its
    first byte on, which a buffer that only grows behind does.
    """

    __slots__ = ("_sock",)

    def __init__(self, sock: Any) -> None:
        """Take over gevent's TLS socket, its handshake done."""
        self._sock = sock

    def fileno(self) -> int:
        """Return what the loop watches."""
        number: int = self._sock.fileno()
        return number

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - the standard library's signature
        """Leave the blocking ways of its former life."""
        self._sock.setblocking(flag)

    def recv(self, most: int) -> bytes:
        """Return some bytes; none at the end of the stream."""
        try:
            data: bytes = self._sock.recv(most)
        except _NOT_NOW as wait:
            raise BlockingIOError from wait
        return data

    def send(self, data: bytearray) -> int:
        """Return how many bytes were taken: none where there is no room.

        A record at a time: OpenSSL tells of a longer text only once all of it has gone, and whoever reads it slowly
        would look dead until then.
        """
        sent = 0
        with memoryview(data) as view:
            while sent < len(view):
                part: int = self._sock.send(view[sent : sent + RECORD])
                if not part:
                    break
                sent += part
        return sent

    def shutdown(self, how: int) -> None:
        """End our side of the stream, by TLS's own word for it (RFC 8446, 6.1) and then the connection's."""
        with suppress(OSError, ValueError):
            self._sock.unwrap()
        # Not its own, which forgets the cipher and would take what still comes for plain text.
        gevent.socket.socket.shutdown(self._sock, how)

    def close(self) -> None:
        """Give it up."""
        self._sock.close()


def take_over(sock: Any, reader: io.BufferedReader) -> tuple[Transport, bytes]:
    """Return a request's socket without the request, and what its buffered reader took in beyond it."""
    sock.settimeout(0.0)  # So that an empty buffer answers instead of waiting.
    if not isinstance(sock, gevent.ssl.SSLSocket):
        early = reader.peek()
        return PlainSocket(fileno=sock.detach()), early
    early = b""
    with suppress(*_NOT_NOW):
        early = reader.peek()
    # The reader's buffer is smaller than a record; the rest of one is nowhere for the loop to see.
    while sock.pending():
        early += sock.recv(sock.pending())
    return SecureSocket(sock), early
