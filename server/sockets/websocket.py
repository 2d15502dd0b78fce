"""One WebSocket: frames over a socket that the hub's loop watches.

It takes the place of gevent-websocket's class, which unmasks in Python, drops close codes and reads in a greenlet. An
idle one holds no greenlet and nothing of its HTTP request: the loop calls `_on_readable` when bytes are there. What is
written during one turn of the loop leaves in one system call.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from gevent import get_hub
from websockets.frames import CloseCode
from websockets.protocol import OPEN

from server.sockets.frames import Frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from websockets.extensions import Extension

    from server.sockets.transport import Transport

log = structlog.get_logger(__name__)

READ_BYTES = 65_536
HIGH_WATER = 65_536
"""How many unsent bytes make a socket count as full."""
LOW_WATER = 16_384
"""How few make it count as having room again."""
MOST_UNSENT = 1024 * 1024
"""How many are kept at all, beside the longest message: what isn't an event of a log has no other place to wait."""
CLOSE_SECONDS = 5.0
"""How long a peer has to answer a close."""

_READ, _WRITE = 1, 2


class Listener(Protocol):
    """Who hears of a socket's fate. Nothing here may block: it runs on the hub."""

    def received(self, data: bytes) -> None:
        """Hear one whole text message, which is valid UTF-8."""

    def drained(self) -> None:
        """Hear that a full socket has room again."""

    def pressed(self) -> None:
        """Hear that it has little time from now on: it is stalled, or closing."""

    def lost(self) -> None:
        """Hear that the socket is closed, whoever did it."""


