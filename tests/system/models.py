"""Servers that play a language model: one of another maker, and a bare one for what that can't do wrong."""

import contextlib
import json
import os
import re
import selectors
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.system.process import ServerProcess

AIMOCK = Path(__file__).parent / "judges/node_modules/@copilotkit/aimock/dist/cli.js"
START_SECONDS = 20.0
KEY = "sk-test-never-shown"
ASIDE = "sk-in-a-message"
SECRETS = (KEY, ASIDE)
"""What nobody may be shown, and no log may hold: the key, and what a model server says for its operator's ears."""
_URL = re.compile(rb"listening on (http://\S+)")


def said(text: str, answer: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Write down what a model answers where the last message holds a text; ``step`` counts its earlier answers."""
    match = {"userMessage": text}
    for key, name in (("step", "turnIndex"), ("nth", "sequenceIndex"), ("after_tools", "hasToolResult")):
        if key in options:
            match[name] = options.pop(key)
    return {"match": {**match, "model": "gpt-test"}, "response": answer, **options}


def calling(*calls: tuple[str, Any], text: str = "", **options: Any) -> dict[str, Any]:
    """Write down an answer that calls tools; arguments that are a string are sent as they are."""
    answer: dict[str, Any] = {"toolCalls": [{"name": name, "arguments": arguments} for name, arguments in calls]}
    return answer | ({"content": text} if text else {}) | options


def refusing(status: int, **options: Any) -> dict[str, Any]:
    """Write down a refusal of the request."""
    return {"error": {"message": f"told to the operator alone: {ASIDE}"}, "status": status, **options}


@contextlib.contextmanager
def discreet(server: ServerProcess) -> Iterator[ServerProcess]:
    """End a server once nobody needs it; it must have had no faults then, and have logged none of the `SECRETS`."""
    try:
        yield server
    finally:
        server.end()
    assert not server.faults(), "\n".join(server.faults())
    assert not [secret for secret in SECRETS if secret in server.log]


class Model:
    """The other maker's server, on a port that was free."""

    def __init__(self, folder: Path, fixtures: list[dict[str, Any]], key: str) -> None:
        self._key = key
        (folder / "fixtures.json").write_text(json.dumps({"fixtures": fixtures}))
        command = ["node", str(AIMOCK), "--port", "0", "--fixtures", str(folder), "--journal-max", "0"]
        self._process = subprocess.Popen(command, env=os.environ | {"AIMOCK_API_KEYS": key}, stdout=subprocess.PIPE)
        try:
            self.url = self._await_url()
        except BaseException:
            self.end()
            raise

    def _await_url(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        told = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while (found := _URL.search(told)) is None:
                left = deadline - time.monotonic()
                chunk = os.read(self._process.stdout.fileno(), 4096) if left > 0 and selector.select(left) else b""
                assert chunk, f"the model's server didn't start: {told!r}"
                told += chunk
        threading.Thread(target=self._process.stdout.read, daemon=True).start()
        return found[1].decode()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def asked(self, text: str) -> list[dict[str, Any]]:
        """Return the bodies of the requests whose last message of a person holds a text, in order."""
        journal = urllib.request.Request(
            f"{self.url}/__aimock/journal", headers={"Authorization": f"Bearer {self._key}"}
        )
        with urllib.request.urlopen(journal, timeout=10) as answer:
            bodies = [entry["body"] for entry in json.load(answer) if entry["body"]]
        return [body for body in bodies if text in last_message(body)]

    def end(self) -> None:
        """End the process by its handle."""
        self._process.terminate()
        self._process.wait(10)
        self._process.stdout.close()


def last_message(body: dict[str, Any]) -> str:
    """Return what the person said last."""
    return next(message["content"] for message in reversed(body["messages"]) if message["role"] == "user")


class Wire(socketserver.ThreadingTCPServer):
    """Stands between a server and its model, and sees the connections: which are open, and what has crossed them."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Crossing)
        self.model_port = port
        self.open = 0
        self.crossed = 0
        self.changed = threading.Condition()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def note(self, *, opened: int = 0, crossed: int = 0) -> None:
        with self.changed:
            self.open += opened
            self.crossed += crossed
            self.changed.notify_all()

    def await_open(self, count: int, seconds: float) -> bool:
        """Wait until so many connections of the server's are open; blocks."""
        with self.changed:
            return self.changed.wait_for(lambda: self.open == count, seconds)

    def await_more(self, than: int, seconds: float) -> bool:
        """Wait until more bytes of the model's than that have crossed; blocks."""
        with self.changed:
            return self.changed.wait_for(lambda: self.crossed > than, seconds)

    def end(self) -> None:
        self.shutdown()
        self.server_close()


class _Crossing(socketserver.BaseRequestHandler):
    server: Wire

    def handle(self) -> None:
        self.server.note(opened=1)
        with socket.create_connection(("127.0.0.1", self.server.model_port)) as model:
            back = threading.Thread(target=self._back, args=(model,), daemon=True)
            back.start()
            with contextlib.suppress(OSError):
                while data := self.request.recv(65536):
                    model.sendall(data)
            # The server has closed its side: that, and not what the model does, is what is watched for.
            with contextlib.suppress(OSError):
                model.shutdown(socket.SHUT_RDWR)
            back.join(10)
            self.server.note(opened=-1)

    def _back(self, model: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := model.recv(65536):
                self.request.sendall(data)
                self.server.note(crossed=len(data))
        with contextlib.suppress(OSError):
            self.request.shutdown(socket.SHUT_WR)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
RESET = "reset"
"""In what a bare model does: the connection is reset."""


def chunk(finish: str | None = None, **delta: Any) -> bytes:
    """Return one event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"object": "chat.completion.chunk", "choices": [choice]})


def event(data: Any) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


class BareModel(socketserver.ThreadingTCPServer):
    """Answers with bytes as they are: ``acts`` by the text of the message, of bytes, pauses in seconds, and `RESET`.

    Over TLS where there is a context.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, acts: dict[str, list[bytes | float | str]], secured: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Act)
        self.acts = acts
        self.secured = secured
        self.asked: list[dict[str, Any]] = []
        self.connected = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        scheme = "http" if self.secured is None else "https"
        return f"{scheme}://127.0.0.1:{self.server_address[1]}"

    def get_request(self) -> tuple[Any, Any]:
        request, address = super().get_request()
        if self.secured is not None:
            # The handshake is for the connection's thread: who breaks it off keeps nobody else from connecting.
            request = self.secured.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        return request, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Take no note of clients that don't trust the certificate."""

    def end(self) -> None:
        self.shutdown()
        self.server_close()


class _Act(socketserver.StreamRequestHandler):
    server: BareModel

    def handle(self) -> None:
        self.server.connected += 1
        length = 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        body = json.loads(self.rfile.read(length))
        self.server.asked.append(body)
        with contextlib.suppress(OSError):
            for step in self.server.acts[last_message(body)]:
                self._do(step)

    def _do(self, step: bytes | float | str) -> None:
        if isinstance(step, bytes):
            self.wfile.write(step)
        elif step == RESET:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.close()
        else:
            # Whoever listens may go meanwhile; nothing more is to be read from it.
            self.request.settimeout(step)
            with contextlib.suppress(TimeoutError):
                self.request.recv(1)
