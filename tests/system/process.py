"""A real server in a process of its own, and what is asked of it over HTTP."""

import contextlib
import http.client
import json
import os
import random
import re
import selectors
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[2]
START_SECONDS = 20.0
STOP_SECONDS = 20.0
RENEWED_AFTER = 600.0
"""How old a login is used; its token is good for half as long again."""
JSON = "application/json"
URL = re.compile(r"https?://[\w.\[\]:]+")


class Answer(NamedTuple):
    """What HTTP answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error, in the one shape that every error has."""
        assert set(self.json) == {"error"}, self
        error = self.json["error"]
        assert {"code", "message"} <= set(error) <= {"code", "message", "retry_after_ms"}, self
        return error


class Login(NamedTuple):
    """What a login gave."""

    username: str
    token: str
    refresh_token: str
    user_id: str


def environment(**settings: str) -> dict[str, str]:
    """Return this process's environment with these `GREENROOM_` settings and no others, and this very source."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GREENROOM_")}
    return clean | {"PYTHONPATH": str(ROOT)} | {f"GREENROOM_{key}": value for key, value in settings.items()}


def run_greenroom(*arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ``greenroom`` to its end."""
    return run_python("-m", "server", *arguments, stdin=stdin, **settings)


def run_python(
    *arguments: str, stdin: str = "", patience: float = 30.0, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a program of Python to its end, on this very source and with no settings but these."""
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        input=stdin,
        env=environment(**settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


def lasting_port() -> int:
    """Return a free port that nothing takes while a server is down: one that the system gives to nobody by itself."""
    while True:
        port = random.randrange(20_000, 30_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def spawn(data_dir: Path, *flags: str, **settings: str) -> subprocess.Popen[bytes]:
    """Start a server's process and wait for nothing; what it logs is added to what is there."""
    command = [sys.executable, "-W", "error", "-m", "server", "serve", "--port", "0", "--data-dir", str(data_dir)]
    with log_of(data_dir).open("ab") as stderr:
        # In a group of its own: a Ctrl-C at the terminal is for whoever started it, who then ends it.
        return subprocess.Popen(
            [*command, *flags],
            env=environment(**settings),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=stderr,
            process_group=0,
        )


def log_of(data_dir: Path) -> Path:
    """Return where the servers of a data directory log: beside it and not in it, whose disk may be full."""
    return data_dir.parent / f"{data_dir.name}.log"


class ServerProcess:
    """A server that listens on loopback, on a port that was free."""

    def __init__(
        self,
        data_dir: Path,
        *flags: str,
        toml: str = "",
        prepare: Callable[[Path], None] | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if toml:
            (data_dir / "greenroom.toml").write_text(toml)
        if prepare is not None:
            prepare(data_dir)
        self.data_dir = data_dir
        self._flags = flags
        self.trust = trust
        self._logins: dict[str, tuple[Login, float]] = {}
        self.start()

    def start(self, **settings: str) -> None:
        """Start a process, the first or another one after its end, on the same data."""
        self.begin(**settings)
        try:
            self.url = self._await_url()
        except BaseException:
            self.end()
            raise
        self.port = urlsplit(self.url).port

    def begin(self, **settings: str) -> None:
        """Start a process that may not live to serve; it is waited for by whoever calls this."""
        self.process = spawn(self.data_dir, *self._flags, **settings)

    def _await_url(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        said = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in said:
                left = deadline - time.monotonic()
                chunk = os.read(self.process.stdout.fileno(), 4096) if left > 0 and selector.select(left) else b""
                assert chunk, f"the server didn't start: {said!r}\n{self.log}"
                said += chunk
        return URL.search(said.decode())[0]

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/v1/ws"

    @property
    def log(self) -> str:
        """What it has logged so far, and those before it on its data directory."""
        return log_of(self.data_dir).read_text(errors="replace")

    def faults(self) -> list[str]:
        """Return the log's lines that tell of a fault of the server's own; what isn't HTTP is the client's."""
        lines = [line for line in self.log.splitlines() if '"logger": "greenroom.http' not in line]
        return [line for line in lines if '"level": "error"' in line or not line.startswith("{")]

    # HTTP.

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one request; blocks. A `body` that isn't bytes is sent as JSON."""
        fields = dict(headers or {})
        if token is not None:
            fields["Authorization"] = f"Bearer {token}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = self._connection()
        with contextlib.closing(connection):
            connection.request(method, path, data, fields)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())

    def _connection(self) -> http.client.HTTPConnection:
        if self.trust is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=self.trust)

    def metric(self, name: str, **labels: str) -> float:
        """Return the present value of a metric of ours; blocks."""
        text = self.call("GET", "/metrics").body.decode()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        wanted = (f"greenroom_{name}", labels)
        return next((sample.value for sample in samples if (sample.name, sample.labels) == wanted), 0.0)

    def login(self, username: str, password: str | None = None) -> Login:
        """Log in; the password is the username where left out."""
        answer = self.call("POST", "/v1/login", {"username": username, "password": password or username})
        assert answer.status == 200, answer
        granted = answer.json
        return Login(username, granted["access_token"], granted["refresh_token"], granted["user_id"])

    def known(self, username: str) -> Login:
        """Return a login of the user that stays: made the first time, and again when its token grows old."""
        known = self._logins.get(username)
        if known is None or time.monotonic() - known[1] > RENEWED_AFTER:
            self.remember(self.login(username))
        return self._logins[username][0]

    def remember(self, login: Login) -> None:
        """Have `known` return this one."""
        self._logins[login.username] = login, time.monotonic()

    def all_known(self) -> list[Login]:
        """Return a login of each user that was asked for by `known`."""
        return [self.known(username) for username in list(self._logins)]

    def new_session(self, login: Login, title: str = "") -> str:
        answer = self.call("POST", "/v1/sessions", {"title": title}, login.token)
        assert answer.status == 201, answer
        return answer.json["session_id"]

    def sessions(self, login: Login) -> list[dict[str, Any]]:
        return self.call("GET", "/v1/sessions", token=login.token).json["sessions"]

    def events(self, login: Login, session_id: str, page: int = 1000) -> list[dict[str, Any]]:
        """Return a session's whole log, read page by page."""
        events: list[dict[str, Any]] = []
        while True:
            path = f"/v1/sessions/{session_id}/events?after={len(events)}&limit={page}"
            more = self.call("GET", path, token=login.token).json["events"]
            events += more
            if len(more) < page:
                return events

    # Ending.

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for the end of the process and return its status."""
        status = self.process.wait(STOP_SECONDS)
        self.process.stdout.close()
        return status

    def restart(self) -> None:
        """Kill the process and start another one on its data."""
        self.kill()
        self.start()

    def return_in_place(self) -> None:
        """Start another process at the address of the last one, for those who come back to it by themselves."""
        self._flags = (*self._flags, "--port", str(self.port))
        self.start()

    def kill(self) -> None:
        """End the process by its handle as nobody can prepare for; blocks until it is gone."""
        self.process.kill()
        self.wait()

    def end(self) -> int:
        """End the process by its handle, and return its status: as it is told to, or else by force."""
        try:
            if self.process.poll() is None:
                self.signal()
            return self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def posted(server: ServerProcess, path: str, body: Any = None, token: str | None = None, **headers: str) -> Answer:
    """Make a POST, and return its answer; blocks."""
    return server.call("POST", path, body, token, headers)