class WebSocket:
    """A server's side of a socket whose upgrade is done. All methods return at once.

    Attributes:
        listener: who hears of it.
        last_seen: when the last whole frame came. All times are in monotonic seconds.
        last_ping: when the last ping was written.
        close_by: when the peer's time to answer a close is over; None where none is under way.
        stalled_since: since when nothing of what waits was sent; None where nothing waits.
    """

    __slots__ = (
        "_bound",
        "_ended",
        "_flush_due",
        "_frames",
        "_full",
        "_loop",
        "_now",
        "_out",
        "_pending",
        "_reader",
        "_sock",
        "_writer",
        "close_by",
        "last_ping",
        "last_seen",
        "listener",
        "stalled_since",
    )

    def __init__(self, sock: Transport, max_size: int, now: Any, compression: Extension | None = None) -> None:
        """Take over a connected socket; ``now`` tells monotonic seconds. Nothing is read before `begin`."""
        sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self._sock: Transport | None = sock
        self._loop = get_hub().loop
        self._frames = Frames(max_size, compression, self._hear)
        self._now = now
        self._out = bytearray()
        self._pending = 0
        self._bound = MOST_UNSENT
        self._full = False
        self._flush_due = False
        self._ended = False
        self._reader: Any = None
        self._writer: Any = None
        self.listener: Listener | None = None
        self.last_seen = self.last_ping = now()
        self.close_by: float | None = None
        self.stalled_since: float | None = None

    def begin(self, listener: Listener, early: bytes = b"") -> None:
        """Start reading; ``early`` is what came on the heels of the handshake."""
        assert self._sock is not None
        self.listener = listener
        self._reader = self._loop.io(self._sock.fileno(), _READ)
        self._reader.start(self._on_readable)
        self.feed(early)

    @property
    def open(self) -> bool:
        """Whether messages may still be written."""
        return self._sock is not None and self._frames.state is OPEN

    @property
    def writable(self) -> bool:
        """Whether it is open and has room."""
        return not self._full and self.open

    @property
    def backlog(self) -> int:
        """How many bytes wait to be sent."""
        return self._pending

    @property
    def close_code(self) -> int:
        """The code of the closing handshake, as whoever began it has it; 1006 where there was none."""
        ours, theirs = self._frames.close_sent, self._frames.close_rcvd
        first = theirs if self._frames.close_rcvd_then_sent or ours is None else ours
        return CloseCode.ABNORMAL_CLOSURE if first is None else first.code

    # Writing.

    def send(self, data: bytes) -> None:
        """Write one text message; one that the kernel can't take waits here. Does nothing on a closed socket."""
        if self.open:
            self._send((data,))
            if self._pending > self._bound:
                self.abort()

    def send_while_room(self, messages: Sequence[bytes]) -> int:
        """Write text messages until the socket counts as full; return how many were written."""
        return 0 if self._full or not self.open else self._send(messages)

    def _send(self, messages: Sequence[bytes]) -> int:
        """Write messages, the first in any case, the others until the socket counts as full; return how many."""
        written = 0
        for data in messages:
            size = len(data)
            written += 1
            self._pending += size
            if self._bound < MOST_UNSENT + size:  # noqa: PLR1730 - max() would be a call for each message
                self._bound = MOST_UNSENT + size
            if self._pending >= HIGH_WATER:
                self._full = True
                break
        self._frames.send_texts(messages[:written])
        self._schedule()
        return written

    def ping(self) -> None:
        """Write a ping."""
        if self.open:
            self.last_ping = self._now()
            self._frames.send_ping(b"")
            self._schedule()

    def close(self, code: int, reason: str = "") -> None:
        """Begin the closing handshake behind everything written so far."""
        if self.open:
            self._frames.send_close(code, reason)
            self._schedule()
            self._await_end()

    def abort(self) -> None:
        """Close the TCP connection now; what is unsent is lost."""
        sock, self._sock = self._sock, None
        if sock is None:
            return
        for watcher in (self._reader, self._writer):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._reader = self._writer = None
        sock.close()
        self._out = bytearray()
        if self.listener is not None:
            self.listener.lost()
            self.listener = None
        self._frames.end()

    def _schedule(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            self._loop.run_callback(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        if self._sock is None:
            return
        self._out += b"".join(self._frames.data_to_send())
        if len(self._out) > self._bound:
            self.abort()
            return
        if self._out:
            self._write(self._sock)
        if self._frames.eof_sent and not self._out:
            self._finish()

    def _write(self, sock: Transport) -> None:
        try:
            sent = sock.send(self._out)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.abort()
            return
        del self._out[:sent]
        self._pending = len(self._out)
        if not self._out:
            self._on_emptied()
            return
        self._on_stalled(progress=sent > 0)
        if self._writer is None:
            self._writer = self._loop.io(sock.fileno(), _WRITE)
            self._writer.start(self._flush)
        self._check_room()

    def _on_stalled(self, *, progress: bool) -> None:
        begins = self.stalled_since is None
        if begins or progress:
            self.stalled_since = self._now()
        if begins:
            self._press()

    def _on_emptied(self) -> None:
        self._bound = MOST_UNSENT
        self.stalled_since = None
        if self._writer is not None:
            self._writer.stop()
            self._writer.close()
            self._writer = None
        if self._full:
            self._check_room()

    def _check_room(self) -> None:
        if self._full and self._pending <= LOW_WATER:
            self._full = False
            if self.listener is not None and self.open:
                self.listener.drained()

    def _finish(self) -> None:
        """End our side of the stream; the peer's end, or its time running out, ends the rest."""
        if self._sock is None or self._ended:
            return
        self._ended = True
        self._await_end()
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.abort()

    def _await_end(self) -> None:
        if self.close_by is None:
            self.close_by = self._now() + CLOSE_SECONDS
            self._press()

    def _press(self) -> None:
        if self.listener is not None:
            self.listener.pressed()

    # Reading.

    def _on_readable(self) -> None:
        assert self._sock is not None
        try:
            data = self._sock.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.feed(data)
        else:
            self._frames.receive_eof()
            self._flush()
            self.abort()

    def feed(self, data: bytes) -> None:
        """Take in what the peer sent."""
        if not data:
            return
        before = self._frames.count
        self._frames.receive_data(data)
        if self._frames.count > before:
            # Not for every byte: a frame that never ends would keep a dead peer alive.
            self.last_seen = self._now()
        if self._frames.writes:  # A pong, or the answer to a close, or to what can't be understood.
            self._schedule()

    def _hear(self, data: bytes) -> None:
        """Hand on a message. A callback of the loop that raises isn't called again: the socket would be deaf."""
        if self.listener is None:
            return
        try:
            self.listener.received(data)
        except Exception:
            log.exception("frame_failed")
            self.close(1011, "the server failed at a frame")
