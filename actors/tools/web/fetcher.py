"""The fetcher: a page's text by its URL, from where it may be fetched and for as long as that may take."""

from __future__ import annotations

import re
import ssl
import time
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import httpcore2
import httpx2

from actors.tools.errors import ToolFailed
from actors.tools.web.addresses import is_public, resolve
from actors.tools.web.bodies import read
from actors.tools.web.network import Network
from actors.tools.web.pages import readable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from actors.tools.web.network import Reachable, Resolve

PORTS = {"http": 80, "https": 443}
SECONDS = 15.0
MAX_BYTES = 1024 * 1024
MAX_REDIRECTS = 5
MAX_URL = 2_000  # characters

_HOST = re.compile(rb"[\w.:-]+")
_ELSEWHERE = frozenset({301, 302, 303, 307, 308})
_HEADERS = [
    ("Accept", "text/html, text/*;q=0.9, application/json;q=0.8, application/xml;q=0.8"),
    ("Accept-Encoding", "gzip, deflate"),
    ("User-Agent", "greenroom"),
    ("Connection", "close"),
]


class Fetched(NamedTuple):
    """Where a page was found in the end, its title, and its text."""

    url: str
    title: str
    text: str


class Fetcher:
    """Fetches pages, and nothing from where it mustn't.

    Args:
        resolve: gives a host's addresses.
        reachable: whether an address may be connected to.
        ports: those that a URL may name.
        seconds: what all of a fetch may take, redirects included.
        max_bytes: how much of a page is read, inflated.
    """

    def __init__(
        self,
        resolve: Resolve = resolve,
        reachable: Reachable = is_public,
        ports: Collection[int] = PORTS.values(),
        seconds: float = SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._resolve = resolve
        self._reachable = reachable
        self._ports = ports
        self._seconds = seconds
        self._max_bytes = max_bytes

    def fetch(self, url: str) -> Fetched:
        """Return what a page says; blocks on the network.

        Raises:
            ToolFailed: ``bad_url``, ``not_public``, ``unreachable``, ``untrusted``, ``timeout``, ``http_error``,
                ``too_many_redirects``, ``not_text`` or ``unreadable``; the message says it to people.
        """
        deadline = time.monotonic() + self._seconds
        place = _parsed(url)
        for _ in range(MAX_REDIRECTS + 1):
            self._check(place)
            found = self._visited(place, deadline)
            if isinstance(found, Fetched):
                return found
            place = _parsed(found, place)
        raise ToolFailed("too_many_redirects", f"It leads from page to page, more than {MAX_REDIRECTS} times.")

    def _check(self, place: httpx2.URL) -> None:
        if place.scheme not in PORTS or not _HOST.fullmatch(place.raw_host):
            raise ToolFailed("bad_url", "Only addresses that begin with http:// or https:// are fetched.")
        if place.userinfo:
            raise ToolFailed("bad_url", "An address with a name or a password in it isn't fetched.")
        if _port(place) not in self._ports:
            raise ToolFailed("bad_url", "Only the usual ports are fetched from.")

    def _visited(self, place: httpx2.URL, deadline: float) -> Fetched | str:
        """Return the page, or where it says that it is."""
        network = Network(self._resolve, self._reachable, deadline)
        request = httpcore2.URL(scheme=place.raw_scheme, host=place.raw_host, port=_port(place), target=place.raw_path)
        headers = [("Host", place.netloc.decode("ascii")), *_HEADERS]
        with (
            _honest(self._seconds),
            httpcore2.ConnectionPool(ssl.create_default_context(), network_backend=network) as pool,
            pool.stream("GET", request, headers=headers) as answer,
        ):
            said = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            if answer.status in _ELSEWHERE and "location" in said:
                return said["location"]
            if answer.status != HTTPStatus.OK:
                raise ToolFailed("http_error", f"The page isn't there: the answer was {_status(answer.status)}.")
            encoding = said.get("content-encoding", "").strip().lower()
            body = read(answer.iter_stream(), encoding, self._max_bytes)
        page = readable(body.data, said.get("content-type", ""), cut_off=body.cut_off)
        return Fetched(str(place), page.title, page.text)


def _parsed(url: str, base: httpx2.URL | None = None) -> httpx2.URL:
    try:
        if len(url) > MAX_URL:
            raise ToolFailed("bad_url", f"An address of more than {MAX_URL} characters isn't fetched.")
        return (httpx2.URL(url.strip()) if base is None else base.join(url)).copy_with(fragment=None)
    except (httpx2.InvalidURL, UnicodeError, ValueError) as error:
        raise ToolFailed("bad_url", "That isn't an address of a page.") from error


def _port(place: httpx2.URL) -> int:
    return place.port or PORTS[place.scheme]


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


@contextmanager
def _honest(seconds: float) -> Iterator[None]:
    """Say in words for people what went wrong on the network."""
    try:
        yield
    except httpcore2.TimeoutException as error:
        raise ToolFailed("timeout", f"The page took longer than {seconds:g} seconds.") from error
    except httpcore2.ConnectError as error:
        raise ToolFailed("unreachable", "The page's server can't be reached.") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise ToolFailed("unreadable", "The page's server broke off, or doesn't speak HTTP as it should.") from error
