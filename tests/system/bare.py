"""A WebSocket client of bare bytes: it writes any frame, right or wrong, and is strict about those it reads.

It shares no code with the server's library: what both misread alike would pass unseen.
"""

import base64
import hashlib
import json
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MASK = b"\x37\xfa\x21\x3d"
SECONDS = 10.0


class BadServer(AssertionError):
    """The server broke a rule of RFC 6455."""


class Frame(NamedTuple):
    """One frame of the server."""

    opcode: int
    payload: bytes
    fin: bool = True
    compressed: bool = False

    @property
    def code(self) -> int | None:
        """The code of a close, None where it has none."""
        return struct.unpack("!H", self.payload[:2])[0] if self.payload else None


def masked(payload: bytes, mask: bytes = MASK) -> bytes:
    """Return the payload with the mask on, or off."""
    length = len(payload)
    whole = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(length, "big")


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = MASK,
    declared: int | None = None,
) -> bytes:
    """Write a frame: with these reserved bits (4 is RSV1), unmasked or not, its length declared truly or otherwise."""
    length = len(payload) if declared is None else declared
    head = bytes([fin << 7 | rsv << 4 | opcode])
    bit = 0 if mask is None else 0x80
    if length < 126:
        head += bytes([bit | length])
    elif length < 1 << 16:
        head += bytes([bit | 126]) + length.to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + length.to_bytes(8, "big")
    return head + payload if mask is None else head + mask + masked(payload, mask)


def close_frame(code: int, reason: bytes = b"") -> bytes:
    """Write a close."""
    return frame(CLOSE, struct.pack("!H", code) + reason)


def fragments(opcode: int, pieces: Iterable[bytes], *, rsv: int = 0) -> list[bytes]:
    """Write a message in as many frames as there are pieces."""
    payloads = list(pieces)
    last = len(payloads) - 1
    return [
        frame(CONT if place else opcode, payload, fin=place == last, rsv=0 if place else rsv)
        for place, payload in enumerate(payloads)
    ]


def pieces(data: bytes, size: int) -> list[bytes]:
    """Cut data into pieces of this size."""
    return [data[start : start + size] for start in range(0, len(data), size)] or [b""]


def ping_text(t: bytes = b"", size: int | None = None) -> bytes:
    """Return the application's ``ping`` with these bytes inside a string, filled up to a size where one is given."""
    around = b'{"type":"ping","t":"%b"}'
    return around % (t if size is None else b"*" * (size - len(around % b"")))


def pong_text(ping: bytes) -> bytes:
    """Return what answers an application's ``ping``."""
    return ping.replace(b'"ping"', b'"pong"', 1)


def request(port: int, path: str = "/v1/ws", **headers: str | None) -> bytes:
    """Write an upgrade; a header's name is written with ``_`` for ``-``, and one that is None is left out."""
    fields = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}\r\n" for name, value in fields.items() if value is not None]
    return f"GET {path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode()


class Head(NamedTuple):
    """The head of an HTTP answer, names in lower case."""

    status: int
    headers: dict[str, str]


