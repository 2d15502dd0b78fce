"""permessage-deflate (RFC 7692): what is agreed on at the handshake, and the compressing afterwards. No I/O.

Neither side keeps its window from one message to the next, so that an idle connection holds no state of zlib.

The negotiation is the library's. The work isn't: its inflating drops whatever follows a final block without a word,
and keeps it in memory; and it would compress the smallest frame.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from websockets.exceptions import InvalidHeader, NegotiationError, PayloadTooBig, ProtocolError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import CTRL_OPCODES, Frame, Opcode
from websockets.headers import build_extension, parse_extension

if TYPE_CHECKING:
    from websockets.extensions.permessage_deflate import PerMessageDeflate

LEAST_BYTES = 1024
"""How long a message must be to be worth compressing."""
WINDOW_BITS, MEMORY_LEVEL = 12, 5
"""What a deflater of ours makes do with, 32 KiB in all, where the client would allow more."""
LARGEST_WINDOW_BITS = 15
"""What an inflater has room for. Whatever was agreed on, more is never wrong, and some clients take more."""

_TAIL = b"\x00\x00\xff\xff"
"""What every compressed message ends in, and leaves out: RFC 7692, 7.2.1."""

_factory = ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)


class BadOffers(ValueError):
    """A client's Sec-WebSocket-Extensions isn't a list of extensions: RFC 6455, 9.1."""


class Agreement(NamedTuple):
    """What the answer to the handshake says, and how wide the server's window may be."""

    header: str
    window_bits: int


def negotiate(offers: str) -> Agreement | None:
    """Take the first of a client's offers that can be met, the others being declined; None where none can.

    Raises:
        BadOffers: they can't be read.
    """
    if not offers:
        return None
    try:
        extensions = parse_extension(offers)
    except InvalidHeader as error:
        raise BadOffers("Sec-WebSocket-Extensions isn't a list of extensions.") from error
    for name, parameters in extensions:
        if name == _factory.name:
            try:
                answer, agreed = _factory.process_request_params(parameters, ())
            except NegotiationError:
                continue
            return Agreement(build_extension([(name, answer)]), _window_bits(agreed))
    return None


def _window_bits(agreed: PerMessageDeflate) -> int:
    return min(agreed.local_max_window_bits, WINDOW_BITS)


class Deflate(Extension):
    """One connection's compression."""

    name = _factory.name
    __slots__ = ("_inflater", "_window_bits")

    def __init__(self, window_bits: int) -> None:
        """Begin with nothing to inflate."""
        self._window_bits = window_bits
        # That of the message under way, where it is a compressed one.
        self._inflater: zlib._Decompress | None = None

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:
        """Inflate a frame of the client.

        Raises:
            PayloadTooBig: it comes to more than ``max_size`` bytes; no more than that were inflated.
            ProtocolError: it can't be inflated.
        """
        if frame.opcode in CTRL_OPCODES:
            return frame
        if frame.opcode is not Opcode.CONT:
            # The bit speaks for all frames of a message. On a later one it stays, and is refused as a reserved one.
            self._inflater = zlib.decompressobj(wbits=-LARGEST_WINDOW_BITS) if frame.rsv1 else None
            frame.rsv1 = False
        if self._inflater is not None:
            assert max_size is not None
            frame.data = _inflate(self._inflater, bytes(frame.data), max_size, last=frame.fin)
            self._inflater = None if frame.fin else self._inflater
        return frame

    def encode(self, frame: Frame) -> Frame:
        """Deflate a frame of the server, which is a whole message or a control frame, where that is worth it."""
        if frame.opcode in CTRL_OPCODES or len(frame.data) < LEAST_BYTES:
            return frame
        deflater = zlib.compressobj(wbits=-self._window_bits, memLevel=MEMORY_LEVEL)
        data = deflater.compress(frame.data) + deflater.flush(zlib.Z_SYNC_FLUSH)
        return Frame(frame.opcode, data.removesuffix(_TAIL), frame.fin, rsv1=True)


def _inflate(inflater: zlib._Decompress, data: bytes, max_size: int, *, last: bool) -> bytes:
    tail = _TAIL if last else b""
    try:
        # Room for one byte too many: what fills it is too big, what doesn't was inflated to its end.
        inflated = inflater.decompress(data + tail, max_size + 1)
    except zlib.error as error:
        raise ProtocolError("the message can't be inflated") from error
    if len(inflated) > max_size:
        raise PayloadTooBig(None, max_size)
    # A final block may be followed by the beginning of the empty one whose rest is the tail: RFC 7692, 7.2.3.4.
    if inflater.eof and inflater.unused_data.removesuffix(tail) not in (b"", b"\x00"):
        raise ProtocolError("there is something behind the message's final block")
    return inflated
