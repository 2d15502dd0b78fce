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
from server.api.bodies import Events, NewSession, Page, Session, Sessions, answer, read
from server.api.callers import caller
from server.api.operations import operation
from server.api.queries import read_query
from server.http.errors import Refused

if TYPE_CHECKING:
    from actors.runtime.runtime import Runtime
    from actors.session.journal import Journal, SessionRecord
    from server.sockets.reception import Reception

COMMIT_SECONDS = 10.0


def sessions(runtime: Runtime, journal: Journal, reception: Reception) -> Blueprint:
    """Make the routes of sessions."""
    routes = Blueprint("sessions", __name__)

    @routes.get("/v1/sessions")
    @operation("List my sessions", bearer=True, answers={200: Sessions})
    def index() -> Response:
        records = journal.sessions(caller(reception).account.user_id)
        return answer(Sessions(tuple(_shown(runtime, record) for record in records)))

    @routes.post("/v1/sessions")
    @operation("Make a session", bearer=True, body=NewSession, answers={201: Session}, refusals=(400, 409))
    def create() -> Response:
        user_id = caller(reception).account.user_id
        title = read(NewSession, request.get_data()).title
        record = make_session(journal, reception, user_id, new_id("s", runtime.random), title)
        return answer(_shown(runtime, record), 201)

    @routes.delete("/v1/sessions/<session_id>")
    @operation("Delete a session", bearer=True, answers={204: None}, refusals=(404,))
    def delete(session_id: str) -> Response:
        user_id = caller(reception).account.user_id
        if not reception.root.ask(Delete(user_id, session_id), timeout=15.0):
            raise _not_found()
        return Response(status=204)

    @routes.get("/v1/sessions/<session_id>/events")
    @operation("Read a session's log", bearer=True, query=Page, answers={200: Events}, refusals=(400, 404))
    def events(session_id: str) -> Response:
        record = _mine(journal, session_id, caller(reception).account.user_id)
        page = read_query(Page, request.args)
        frames = journal.read(session_id, max(page.after, record.first_seq - 1), page.limit)
        return answer(Events(session_id, record.epoch, record.head_seq, [msgspec.Raw(frame) for frame in frames]))

    return routes


def make_session(journal: Journal, reception: Reception, user_id: str, session_id: str, title: str) -> SessionRecord:
    """Make a user's session under a new id; blocks until that is committed.

    Raises:
        Refused: the user has as many as may be.
        JournalUnavailable: it can't be recorded.
    """
    if len(journal.sessions(user_id)) >= reception.settings.limits.sessions_per_user:
        reception.metrics.limits["limits.sessions_per_user"].inc()
        raise Refused(409, "conflict", "The account has as many sessions as it may have. Delete one first.")
    committed: Future[None] = Future()
    record = journal.create(session_id, user_id, title, time.time_ns() // 1_000_000, committed.settle)
    committed.get(timeout=COMMIT_SECONDS)
    return record


def _mine(journal: Journal, session_id: str, user_id: str) -> SessionRecord:
    record = journal.find(session_id)
    if record is None or record.user_id != user_id:
        raise _not_found()
    return record


def _not_found() -> Refused:
    return Refused(404, "not_found", "There is no such session.")


def _shown(runtime: Runtime, record: SessionRecord) -> Session:
    return Session(
        record.session_id,
        record.title,
        record.created_at,
        record.updated_at,
        record.head_seq,
        _state(runtime, record),
    )


def _state(runtime: Runtime, record: SessionRecord) -> Any:
    """Return whether the session runs, idles, or has no actors at the moment."""
    session = runtime.ref(address_of(record.user_id, record.session_id))
    if session is None:
        return "passive"
    try:
        return str(session.ask(Describe()))
    except RuntimeFault:
        return "passive"
