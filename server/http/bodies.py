"""What requests carry and answers say. Pure."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta
from werkzeug.wrappers import Response

from server.http.errors import Refused


class Login(msgspec.Struct, frozen=True):
    """The body of a login."""

    username: Annotated[str, Meta(max_length=256)]
    password: Annotated[str, Meta(max_length=4096)]


class Refresh(msgspec.Struct, frozen=True):
    """The body of a refresh."""

    refresh_token: Annotated[str, Meta(max_length=1024)]


class NewSession(msgspec.Struct, frozen=True):
    """The body of a new session."""

    title: Annotated[str, Meta(max_length=200)] = ""


B = TypeVar("B", bound=msgspec.Struct)


def read(kind: type[B], data: bytes) -> B:
    """Read a request's body.

    Raises:
        Refused: it isn't as it must be; the message says where.
    """
    try:
        return msgspec.json.decode(data or b"{}", type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused(400, "bad_request", f"The body isn't as it must be: {error}") from error


def answer(body: Any, status: int = 200) -> Response:
    """Make a JSON answer. Answers hold people's data and credentials, so no cache keeps them."""
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), status, headers=headers, content_type="application/json")
