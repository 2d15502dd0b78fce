"""A user's sessions: list, make, read, delete."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Blueprint, request
from werkzeug.wrappers import Response

from actors.runtime.errors import RuntimeFault
from actors.runtime.future import Future
from actors.session.identifiers import new_id
from actors.session.messages import Delete, Describe
from actors.session.root import address_of
from server.http.bodies import NewSession, answer, read
from server.http.callers import caller
from server.http.errors import Refused

if TYPE_CHECKING:
    from actors.runtime.runtime import Runtime
    from actors.session.journal import Journal, SessionRecord
    from server.reception import Reception

MOST_EVENTS = 1000
COMMIT_SECONDS = 10.0


def sessions(runtime: Runtime, journal: Journal, reception: Reception) -> Blueprint:
    """Make the routes of sessions."""
    routes = Blueprint("sessions", __name__)

    @routes.get("/v1/sessions")
    def index() -> Response:
        records = journal.sessions(caller(reception).account.user_id)
        return answer({"sessions": [_shown(runtime, record) for record in records]})

    @routes.post("/v1/sessions")
    def create() -> Response:
        user_id = caller(reception).account.user_id
        title = read(NewSession, request.get_data()).title
        if len(journal.sessions(user_id)) >= reception.settings.limits.sessions_per_user:
            reception.metrics.limits["limits.sessions_per_user"].inc()
            raise Refused(409, "conflict", "The account has as many sessions as it may have. Delete one first.")
        session_id = new_id("s", runtime.random)
        committed: Future[None] = Future()
        record = journal.create(session_id, user_id, title, time.time_ns() // 1_000_000, committed.settle)
        committed.get(timeout=COMMIT_SECONDS)
        return answer(_shown(runtime, record), 201)

    @routes.delete("/v1/sessions/<session_id>")
    def delete(session_id: str) -> Response:
        user_id = caller(reception).account.user_id
        if not reception.root.ask(Delete(user_id, session_id), timeout=15.0):
            raise _not_found()
        return Response(status=204)

    @routes.get("/v1/sessions/<session_id>/events")
    def events(session_id: str) -> Response:
        record = _mine(journal, session_id, caller(reception).account.user_id)
        after, limit = _number("after", 0, 0, 2**63 - 1), _number("limit", 100, 1, MOST_EVENTS)
        frames = journal.read(session_id, max(after, record.first_seq - 1), limit)
        body = {
            "session_id": session_id,
            "epoch": record.epoch,
            "head_seq": record.head_seq,
            "events": [msgspec.Raw(frame) for frame in frames],
        }
        return answer(body)

    return routes


def _mine(journal: Journal, session_id: str, user_id: str) -> SessionRecord:
    record = journal.find(session_id)
    if record is None or record.user_id != user_id:
        raise _not_found()
    return record


def _not_found() -> Refused:
    return Refused(404, "not_found", "There is no such session.")


def _number(name: str, default: int, least: int, most: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):  # noqa: PLR2004 - digits of 2**63
        raise Refused(400, "bad_request", f"{name} is a whole number from {least} to {most}.")
    return int(text)


def _shown(runtime: Runtime, record: SessionRecord) -> dict[str, Any]:
    return {
        "session_id": record.session_id,
        "title": record.title,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "head_seq": record.head_seq,
        "state": _state(runtime, record),
    }


def _state(runtime: Runtime, record: SessionRecord) -> str:
    """Return whether the session runs, idles, or has no actors at the moment."""
    session = runtime.ref(address_of(record.user_id, record.session_id))
    if session is None:
        return "passive"
    try:
        return str(session.ask(Describe()))
    except RuntimeFault:
        return "passive"
