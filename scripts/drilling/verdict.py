"""Whether a server that was killed over and over kept its promises, by its logs and by what everybody saw. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.session.promises import DELIVERY, TERMINAL, PromiseBroken, check_log
from scripts.drilling.script import CHARGE, answer_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from actors.session.promises import Event, Log
    from scripts.drilling.person import Person
    from scripts.drilling.tab import Tab

ONCE = "a run in which a tool may have run that must not run twice isn't tried again"
RETRIED = "a run that was cut off is tried again where that can do no harm"
TAKEN_UP = "after its start a server finishes by itself what the one before left"
ANSWER = "a success is the whole answer, of one attempt"

MOST_ATTEMPTS = 2
"""How often the rehearsal agent is tried."""


def check_all(people: Iterable[Person], tabs: Iterable[Tab], logs: Mapping[str, Sequence[Event]]) -> None:
    """Check everything; ``logs`` are those of all sessions, by id.

    Raises:
        PromiseBroken: one of the promises doesn't hold.
    """
    checked = {session_id: check_log(session_id, events) for session_id, events in logs.items()}
    for log in checked.values():
        check_attempts(log)
        check_answers(log)
    for person in people:
        for transcript in person.transcripts.values():
            transcript.check(checked[transcript.session_id])
        person.correspondence.check(logs[session_id] for session_id in person.transcripts)
    for tab in tabs:
        head_seq = len(logs[tab.session_id])
        if tab.seen != head_seq:
            raise PromiseBroken(DELIVERY, f"{tab.name} was shown {tab.seen} of {head_seq} events", ())


def unfinished_runs(logs: Mapping[str, Sequence[Event]]) -> list[str]:
    """Return the runs that aren't over."""
    events = [event for log in logs.values() for event in log]
    over = {event["run_id"] for event in events if event["type"] in TERMINAL}
    return [event["run_id"] for event in events if event["type"] == "message_accepted" and event["run_id"] not in over]


def check_attempts(log: Log) -> None:
    """Check that runs were tried again where they could be, and only there.

    Raises:
        PromiseBroken: a charge may have been made twice, or a run was given up too early.
    """
    charged: set[str] = set()
    for event in log.events:
        run_id, data = event["run_id"], event["data"]
        if event["type"] == "tool_executing" and data["tool"] == CHARGE:
            charged.add(run_id)
        elif event["type"] in ("agent_restarted", "agent_started") and run_id in charged:
            raise log.broken(ONCE, f"{run_id} goes on after a {CHARGE}")
        elif _given_up(event) and run_id not in charged and data["attempts"] < MOST_ATTEMPTS:
            raise log.broken(RETRIED, f"{run_id} was given up after {data['attempts']} attempts")


def _given_up(event: Event) -> bool:
    return bool(event["data"].get("error", {}).get("code") == "server_restarted")


def check_answers(log: Log) -> None:
    """Check that every success says what its script says.

    Raises:
        PromiseBroken: one doesn't.
    """
    texts = {event["run_id"]: event["data"]["text"] for event in log.events if event["type"] == "message_accepted"}
    for event in log.events:
        run_id, data = event["run_id"], event["data"]
        if data.get("outcome") == "success" and data["text"] != answer_of(texts[run_id]):
            raise log.broken(ANSWER, f"{run_id} says {data['text']!r}")
