"""One HTTP connection: its heads and bodies in time and in bounds, its answers counted and logged."""

from __future__ import annotations

import http.client
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import gevent
import structlog
from gevent.pywsgi import WSGIHandler

from server.http.errors import error_response
from server.http.heads import BoundedLines, HeadFault, check_head
from server.http.uploads import Body

if TYPE_CHECKING:
    from config.settings import Settings
    from server.http.listener import HttpServer
    from server.http.visitors import Visit
    from server.observability.metrics import Metrics

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""What every answer bears. That nothing allows another origin to read it is CORS's default."""

log = structlog.get_logger("greenroom.http")


class RequestHandler(WSGIHandler):  # type: ignore[misc]  # gevent ships no types
    """Handles the requests of one connection, one after another."""

    # Attributes of the untyped base.
    server: HttpServer
    socket: Any
    command: Any
    path: Any
    status: Any
    code: Any
    environ: Any
    wsgi_input: Body

    _head_timer: Any = None

    def __init__(self, sock: Any, address: tuple[Any, ...], server: HttpServer, visit: Visit) -> None:
        """Begin with a connection that was let in."""
        super().__init__(sock, address, server)
        self._visit = visit

    @property
    def _settings(self) -> Settings:
        return self.server.reception.settings

    @property
    def _metrics(self) -> Metrics:
        return self.server.reception.metrics

    def handle(self) -> None:
        """Handle the connection's requests."""
        # Where the peer is gone before it can be told that its request can't be read, gevent would print the stack.
        with suppress(ConnectionError, TimeoutError):
            super().handle()

    # The head.

    def read_requestline(self) -> str:
        """Wait for a request, whose whole head has `timeouts.http_header`; "" ends the connection."""
        self.command = self.path = self.code = None  # The last request's, which the log would tell again.
        self._visit.awaited()
        seconds = self._settings.timeouts.http_header
        self.socket.settimeout(seconds)
        self._head_timer = gevent.Timeout.start_new(seconds, HeadFault(408, "The request's head came too slowly."))
        try:
            line: str = super().read_requestline()
        except HeadFault:
            line = ""
        if not line:
            self._head_timer.close()
        return line

    def read_request(self, raw_requestline: str) -> bool:
        """Read the rest of the head.

        Raises:
            HeadFault: it comes too slowly, is too large, or leaves open where the body ends.
        """
        try:
            complete: bool = super().read_request(raw_requestline)
        except http.client.HTTPException as many:
            raise HeadFault(431, "The request's head has too many lines.") from many
        finally:
            self._head_timer.close()
            self._visit.served()
        return complete

    def MessageClass(self, file: Any, *arguments: Any) -> Any:  # noqa: N802 - gevent's name
        """Parse the header fields."""
        most = self._settings.limits.http_header_bytes
        headers = super().MessageClass(BoundedLines(file, most), *arguments)
        check_head(headers)
        return headers

    def _handle_client_error(self, ex: Exception) -> tuple[str, bytes]:
        """Answer a request whose head or framing can't be read, in the one shape of errors."""
        status = ex.status if isinstance(ex, HeadFault) else 400
        if status in _LIMITS:
            self._metrics.limits[_LIMITS[status]].inc()
        message = str(ex) if isinstance(ex, HeadFault) else "This isn't a request of HTTP/1.1."
        # The request's own words aren't logged: a ticket may be among them.
        log.info("unreadable_request", problem=message, address=self._visit.address)
        response = error_response(status, "bad_request", message)
        body: bytes = response.get_data()
        head = f"HTTP/1.1 {response.status}\r\nContent-Type: {response.content_type}\r\n"
        return str(status), f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body

    # The body.

    def get_environ(self) -> dict[str, Any]:
        """Return the request as WSGI has it."""
        environ: dict[str, Any] = super().get_environ()
        expects = environ.get("HTTP_EXPECT", "").lower() == "100-continue"
        settings = self._settings
        self.wsgi_input = Body(
            settings.limits.http_body_bytes,
            settings.timeouts.http_body,
            self._visit,
            self._metrics,
            self.rfile,
            self.content_length,
            self.socket if expects else None,
            "HTTP_TRANSFER_ENCODING" in environ,
        )
        # Also where an upgrade is asked for: gevent then hands out the bare connection.
        return environ | {
            "wsgi.input": self.wsgi_input,
            "wsgi.input_terminated": True,
            "REMOTE_ADDR": self.server.proxies.client_of(self._visit.address, environ.get("HTTP_X_FORWARDED_FOR", "")),
        }

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """Begin an answer; one to a body that was refused is the connection's last."""
        if not status.startswith("101"):
            headers = [*headers, *HEADERS.items()]
        if self.wsgi_input.refused:
            headers = [*headers, ("Connection", "close")]
        return super().start_response(status, headers, exc_info)

    def handle_one_response(self) -> None:
        """Answer one request; a body that wasn't read to its end ends the connection."""
        super().handle_one_response()
        if self.wsgi_input.refused or not self.wsgi_input.complete:
            self.close_connection = True

    # What breaks.

    def handle_error(self, kind: type, error: BaseException, trace: Any) -> None:
        """End a request that broke: by its client, who is gone or doesn't read its answer, or by a fault of ours."""
        if issubclass(kind, TimeoutError):
            self._metrics.limits["timeouts.write"].inc()
        if issubclass(kind, OSError):
            self.close_connection = True
        else:
            log.error("request_failed", exc_info=(kind, error, trace))
            self._send_error_response_if_possible(500)

    def _send_error_response_if_possible(self, error_code: int) -> None:
        """Answer what broke, unless an answer has begun."""
        self.close_connection = True
        # Of one that couldn't be sent, nothing has left; it has begun all the same.
        if not self.response_length and not self.headers_sent:
            response = error_response(error_code, "internal", "The server failed at this. It has been logged.")
            self.result = response(self.environ, self.start_response)
            self.process_result()

    # Telling.

    def log_request(self) -> None:
        """Count and log one answered request, without its query: tickets travel there, and misplaced tokens."""
        # Of an answer that gevent gives by itself there is only the status; of one that broke off, the negative.
        code = abs(self.code or int((self.status or b"0")[:3]))
        self._metrics.requests[str(code)].inc()
        path = self.path.partition("?")[0] if self.path else None
        duration_ms = round((self.time_finish - self.time_start) * 1000) if self.time_finish else None
        # The address is the last request's where this one's head could not be read.
        address = self.environ["REMOTE_ADDR"] if self.command and self.environ else self._visit.address
        log.info("request", method=self.command, path=path, status=code, duration_ms=duration_ms, address=address)


_LIMITS = {408: "timeouts.http_header", 431: "limits.http_header_bytes"}
