"""Fault plans in the running server: for operators, where the settings allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from flask import Blueprint, request
from werkzeug.wrappers import Response

from actors.runtime.errors import FaultPlanInvalid
from actors.runtime.faultplan import FaultPlan
from actors.runtime.faults import Faults
from server.api.bodies import Faults as Shown
from server.api.bodies import Plan, answer
from server.api.callers import operator
from server.api.operations import operation
from server.http.errors import Refused

if TYPE_CHECKING:
    from actors.runtime.runtime import Runtime
    from server.sockets.reception import Reception

log = structlog.get_logger(__name__)


def faults(runtime: Runtime, reception: Reception) -> Blueprint:
    """Make the routes of fault plans."""
    routes = Blueprint("faults", __name__)

    @routes.get("/v1/faults")
    @operation("Show the fault plan", bearer=True, answers={200: Shown}, refusals=(403,))
    def show() -> Response:
        operator(reception)
        return answer(_shown(runtime.faults))

    @routes.put("/v1/faults")
    @operation("Load a fault plan", bearer=True, body=Plan, answers={200: Shown}, refusals=(400, 403))
    def load() -> Response:
        who = operator(reception)
        plan = _plan(request.get_data())
        runtime.faults = Faults(plan)
        log.warning("faults_loaded", user_id=who.account.user_id, rules=len(plan.rules), budget=plan.budget)
        return answer(_shown(runtime.faults))

    @routes.delete("/v1/faults")
    @operation("Drop the fault plan", bearer=True, answers={204: None}, refusals=(403,))
    def clear() -> Response:
        who = operator(reception)
        runtime.faults = None
        log.warning("faults_cleared", user_id=who.account.user_id)
        return Response(status=204)

    return routes


def _plan(body: bytes) -> FaultPlan:
    try:
        return FaultPlan.from_dict(msgspec.json.decode(body))
    except FaultPlanInvalid as invalid:
        raise Refused(400, "bad_request", str(invalid)) from invalid
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused(400, "bad_request", f"The body isn't as it must be: {error}") from error


def _shown(faults: Faults | None) -> dict[str, Any]:
    if faults is None:
        return {"plan": None, "left": 0, "ledger": []}
    return {"plan": faults.plan.to_dict(), "left": faults.left, "ledger": faults.ledger}
