"""From HTTP to WebSocket: gevent-websocket's handler does the upgrade, then lets go of the socket.

After the handshake the request's greenlet, environ, headers and buffered reader would be dead weight for as long as
the socket lives. So the socket is taken out of them, and they end.
"""

from __future__ import annotations

import base64
import binascii
import time
from typing import TYPE_CHECKING, Any

from gevent.pywsgi import WSGIHandler
from geventwebsocket.handler import WebSocketHandler

from server import protocol
from server.errors import IssuerUnreachable, TokenFault
from server.http.errors import error_response, issuer_unreachable
from server.http.handler import RequestHandler
from server.sockets.credentials import MisplacedToken, credential
from server.sockets.deflate import BadOffers, Deflate, negotiate
from server.sockets.origins import is_allowed
from server.sockets.transport import take_over
from server.sockets.websocket import WebSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Response

    from server.identity.access import Claims
    from server.identity.accounts import Account
    from server.sockets.deflate import Agreement
    from server.sockets.reception import Reception

PATH = "/v1/ws"
VERSION = "13"
"""The WebSocket protocol's version: RFC 6455, 4.2.1."""

Who = tuple["Claims", "Account"] | None


class Upgrade(RequestHandler, WebSocketHandler):  # type: ignore[misc]  # gevent-websocket ships no types
    """Handles one connection's requests: `PATH` becomes a WebSocket, everything else is the application's."""

    who: Who = None
    compression: Agreement | None = None
    websocket: Any  # The untyped base's.

    def run_application(self) -> Any:
        """Answer one request."""
        if self.environ["PATH_INFO"] != PATH:
            return WSGIHandler.run_application(self)
        refusal = self._refusal(self.server.reception)
        if refusal is not None:
            self.result = refusal(self.environ, self.start_response)
            return self.process_result()
        return super().run_application()

    def _refusal(self, reception: Reception) -> Response | None:
        """Return why this request doesn't become a WebSocket, or None; blocks on the accounts."""
        environ = self.environ
        if reception.draining:
            return error_response(503, "draining", "The server is going away.", retry_after_ms=1000)
        if reception.packed:
            return error_response(503, "rate_limited", "The server is full.", retry_after_ms=5000)
        fault = _handshake_fault(environ)
        if fault is not None:
            return fault
        if not is_allowed(environ, reception.settings.allowed_origins):
            return error_response(403, "forbidden", "This origin may not open sockets here.")
        try:
            self.compression = negotiate(environ.get("HTTP_SEC_WEBSOCKET_EXTENSIONS", ""))
        except BadOffers as fault:
            return error_response(400, "bad_request", str(fault))
        return self._stranger(reception)

    def _stranger(self, reception: Reception) -> Response | None:
        """Find out who asks; return why that can't be, or None."""
        try:
            self.who = _identify(self.environ, reception)
        except (TokenFault, MisplacedToken) as fault:
            return error_response(401, "unauthorized", str(fault))
        except IssuerUnreachable:
            return issuer_unreachable()
        return None

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """Say what was agreed on of what the client offers: gevent-websocket knows no extensions, and one protocol."""
        if status.startswith("101"):
            headers = [*headers, *self._agreed()]
        return super().start_response(status, headers, exc_info)

    def _agreed(self) -> Iterator[tuple[str, str]]:
        if protocol.NAME in offered(self.environ):
            yield "Sec-WebSocket-Protocol", protocol.NAME
        if self.compression is not None:
            yield "Sec-WebSocket-Extensions", self.compression.header

    def run_websocket(self) -> None:
        """Take the socket away from the request, and have it received."""
        # Its __del__ writes a close frame unless it believes that it did.
        self.websocket.closed = True
        del self.websocket
        self.environ["wsgi.websocket"] = None
        sock, early = take_over(self.socket, self.rfile)
        self.socket = None
        reception: Reception = self.server.reception
        max_size = reception.settings.limits.message_bytes
        compression = None if self.compression is None else Deflate(self.compression.window_bits)
        websocket = WebSocket(sock, max_size, time.monotonic, compression)
        reception.receive(websocket, self.environ["REMOTE_ADDR"], self.who, early)


def offered(environ: dict[str, Any]) -> list[str]:
    """Return the subprotocols that a client offers."""
    return _items(environ, "HTTP_SEC_WEBSOCKET_PROTOCOL")


def _items(environ: dict[str, Any], name: str) -> list[str]:
    """Return the items of a header that is a list, however many lines it came in."""
    return [item.strip() for item in environ.get(name, "").split(",") if item.strip()]


def _handshake_fault(environ: dict[str, Any]) -> Response | None:
    """Return what is wrong with the handshake (RFC 6455, 4.2.1), or None."""
    if not _wants_upgrade(environ):
        return error_response(426, "bad_request", f"{PATH} is for WebSockets.", headers={"Upgrade": "websocket"})
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != VERSION:
        headers = {"Sec-WebSocket-Version": VERSION}
        return error_response(426, "bad_request", f"Only version {VERSION} is spoken here.", headers=headers)
    if not environ.get("HTTP_HOST"):
        return error_response(400, "bad_request", "There is no Host.")
    if environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ:
        return error_response(400, "bad_request", "A handshake has no body.")
    if not _has_key(environ):
        return error_response(400, "bad_request", "The Sec-WebSocket-Key isn't 16 bytes in base64.")
    return None


def _wants_upgrade(environ: dict[str, Any]) -> bool:
    if environ["REQUEST_METHOD"] != "GET" or environ["SERVER_PROTOCOL"] != "HTTP/1.1":
        return False
    connection = [option.lower() for option in _items(environ, "HTTP_CONNECTION")]
    return environ.get("HTTP_UPGRADE", "").lower() == "websocket" and "upgrade" in connection


def _has_key(environ: dict[str, Any]) -> bool:
    try:
        return len(base64.b64decode(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""), validate=True)) == 16  # noqa: PLR2004 - RFC 6455, 4.2.1
    except (binascii.Error, ValueError):
        return False


def _identify(environ: dict[str, Any], reception: Reception) -> Who:
    found = credential(environ)
    if found is None:
        return None
    look_up: Callable[[str], tuple[Claims, Account]] = reception.redeem if found.is_ticket else reception.identify
    return look_up(found.text)
