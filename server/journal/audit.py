"""Whether what is kept of a session is what was promised of it, and is the same wherever it is kept twice. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.session.promises import PromiseBroken, check_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from actors.session.journal import SessionRecord
    from actors.session.promises import Event

DAY_MS = 86_400_000


class Holding(NamedTuple):
    """All that is kept of one session."""

    record: SessionRecord
    has_owner: bool
    """Whether its user has an account."""
    frames: Sequence[bytes]
    unfinished: Mapping[str, int]
    """The index of unfinished runs: the seqs of their ``message_accepted``."""
    message_ids: Mapping[str, str]
    """The runs that message ids were spent on."""


class Problem(NamedTuple):
    """Something that isn't as it was promised; ``seq`` is where, if it is at one place."""

    session_id: str
    seq: int | None
    text: str

    def __str__(self) -> str:
        """Say where, then what."""
        place = self.session_id if self.seq is None else f"{self.session_id} seq {self.seq}"
        return f"{place}: {self.text}"


class Audit(NamedTuple):
    """What was found in one session."""

    events: int
    unfinished: int
    problems: list[Problem]


def audit(holding: Holding, now_ms: int) -> Audit:
    """Check everything; runs that aren't over are nothing wrong, and are counted."""
    session_id = holding.record.session_id
    problems = [Problem(session_id, None, text) for text in _of_record(holding)]
    try:
        log = check_log(session_id, _decoded(holding), first_seq=max(holding.record.first_seq, 1), finished=False)
    except PromiseBroken as broken:
        return Audit(len(holding.frames), 0, [*problems, _of_promise(session_id, broken)])
    except _Unreadable as unreadable:
        return Audit(len(holding.frames), 0, [*problems, Problem(session_id, unreadable.seq, str(unreadable))])
    accepted = {event["run_id"]: event for event in log.events if event["type"] == "message_accepted"}
    begun = {run_id: accepted[run_id]["seq"] for run_id, run in log.runs.items() if run.phase != "over"}
    problems += _of_index(session_id, begun, holding.unfinished)
    problems += _of_message_ids(holding, accepted, now_ms)
    return Audit(len(log.events), len(begun), problems)


class _Unreadable(Exception):
    """A frame that isn't JSON."""

    def __init__(self, seq: int, frame: bytes) -> None:
        super().__init__(f"this isn't an event: {frame[:80]!r}")
        self.seq = seq


def _decoded(holding: Holding) -> Iterator[Event]:
    for seq, frame in enumerate(holding.frames, holding.record.first_seq):
        try:
            yield json.loads(frame)
        except ValueError as error:
            raise _Unreadable(seq, frame) from error


def _of_promise(session_id: str, broken: PromiseBroken) -> Problem:
    seq = broken.frame.get("seq") if isinstance(broken.frame, dict) else None
    text = broken.problem.removeprefix(f"session {session_id}: ")
    return Problem(session_id, seq if isinstance(seq, int) else None, f"{text} (promise {broken.promise})")


def _of_record(holding: Holding) -> Iterator[str]:
    record = holding.record
    if not holding.has_owner:
        yield f"its owner {record.user_id} has no account"
    if not record.epoch:
        yield "it has no epoch"
    if record.created_at > record.updated_at:
        yield f"it changed last at {record.updated_at}, before it was made at {record.created_at}"
    if record.first_seq < 1:
        yield f"its record says that it begins at seq {record.first_seq}"
    last = record.first_seq + len(holding.frames) - 1
    if last != record.head_seq:
        yield f"its record says that it has seq {record.first_seq} to {record.head_seq}, it has them to {last}"


def _of_index(session_id: str, begun: Mapping[str, int], index: Mapping[str, int]) -> Iterator[Problem]:
    for run_id in sorted(begun.keys() | index.keys(), key=lambda run_id: begun.get(run_id, index.get(run_id, 0))):
        if run_id not in index:
            yield Problem(session_id, begun[run_id], f"{run_id} isn't over, and the index of such runs lacks it")
        elif run_id not in begun:
            yield Problem(session_id, index[run_id], f"{run_id} is in the index of unfinished runs, and isn't one")
        elif begun[run_id] != index[run_id]:
            yield Problem(session_id, begun[run_id], f"the index has the beginning of {run_id} at {index[run_id]}")


def _of_message_ids(holding: Holding, accepted: Mapping[str, Event], now_ms: int) -> Iterator[Problem]:
    session_id = holding.record.session_id
    for client_msg_id, run_id in holding.message_ids.items():
        event = accepted.get(run_id)
        if event is not None and event["data"]["client_msg_id"] != client_msg_id:
            yield Problem(session_id, event["seq"], f"{run_id} wasn't begun by message id {client_msg_id!r}")
        elif event is None and holding.record.first_seq == 1:
            yield Problem(session_id, None, f"message id {client_msg_id!r} was spent on {run_id}, which isn't there")
    for event in _young(accepted.values(), now_ms):
        client_msg_id = event["data"]["client_msg_id"]
        if client_msg_id is not None and holding.message_ids.get(client_msg_id) != event["run_id"]:
            text = f"that {client_msg_id!r} was spent on {event['run_id']} within the last 24 h is forgotten"
            yield Problem(session_id, event["seq"], text)


def _young(events: Iterable[dict[str, Any]], now_ms: int) -> Iterator[dict[str, Any]]:
    return (event for event in events if event["ts"] > now_ms - DAY_MS)
