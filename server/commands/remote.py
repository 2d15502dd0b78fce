"""A running server, as the commands speak to it: over HTTP, logged in for the length of one command."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from server.commands.passwords import read_password

Command = TypeVar("Command", bound=Callable[..., Any])

PATIENCE = 30.0
"""How many seconds an answer is awaited."""

URL = "http://127.0.0.1:8765"


class Unanswered(click.ClickException):
    """The server can't be reached, or what answers there isn't Greenroom."""


class Denied(click.ClickException):
    """The server refused; `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Remote:
    """One server.

    Plain `http.client`: it follows no redirect, so the token goes nowhere but to the server that it was asked of.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
            raise click.BadParameter(f"{url!r} must look like {URL}", param_hint="--url")
        self._url = url
        self._secure = parts.scheme == "https"
        self._address = parts.netloc.rpartition("@")[2]
        self._token: str | None = None
        self._refresh_token: str | None = None

    def login(self, username: str, password: str) -> None:
        """Log in; what is asked from then on is asked as that user. Raises as `call`."""
        self._hold(self._ask("POST", "/v1/login", {"username": username, "password": password}))

    def _hold(self, granted: Any) -> None:
        try:
            self._token, self._refresh_token = granted["access_token"], granted["refresh_token"]
        except (TypeError, LookupError) as error:
            raise self._stranger() from error

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask for something and return the answer's JSON, None where it has none; blocks on the network.

        A token whose time is over is exchanged for a new one.

        Raises:
            Denied: the answer is an error.
            Unanswered: there is none, or none that Greenroom gives.
        """
        try:
            return self._ask(method, path, body)
        except Denied as denied:
            if denied.status != http.HTTPStatus.UNAUTHORIZED or self._refresh_token is None:
                raise
        self._hold(self._ask("POST", "/v1/refresh", {"refresh_token": self._refresh_token}))
        return self._ask(method, path, body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        try:
            status, content = self._exchange(method, path, None if body is None else json.dumps(body))
            answer: Any = json.loads(content) if content else None
            if status < http.HTTPStatus.BAD_REQUEST:
                return answer
            message = answer["error"]["message"]
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(f"{self._url} doesn't answer ({error!s}); is the server running there?") from error
        except (ValueError, TypeError, LookupError) as error:
            raise self._stranger() from error
        raise Denied(status, message)

    def _stranger(self) -> Unanswered:
        return Unanswered(f"what answers at {self._url} isn't Greenroom; check --url")

    def _exchange(self, method: str, path: str, body: str | None) -> tuple[int, bytes]:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        with closing(kind(self._address, timeout=PATIENCE)) as connection:
            connection.request(method, path, body, self._headers())
            response = connection.getresponse()
            return response.status, response.read()

    def _headers(self) -> dict[str, str]:
        own = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        return {"Content-Type": "application/json", **own}


def remote_options(command: Command) -> Command:
    """Give a command `--url` and `--user`, as `url` and `user`."""
    url = click.option("--url", default=URL, show_default=True, help="Where the server is.")
    user = click.option("--user", default="operator", show_default=True, metavar="NAME", help="Whom to log in as.")
    return url(user(command))


@contextmanager
def logged_in(url: str, user: str) -> Iterator[Remote]:
    """Log in to a server with a password from a prompt or standard input, and out at the end; blocks on both.

    Raises:
        Denied: the password is wrong.
        Unanswered: there is no such server.
    """
    remote = Remote(url)
    remote.login(user, read_password(confirm=False))
    try:
        yield remote
    finally:
        remote.call("POST", "/v1/logout")
