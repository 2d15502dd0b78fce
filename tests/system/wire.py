"""A client that takes bytes for bytes: for tests that compare more frames than JSON can be read in a test's time."""

import base64
import json
import os
import socket
from typing import Any

from tests.system.process import Login, ServerProcess

SMALL, SHORT, TEXT = 126, 127, 0x81
"""Lengths and opcode of RFC 6455, 5.2."""


class Wire:
    """One connection, past its welcome. Blocks."""

    def __init__(self, server: ServerProcess, login: Login) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            "GET /v1/ws HTTP/1.1",
            f"Host: 127.0.0.1:{server.port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            f"Authorization: Bearer {login.token}",
        ]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._stream = self._socket.makefile("rb", buffering=1024 * 1024)
        while self._stream.readline().strip():
            pass
        assert json.loads(self.frame())["type"] == "welcome"

    def send(self, **frame: Any) -> None:
        """Send a frame, masked by zeros: as good a key as any here."""
        data = json.dumps(frame).encode()
        assert len(data) < 65_536
        head = bytes([TEXT, 0x80 | len(data)]) if len(data) < SMALL else bytes([TEXT, 0x80 | SMALL])
        length = b"" if len(data) < SMALL else len(data).to_bytes(2, "big")
        self._socket.sendall(head + length + bytes(4) + data)

    def send_bytes(self, data: bytes) -> None:
        """Send anything at all."""
        self._socket.sendall(data)

    def frame(self) -> bytes:
        """Return the text of the next frame."""
        opcode, length = self._stream.read(2)
        assert opcode == TEXT
        if length >= SMALL:
            length = int.from_bytes(self._stream.read(2 if length == SMALL else 8), "big")
        return self._stream.read(length)

    def read(self, count: int) -> bytes:
        """Return exactly so many bytes, heads and all."""
        return self._stream.read(count)

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


def framed(text: bytes) -> bytes:
    """Return a frame of the server as it is on the wire."""
    if len(text) < SMALL:
        return bytes([TEXT, len(text)]) + text
    if len(text) < 65_536:
        return bytes([TEXT, SMALL]) + len(text).to_bytes(2, "big") + text
    return bytes([TEXT, SHORT]) + len(text).to_bytes(8, "big") + text
