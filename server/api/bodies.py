"""What requests carry and answers say. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

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


class Granted(msgspec.Struct, frozen=True):
    """What a login gives."""

    access_token: str
    refresh_token: str
    expires_in: int
    user_id: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - RFC 6750's name for the kind


class Ticket(msgspec.Struct, frozen=True):
    """What stands for an access token, once."""

    ticket: str
    expires_in: int


class Me(msgspec.Struct, frozen=True):
    """Who the caller is."""

    user_id: str
    username: str
    roles: tuple[str, ...]


class Session(msgspec.Struct, frozen=True):
    """A session; times in milliseconds since 1970 UTC."""

    session_id: str
    title: str
    created_at: int
    updated_at: int
    head_seq: int
    state: Literal["idle", "running", "passive"]


class Sessions(msgspec.Struct, frozen=True):
    """The caller's sessions."""

    sessions: tuple[Session, ...]


class Page(msgspec.Struct, frozen=True):
    """Which events are wanted: those after a number, so many of them."""

    after: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class Events(msgspec.Struct, frozen=True):
    """A part of a session's log, oldest first."""

    session_id: str
    epoch: str
    head_seq: int
    events: list[msgspec.Raw]


class Well(msgspec.Struct, frozen=True):
    """All is well."""

    status: Literal["ok"] = "ok"


class Plan(msgspec.Struct, frozen=True):
    """A fault plan; what its rules hold is checked by the runtime."""

    rules: list[dict[str, Any]]
    seed: int = 0
    budget: int = 100


class Faults(msgspec.Struct, frozen=True):
    """The fault plan that holds, how many faults are left in its budget, and what it did."""

    plan: dict[str, Any] | None
    left: int
    ledger: list[dict[str, Any]]


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was wrong: a code of the protocol, and words for people."""

    code: str
    message: str
    retry_after_ms: int | None = None


class Problem(msgspec.Struct, frozen=True):
    """The one shape of every error."""

    error: Fault


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
