"""What operators see of the running server, and what they can do to a session of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import structlog
from flask import Blueprint, request
from werkzeug.wrappers import Response

from actors.session.messages import GiveUp, Replace
from actors.session.root import address_of
from server.api.bodies import answer
from server.api.callers import operator
from server.api.operations import operation
from server.api.queries import read_query
from server.http.errors import Refused
from server.ops.shapes import (
    Actors,
    Bundle,
    ConnectionRows,
    CrashRows,
    LetterRows,
    Overview,
    Part,
    SessionPart,
    SessionRows,
    Since,
    Whose,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.session.journal import Journal
    from server.api.operations import View
    from server.ops.desk import Desk
    from server.ops.instruments import Instruments
    from server.sockets.reception import Reception

T = TypeVar("T")

log = structlog.get_logger(__name__)

ORDER_SECONDS = 10.0
"""How long the root may take to do what it is told."""


def ops(desk: Desk, reception: Reception) -> Blueprint:
    """Make the routes of what operators see."""
    routes = Blueprint("ops", __name__)

    @routes.before_request
    def refuse_others() -> None:
        operator(reception)

    @routes.get("/v1/ops/overview")
    @_shows("Show the server at a glance", Overview, query=Since)
    def overview() -> Response:
        return answer(desk.overview(read_query(Since, request.args)))

    @routes.get("/v1/ops/sessions")
    @_shows("List the sessions that have actors, the worst first", SessionRows, query=SessionPart)
    def ops_sessions() -> Response:
        return answer(desk.sessions(read_query(SessionPart, request.args)))

    @routes.get("/v1/ops/actors")
    @_shows("Show an actor and those below it", Actors, 404, query=Whose)
    def actors() -> Response:
        address = read_query(Whose, request.args).address
        return answer(_there(desk.actors(address), "There is no such actor."))

    @routes.get("/v1/ops/crashes")
    @_shows("List the last crashes", CrashRows, query=Part)
    def crashes() -> Response:
        return answer(desk.crashes(read_query(Part, request.args)))

    @routes.get("/v1/ops/crashes/<number>")
    @_shows("Show what is kept of a crash", Bundle, 404)
    def crash(number: str) -> Response:
        return answer(_there(desk.crash(number), "Nothing is kept of such a crash."))

    @routes.get("/v1/ops/dead-letters")
    @_shows("List the last messages that nobody got", LetterRows)
    def dead_letters() -> Response:
        return answer(desk.dead_letters())

    @routes.get("/v1/ops/connections")
    @_shows("List the open sockets, the largest backlog first", ConnectionRows, query=Part)
    def connections() -> Response:
        return answer(desk.connections(read_query(Part, request.args)))

    return routes


def orders(journal: Journal, reception: Reception, instruments: Instruments) -> Blueprint:
    """Make the routes of what operators can do to a session."""
    routes = Blueprint("orders", __name__)

    @routes.post("/v1/ops/sessions/<session_id>/restart")
    @_orders("Kill a session's actors and begin their next life")
    def restart(session_id: str) -> Response:
        return _order("session_restarted", Replace, session_id)

    @routes.post("/v1/ops/sessions/<session_id>/stop")
    @_orders("Kill a session's actors and end what it promised")
    def stop(session_id: str) -> Response:
        return _order("session_stopped", GiveUp, session_id)

    def _order(event: str, kind: type[Replace | GiveUp], session_id: str) -> Response:
        who = operator(reception).account
        record = _there(journal.find(session_id), "There is no such session.")
        if not reception.root.ask(kind(record.user_id, session_id), timeout=ORDER_SECONDS):
            raise Refused(409, "conflict", "The session has no actors now, or is about to get new ones.")
        instruments.survey.expire()
        instruments.incidents.add(event, address_of(record.user_id, session_id), 0, f"by {who.username}")
        log.warning(event, session_id=session_id, user_id=record.user_id, by=who.user_id, operator=who.username)
        return Response(status=204)

    return routes


def _shows(summary: str, shape: type, *refusals: int, query: type | None = None) -> Callable[[View], View]:
    bad = () if query is None else (400,)
    return operation(summary, bearer=True, query=query, answers={200: shape}, refusals=(*bad, 403, *refusals))


def _orders(summary: str) -> Callable[[View], View]:
    return operation(summary, bearer=True, answers={204: None}, refusals=(403, 404, 409))


def _there(found: T | None, otherwise: str) -> T:
    if found is None:
        raise Refused(404, "not_found", otherwise)
    return found
