"""Whether a simulated world kept the promises of the protocol, by its logs and by what each connection saw. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.session.promises import DELIVERY, OWNERSHIP, PromiseBroken, check_acked, check_log
from actors.testing.simulation.script import may_run_out_of_time
from actors.testing.views import acked_runs, check_connection, check_same, event_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actors.session.promises import Log
    from actors.testing.simulation.person import Person
    from actors.testing.simulation.wire import Wire

LIVENESS = "a run that can end in time does"
REST = "when nothing is left to do, nobody waits"


def check_world(logs: Mapping[str, Sequence[dict[str, Any]]], people: Sequence[Person], blocked: Sequence[str]) -> None:
    """Check a world that has come to rest.

    Args:
        logs: the events of each session, by its id.
        people: everybody, with their wires.
        blocked: the actors that are inside a handler.

    Raises:
        PromiseBroken: one of the promises doesn't hold.
    """
    checked = {session_id: check_log(session_id, events) for session_id, events in logs.items()}
    for log in checked.values():
        _check_outcomes(log)
    for person in people:
        owned = {other.session_id for other in people if other.user_id == person.user_id}
        _check_person(person, {session_id: checked[session_id] for session_id in sorted(owned)})
    for session_id in checked:
        check_same([event_bytes(wire.entries, session_id) for person in people for wire in person.wires])
    if blocked:
        raise PromiseBroken(REST, f"still waiting: {blocked}", ())


def _check_outcomes(log: Log) -> None:
    texts = {event["run_id"]: event["data"]["text"] for event in log.events if event["type"] == "message_accepted"}
    for event in log.events:
        if event["data"].get("outcome") == "timed_out" and not may_run_out_of_time(texts[event["run_id"]]):
            raise log.broken(LIVENESS, f"{event['run_id']} timed out")


def _check_person(person: Person, logs: Mapping[str, Log]) -> None:
    """Check all connections of a tab; ``logs`` are those of its user's sessions."""
    for wire in person.wires:
        viewer = check_connection(wire.entries, owned=list(logs), answered=wire.open)
        for session_id, log in logs.items():
            # A message id that was spent in another session of the user is acked with where it was.
            check_acked(log, acked_runs(wire.entries, session_id))
        _check_true(wire, logs[person.session_id])
    cursor = viewer.cursors.get(person.session_id)
    head_seq = len(logs[person.session_id].events)
    if person.wire.open and (cursor is None or cursor.next_seq != head_seq + 1):
        raise viewer.broken(DELIVERY, f"{person.session_id} has {head_seq} events; this is how far it was shown")


def _check_true(wire: Wire, log: Log) -> None:
    """Check that what was shown is what is recorded."""
    for frame in (entry.frame for entry in wire.entries if not entry.sent and "seq" in entry.frame):
        if log.events[frame["seq"] - 1 : frame["seq"]] != [frame]:
            raise PromiseBroken(OWNERSHIP, f"shown, but not what the log has: {frame}", log.events)
