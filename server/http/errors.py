"""One shape for every error of the HTTP side."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import msgspec
import structlog
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from actors.session.connection import UNAVAILABLE
from actors.session.journal import JournalUnavailable
from server.errors import IssuerUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

log = structlog.get_logger(__name__)

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    413: "too_large",
    429: "rate_limited",
    503: "draining",
}


class Refused(Exception):
    """A request that is answered with an error; raised anywhere below a route."""

    def __init__(self, status: int, code: str, message: str, retry_after_ms: int | None = None) -> None:
        """Say the status, the protocol's code, and words for people."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms


def error_response(
    status: int,
    code: str,
    message: str,
    *,
    retry_after_ms: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Make the answer of an error."""
    error: dict[str, str | int] = {"code": code, "message": message}
    extra = dict(headers or {})
    if retry_after_ms is not None:
        error["retry_after_ms"] = retry_after_ms
        extra["Retry-After"] = str(-(-retry_after_ms // 1000))
    body = msgspec.json.encode({"error": error})
    return Response(body, status, headers=extra, content_type="application/json")


def issuer_unreachable() -> Response:
    """Make the answer to a token that nothing can be said of: no 401, which would have the client log in anew."""
    return error_response(503, "internal", "Logins can't be checked now. Try again soon.", retry_after_ms=5000)


def answer_errors(app: Flask) -> None:
    """Give every error of ``app`` the one shape."""

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        return error_response(error.status, error.code, error.message, retry_after_ms=error.retry_after_ms)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        allow = {name: value for name, value in error.get_headers() if name == "Allow"}
        message = error.description or error.name
        return error_response(status, CODES.get(status, "bad_request"), message, headers=allow)

    @app.errorhandler(JournalUnavailable)
    @app.errorhandler(sqlite3.OperationalError)
    def unavailable(error: Exception) -> Response:
        log.error("request_failed", problem=str(error))
        return error_response(503, UNAVAILABLE.code, UNAVAILABLE.message, retry_after_ms=UNAVAILABLE.retry_after_ms)

    @app.errorhandler(IssuerUnreachable)
    def unreachable(error: IssuerUnreachable) -> Response:
        log.error("request_failed", problem=str(error))
        return issuer_unreachable()

    @app.errorhandler(Exception)
    def internal(error: Exception) -> Response:
        log.error("request_failed", exc_info=error)
        return error_response(500, "internal", "The server failed at this. It has been logged.")
