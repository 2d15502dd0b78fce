"""How one talks to each of the servers: what greets, what asks, and what ends a turn."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from typing import Protocol

from scripts.bench.wire import read_until, shake_hands, text_frame

TEXT = "What is the rate today?"
COMPLETED = b'agent_completed"'
PASSWORD = "bench-bench"  # noqa: S105 - of accounts that live as long as a measurement


class Dialect(Protocol):
    """One way to talk."""

    def connect(self, index: int, source: str) -> socket.socket:
        """Open the connection number ``index`` from a loopback address; blocks until it is greeted."""
        ...

    def question(self, index: int) -> bytes:
        """Return the bytes that ask on the connection number ``index``."""
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


class SocketIO:
    """Engine.IO 4 and Socket.IO 5 over a WebSocket, without the polling that may come before."""

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


class Greenroom:
    """Ours: a login, a session for each connection."""

    def __init__(self, port: int, sessions: int) -> None:
        """Log in to the server at ``port`` and see that there are ``sessions``; blocks until there are."""
        self._address = ("127.0.0.1", port)
        answer = self._call("POST", "/v1/login", {"username": "bench", "password": PASSWORD})
        self._headers = {"Authorization": f"Bearer {answer['access_token']}"}
        self._sessions = list(self._have(sessions))

    def _have(self, wanted: int) -> Iterator[str]:
        there = [session["session_id"] for session in self._call("GET", "/v1/sessions")["sessions"]]
        yield from there[:wanted]
        for _ in range(wanted - len(there)):
            yield self._call("POST", "/v1/sessions", {})["session_id"]

    def _call(self, method: str, path: str, body: object = None) -> dict[str, object]:
        host, port = self._address
        request = urllib.request.Request(
            f"http://{host}:{port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **getattr(self, "_headers", {})},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def connect(self, index: int, source: str) -> socket.socket:
        """Open a connection that follows its session; blocks until it does."""
        connected = shake_hands(self._address, "/v1/ws", self._headers, source)
        subscribe = {"type": "subscribe", "id": "s", "session_id": self._sessions[index]}
        connected.sendall(text_frame(json.dumps(subscribe).encode()))
        read_until(connected, b'"re":"s"')
        return connected

    def question(self, index: int) -> bytes:
        """Return the bytes that ask."""
        return text_frame(
            json.dumps({"type": "message", "text": TEXT, "session_id": self._sessions[index]}).encode()
        )
