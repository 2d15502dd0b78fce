"""The generated descriptions of the HTTP side and of the socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from server.api.bodies import answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


def descriptions(openapi: dict[str, Any], asyncapi: dict[str, Any]) -> Blueprint:
    """Make the routes of the descriptions, which stay the same for as long as the server lives."""
    routes = Blueprint("descriptions", __name__)

    @routes.get("/v1/openapi.json")
    def http() -> Response:
        return answer(openapi)

    @routes.get("/v1/asyncapi.json")
    def socket() -> Response:
        return answer(asyncapi)

    return routes
