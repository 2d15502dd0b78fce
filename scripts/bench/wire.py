"""The load's own end of a WebSocket: a handshake and masked text frames over a plain socket.

A client library would cost more than the servers that are measured.
"""

import base64
import os
import socket

READ_BYTES = 65536
LONG = 126
"""Says that the length comes in two bytes of its own (RFC 6455, 5.2)."""
PING = 0x89
LONGEST_PING = 8
"""How many bytes the pings of any of the servers hold at most."""
CONNECT_SECONDS = 30.0
MASK = b"\0\0\0\0"
"""A mask of zeros is a legal one, and costs the load nothing."""


def text_frame(text: bytes) -> bytes:
    """Return ``text``, below 64 KiB, as one masked frame."""
    length = len(text)
    if length < LONG:
        return bytes([0x81, 0x80 | length]) + MASK + text
    return bytes([0x81, 0x80 | LONG]) + length.to_bytes(2, "big") + MASK + text


def _connect(address: tuple[str, int], source: str) -> socket.socket:
    connected = socket.socket()
    connected.settimeout(CONNECT_SECONDS)
    # The port is chosen when it is known for which peer: one that waits out a closed connection to a server is good for
    # any other, and without that they run out.
    connected.setsockopt(socket.IPPROTO_IP, socket.IP_BIND_ADDRESS_NO_PORT, 1)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        connected.bind((source, 0))
        connected.connect(address)
    except OSError:
        connected.close()
        raise
    return connected


def shake_hands(
    address: tuple[str, int], path: str, headers: dict[str, str], source: str = "127.0.0.1"
) -> socket.socket:
    """Open a WebSocket from the loopback address ``source``; blocks until it is upgraded.

    Raises:
        ConnectionError: the server refused.
    """
    connected = _connect(address, source)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {address[0]}:{address[1]}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    connected.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        # Byte by byte: what follows the head is a frame already, and the caller's.
        read = connected.recv(1)
        if not read:
            raise ConnectionError(f"{path}: the server hung up")
        head += read
    if b" 101 " not in head.split(b"\r\n", 1)[0]:
        raise ConnectionError(head.decode(errors="replace"))
    return connected


def pongs(read: bytes) -> bytes:
    """Return the pongs for the pings in ``read``, frames of JSON in ASCII.

    Nothing else in there looks like the head of a ping: no text has such a byte, and no length that ends in one is
    followed by so few.
    """
    answers, at = b"", read.find(PING)
    while at >= 0:
        length = read[at + 1] if at + 1 < len(read) else READ_BYTES
        if length <= LONGEST_PING:
            answers += bytes([0x8A, 0x80 | length]) + MASK + read[at + 2 : at + 2 + length]
            at += 1 + length  # What a ping holds is random, and may look like another one.
        at = read.find(PING, at + 1)
    return answers


def read_until(connected: socket.socket, marker: bytes) -> bytes:
    """Read until ``marker`` was there; blocks.

    Raises:
        ConnectionError: the server hung up before.
    """
    read, seen = bytearray(), False
    while not seen:
        more = connected.recv(READ_BYTES)
        if not more:
            raise ConnectionError(f"hung up before {marker!r}: {read!r}")
        read += more
        seen = marker in read[-len(more) - len(marker) :]
    return bytes(read)
