"""The pages, and whether the server is well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, send_from_directory
from werkzeug.wrappers import Response

from actors.session.connection import UNAVAILABLE
from server.api.bodies import Well, answer
from server.api.operations import operation
from server.http.errors import error_response
from server.observability.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from server.sockets.reception import Reception

STATIC = Path(__file__).parent.parent / "static"


def pages(reception: Reception) -> Blueprint:
    """Make the routes of the pages and of health."""
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    def index() -> Response:
        return send_from_directory(STATIC, "index.html")

    @routes.get("/ops")
    def ops() -> Response:
        return send_from_directory(STATIC / "ops", "index.html")

    @routes.get("/static/<path:name>")
    def static(name: str) -> Response:
        return send_from_directory(STATIC, name)

    @routes.get("/healthz")
    @operation("Tell whether the process lives", answers={200: Well})
    def healthz() -> Response:
        return answer(Well())

    @routes.get("/metrics")
    @operation("Show what the server counts, for Prometheus", answers={200: str})
    def metrics() -> Response:
        return Response(reception.metrics.exposition(), content_type=CONTENT_TYPE)

    @routes.get("/readyz")
    @operation("Tell whether it takes new work", answers={200: Well}, refusals=(503,))
    def readyz() -> Response:
        if reception.draining:
            return error_response(503, "draining", "The server is going away.", retry_after_ms=1000)
        if not reception.recording:
            return error_response(503, UNAVAILABLE.code, UNAVAILABLE.message, retry_after_ms=UNAVAILABLE.retry_after_ms)
        return answer(Well())

    return routes
