"""A client's frames, one after the other: whole text messages, or why there will be no more of them. No I/O.

The rules of RFC 6455 are the library's. Ours are added: text only, heard at once, in bounded memory.
"""

from __future__ import annotations

import codecs
import logging
from itertools import repeat
from typing import TYPE_CHECKING, Any, NoReturn

from websockets.exceptions import ProtocolError
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

from server.sockets.texts import framed, read_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from websockets.extensions import Extension

MOST_FRAGMENTS = 4096
"""In how many frames a message may come: empty ones cost us work and no bytes of the message's bound."""
CONTROL_BYTES = 125
"""The most that a control frame holds: RFC 6455, 5.5."""

# The library tells of each closed connection; what matters of that is logged by who knows whose it was.
_quiet = logging.getLogger("websockets.server.frames")
_quiet.setLevel(logging.WARNING)
_decoder = codecs.getincrementaldecoder("utf-8")
_idle: Any = repeat(None)


def _ignore(data: bytes) -> None:
    """Hear a message that comes too late."""


class _Fragments:
    """A message under way."""

    __slots__ = ("count", "data", "decoder")

    def __init__(self) -> None:
        self.data = bytearray()
        self.count = 0
        self.decoder = _decoder()

    def add(self, frame: Frame) -> None:
        """Add a fragment.

        Raises:
            UnicodeDecodeError: what came so far is no beginning of any UTF-8; what is to come needn't be waited for.
        """
        self.decoder.decode(frame.data, frame.fin)
        self.data += frame.data
        self.count += 1


class Frames(Protocol):
    """The server's end of a WebSocket whose handshake is done.

    Each frame is dealt with before the next one is read. Dealt with by the chunk, as the library would have it, a
    message right before a close or a bad frame would be heard on a connection that is no longer open: it would be lost.
    """

    def __init__(self, max_size: int, compression: Extension | None, hear: Callable[[bytes], None]) -> None:
        """Take messages of up to ``max_size`` bytes; ``hear`` gets each of them, valid UTF-8, and must not raise.

        It gets none once a close was sent.
        """
        # What doesn't compress grows by a few bytes for each of deflate's blocks.
        largest = max_size if compression is None else max_size + max_size // 1024 + 64
        super().__init__(SERVER, max_size=largest, logger=_quiet)
        self.extensions = [] if compression is None else [compression]
        self._max_size = max_size
        self._hear = hear
        self._fragments: _Fragments | None = None
        # Whether the library waits for the first byte of a message, and nothing is agreed on that changes messages.
        self._between = compression is None
        self.count = 0
        """How many whole frames came."""

    def send_texts(self, messages: Sequence[bytes]) -> None:
        """Write text messages on an open connection."""
        if not self.extensions:
            self.writes += framed(messages)
            return
        for data in messages:
            self.send_text(data)

    def receive_data(self, data: bytes | bytearray) -> None:
        """Take in what the client sent."""
        text = read_whole(data, self._max_size) if self._between and self._state is OPEN else None
        if text is None:
            self._between = False
            super().receive_data(data)
        else:
            self.count += 1
            self._hear(text)

    def recv_frame(self, frame: Frame) -> None:
        """Deal with one frame; the library calls this in its loop, and ends the loop where this raises."""
        self.count += 1
        if frame.opcode is Opcode.CLOSE:
            # A close may come between fragments like any control frame (RFC 6455, 5.4); the library takes it amiss.
            self.current_size = None
        super().recv_frame(frame)
        self.events.clear()
        if frame.opcode is Opcode.BINARY:
            self._refuse(1003, "binary frames aren't part of the protocol")
        elif frame.opcode is Opcode.TEXT or frame.opcode is Opcode.CONT:
            self._receive_text(frame)
        # The loop holds on to its last frame until the next one comes, which may be never.
        frame.data = b""
        self._between = not (self.reader.buffer or self._fragments or self.extensions)

    def _receive_text(self, frame: Frame) -> None:
        whole = frame.fin and self._fragments is None
        data = self._checked(bytes(frame.data)) if whole else self._collect(frame)
        if data is not None and self._state is OPEN:
            self._hear(data)

    def _checked(self, data: bytes) -> bytes:
        self._check_size(data)
        data.decode()  # What it raises, the library knows to be a 1007.
        return data

    def _collect(self, frame: Frame) -> bytes | None:
        """Add to the message under way, and return it where that was the end of it."""
        fragments = self._fragments = self._fragments or _Fragments()
        fragments.add(frame)
        self._check_size(fragments.data)
        if fragments.count > MOST_FRAGMENTS:
            self._refuse(1009, "too many fragments")
        if frame.fin:
            self._fragments = None
            return bytes(fragments.data)
        if self.current_size is not None:
            # The library bounds every frame by what is left of the message. A control frame is no part of one.
            self.current_size = min(self.current_size, self._max_size - CONTROL_BYTES)
        return None

    def _check_size(self, data: bytes | bytearray) -> None:
        if len(data) > self._max_size:
            self._refuse(1009, self._too_long)

    def end(self) -> None:
        """Hear nothing more, and let go of what holds on to this: the garbage collector is to find no cycles."""
        self._hear = _ignore
        # The library steps whatever stands here. Its own isn't closed: it may be what calls.
        self.parser = _idle
        self.parser_exc = None

    def fail(self, code: int, reason: str = "") -> None:
        """End the connection; the library calls this, too, and knows not what a message may have."""
        super().fail(code, self._too_long if code == CloseCode.MESSAGE_TOO_BIG else reason)

    @property
    def _too_long(self) -> str:
        return f"a message may have {self._max_size} bytes"

    def _refuse(self, code: int, reason: str) -> NoReturn:
        super().fail(code, reason)
        # Ends the loop. Of several failures the first one's code is sent.
        raise ProtocolError(reason)
