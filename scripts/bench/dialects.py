"""How one talks to each of the servers: what greets, what asks, what ends a turn, and what says that one is alive."""

import json
import socket
import urllib.request
from collections.abc import Callable
from typing import Protocol

from scripts.bench.names import PASSWORD, TEXT, USERNAME, session_id
from scripts.bench.wire import pongs, read_until, shake_hands, text_frame

COMPLETED = b'agent_completed"'


class Dialect(Protocol):
    """One way to talk. Made with the port of the server; blocks where a login is asked for."""

    def connect(self, index: int, source: str) -> socket.socket:
        """Open the connection number ``index`` from a loopback address; blocks until it is greeted."""
        ...

    def question(self, index: int) -> bytes:
        """Return the bytes that ask on the connection number ``index``."""
        ...

    def sign_of_life(self, read: bytes) -> bytes:
        """Return what to answer where ``read`` asks whether one is there; nothing where it doesn't."""
        ...


class Plain:
    """The protocol of the peers that are written by hand."""

    def __init__(self, port: int) -> None:
        """Talk to the server at ``port``."""
        self._address = ("127.0.0.1", port)

    def connect(self, index: int, source: str) -> socket.socket:  # noqa: ARG002 - one connection is like another
        """Open a connection; blocks until it is greeted."""
        connected = shake_hands(self._address, "/v1/ws", {}, source)
        read_until(connected, b"welcome")
        return connected

    def question(self, index: int) -> bytes:  # noqa: ARG002 - as above
        """Return the bytes that ask."""
        return text_frame(json.dumps({"type": "message", "text": TEXT}).encode())

    def sign_of_life(self, read: bytes) -> bytes:
        """Return the pongs for the pings of RFC 6455 in ``read``."""
        return pongs(read)


class SocketIO:
    """Engine.IO 4 and Socket.IO 5 over a WebSocket, without the polling that may come before."""

    PING, PONG = b"\x81\x012", text_frame(b"3")

    def __init__(self, port: int) -> None:
        """Talk to the server at ``port``."""
        self._address = ("127.0.0.1", port)

    def connect(self, index: int, source: str) -> socket.socket:  # noqa: ARG002 - one connection is like another
        """Open a connection; blocks until it is greeted."""
        connected = shake_hands(self._address, "/socket.io/?EIO=4&transport=websocket", {}, source)
        read_until(connected, b"sid")
        connected.sendall(text_frame(b"40"))
        read_until(connected, b"welcome")
        return connected

    def question(self, index: int) -> bytes:  # noqa: ARG002 - as above
        """Return the bytes that ask."""
        return text_frame(b"42" + json.dumps(["message", {"text": TEXT}]).encode())

    def sign_of_life(self, read: bytes) -> bytes:
        """Return the answer to Engine.IO's own ping, where ``read`` holds one."""
        return self.PONG if self.PING in read else b""


class Greenroom:
    """Ours: one login, and a session for each connection, which `scripts.bench.furnish` made."""

    def __init__(self, port: int) -> None:
        """Log in to the server at ``port``; blocks until that is done."""
        self._address = ("127.0.0.1", port)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/login",
            json.dumps({"username": USERNAME, "password": PASSWORD}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - the address is loopback
            self._token = json.load(response)["access_token"]

    def connect(self, index: int, source: str) -> socket.socket:
        """Open a connection that follows its session; blocks until it does."""
        connected = shake_hands(self._address, "/v1/ws", {"Authorization": f"Bearer {self._token}"}, source)
        subscribe = {"type": "subscribe", "id": "s", "session_id": session_id(index)}
        connected.sendall(text_frame(json.dumps(subscribe).encode()))
        read_until(connected, b'"re":"s"')
        return connected

    def question(self, index: int) -> bytes:
        """Return the bytes that ask."""
        message = {"type": "message", "text": TEXT, "session_id": session_id(index)}
        return text_frame(json.dumps(message).encode())

    def sign_of_life(self, read: bytes) -> bytes:
        """Return the pongs for the pings of RFC 6455 in ``read``."""
        return pongs(read)


DIALECTS: dict[str, Callable[[int], Dialect]] = {"greenroom": Greenroom, "plain": Plain, "socketio": SocketIO}