class Bare:
    """A connection past its upgrade, or one that was refused it: ``head`` tells."""

    def __init__(self, port: int, sends: bytes) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = bytearray()
        self._message: int | None = None
        self.sock.sendall(sends)
        self.head = self._read_head()
        if self.head.status == 101:
            self._check_upgrade(sends)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    # The handshake.

    def _read_head(self) -> Head:
        while b"\r\n\r\n" not in self._read:
            self._require(self._receive(), "the stream ends in the head")
        head, _, rest = bytes(self._read).partition(b"\r\n\r\n")
        self._read[:] = rest
        status, *lines = head.decode("latin-1").split("\r\n")
        fields = [line.split(":", 1) for line in lines]
        headers = {name.strip().lower(): value.strip() for name, value in fields}
        self._require(len(headers) == len(lines), f"a header comes twice: {lines}")
        return Head(int(status.split()[1]), headers)

    def _check_upgrade(self, sent: bytes) -> None:
        headers = self.head.headers
        key = next(line for line in sent.decode("latin-1").split("\r\n") if line.startswith("Sec-WebSocket-Key"))
        digest = hashlib.sha1(key.split(": ")[1].encode() + GUID.encode()).digest()
        self._require(headers["upgrade"].lower() == "websocket", headers)
        self._require(headers["connection"].lower() == "upgrade", headers)
        self._require(headers["sec-websocket-accept"] == base64.b64encode(digest).decode(), headers)
        self._require("content-length" not in headers and "transfer-encoding" not in headers, headers)

    @property
    def extensions(self) -> str:
        """What was agreed on; empty where nothing was."""
        return self.head.headers.get("sec-websocket-extensions", "")

    # Writing.

    def send(self, *chunks: bytes) -> None:
        """Send each chunk by a call of its own; that the server has closed meanwhile is for the reader to find."""
        try:
            for chunk in chunks:
                self.sock.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass

    # Reading.

    def _require(self, condition: object, what: object) -> None:
        if not condition:
            raise BadServer(what)

    def _receive(self) -> bool:
        data = self.sock.recv(65536)
        self._read += data
        return bool(data)

    def _take(self, count: int) -> bytes:
        while len(self._read) < count:
            self._require(self._receive(), "the stream ends in a frame")
        taken = bytes(self._read[:count])
        del self._read[:count]
        return taken

    def read(self) -> Frame | None:
        """Return the next frame, None at the stream's end.

        Raises:
            BadServer: it isn't as RFC 6455 has it.
        """
        if not self._read and not self._receive():
            return None
        first, second = self._take(2)
        self._require(not second & 0x80, "a server's frame is masked")
        length = second
        if second >= 126:
            size, least = (2, 126) if second == 126 else (8, 1 << 16)
            length = int.from_bytes(self._take(size), "big")
            self._require(length >= least, f"{length} is written in {size} bytes")
        got = Frame(first & 0x0F, self._take(length), bool(first & 0x80), bool(first & 0x40))
        self._require(not first & 0x30, f"reserved bits: {got}")
        self._check(got)
        return got

    def _check(self, got: Frame) -> None:
        control = got.opcode in (CLOSE, PING, PONG)
        self._require(control or got.opcode in (CONT, TEXT), f"opcode {got.opcode}")
        if control:
            self._require(got.fin and len(got.payload) <= 125 and not got.compressed, f"a bad control frame: {got}")
        else:
            self._require((got.opcode == CONT) == (self._message is not None), f"out of turn: {got}")
            self._message = None if got.fin else TEXT
        self._require(not got.compressed or "permessage-deflate" in self.extensions, "unasked compression")
        if got.opcode == TEXT and got.fin and not got.compressed:
            got.payload.decode()
        if got.opcode == CLOSE:
            got.payload[2:].decode()
            self._require(len(got.payload) != 1, "a close of one byte")

    def welcome(self) -> Self:
        """Read the welcome."""
        self._require(json.loads(self.read().payload)["type"] == "welcome", "no welcome")
        return self

    def frames(self) -> Iterator[Frame]:
        """Read on to the end of the stream, which must be behind a close and have nothing in between."""
        while (got := self.read()) is not None:
            yield got
            if got.opcode == CLOSE:
                self._require(self.read() is None, "there is something behind the close")
                return
        raise BadServer("the stream ends without a close")

    def next(self, count: int) -> list[Frame | None]:
        """Read that many frames; None stands for the stream's end."""
        return [self.read() for _ in range(count)]


def dial_bare(server, token: str | None = None, **headers: str | None) -> Bare:
    """Open a connection; one with a token is read up to its welcome."""
    if token is None:
        return Bare(server.port, request(server.port, **headers))
    bare = Bare(server.port, request(server.port, Authorization=f"Bearer {token}", **headers))
    return bare.welcome() if bare.head.status == 101 else bare
