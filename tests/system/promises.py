"""The six promises of the protocol ("What always holds"), checked over what clients saw. Pure.

Nothing of the server is imported: were the checker to share its code, it would share its mistakes.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.system import shapes

Event = dict[str, Any]

TERMINAL = ("agent_completed", "message_dequeued")
SHOWN = 60
"""How many of the last events a complaint shows."""


class PromiseBroken(AssertionError):
    """A promise that doesn't hold: which, why, and what was seen."""

    def __init__(self, promise: str, problem: str, seen: Iterable[Any]) -> None:
        lines = [f"  {line(frame)}" for frame in list(seen)[-SHOWN:]]
        super().__init__("\n".join([f"broken: {promise}", f"  {problem}", "what was seen:", *lines]))


TERMINATION = "1: every acked message ends in exactly one agent_completed or one message_dequeued"
PAIRING = "2: every tool_executing has exactly one tool_completed within its run, and none comes after"
ATTEMPTS = "3: agent_started is first, once per attempt, and attempt n > 1 follows agent_restarted"
ORDER = "4: one run at a time in a session, started in the order of acceptance"
DELIVERY = "5: a subscriber sees each seq once and in order, or is told that it can't"
OWNERSHIP = "6: an event reaches sockets of its session's owner, and nobody else"
DENSITY = "seq is dense from 1 within the session"
FIELDS = "every frame has the fields of the protocol's tables and no others"
ANSWERS = "a frame with an id gets exactly one ack or error whose re is that id"
DELTAS = "deltas count code points from 0 in each attempt and are never reordered"


def line(frame: Any) -> str:
    """Show a frame on one line."""
    if not isinstance(frame, dict):
        return repr(frame)
    rest = {key: value for key, value in frame.items() if key not in ("seq", "type", "session_id", "ts")}
    return f"{frame.get('seq', '-'):>4} {frame.get('type')} {json.dumps(rest, ensure_ascii=False)[:300]}"


# The log of one session.


@dataclass
class Run:
    """What a log says of one run."""

    attempts: int = 0
    phase: str = "queued"
    open_calls: dict[str, str] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)


class Log:
    """One session's events, checked one by one as they come."""

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self.events: list[Event] = []
        self.runs: dict[str, Run] = {}
        self.queue: list[str] = []
        self.active: str | None = None

    def broken(self, promise: str, problem: str) -> PromiseBroken:
        return PromiseBroken(promise, f"session {self.session_id}: {problem}", self.events)

    def apply(self, event: Event) -> None:
        """Take the next event.

        Raises:
            PromiseBroken: it may not be the next one.
        """
        self.events.append(event)
        wrong = shapes.problems(event)
        if wrong or event["type"] not in shapes.DATA:
            raise self.broken(FIELDS, "; ".join(wrong) or f"{event['type']} isn't an event")
        if event["session_id"] != self.session_id:
            raise self.broken(OWNERSHIP, f"an event of session {event['session_id']}")
        if event["seq"] != len(self.events):
            raise self.broken(DENSITY, f"seq {event['seq']} is at place {len(self.events)}")
        if event["type"] == "message_accepted":
            self._accept(event["run_id"], event["data"]["position"])
        else:
            self._go_on(event["run_id"], event["type"], event["data"])

    def _accept(self, run_id: str, position: int) -> None:
        if run_id in self.runs:
            raise self.broken(TERMINATION, f"{run_id} was accepted twice")
        ahead = len(self.queue) + (self.active is not None)
        if position not in (0, ahead) or (position == 0 and self.active is not None):
            raise self.broken(ORDER, f"position {position} where {ahead} are ahead")
        self.runs[run_id] = Run()
        # Position 0 while others wait is an interrupt, which runs next.
        self.queue.insert(0 if position == 0 else len(self.queue), run_id)

    def _go_on(self, run_id: str, kind: str, data: dict[str, Any]) -> None:
        run = self.runs.get(run_id)
        if run is None:
            raise self.broken(TERMINATION, f"{kind} of {run_id}, which was never accepted")
        if run.phase == "over":
            late = PAIRING if kind.startswith("tool_") else TERMINATION
            raise self.broken(late, f"{kind} of {run_id}, which is over")
        getattr(self, f"_on_{kind}")(run_id, run, data)

    def _on_message_dequeued(self, run_id: str, run: Run, _data: dict[str, Any]) -> None:
        if run.phase != "queued":
            raise self.broken(TERMINATION, f"{run_id} was dequeued though it had started")
        self.queue.remove(run_id)
        run.phase = "over"

    def _on_agent_started(self, run_id: str, run: Run, data: dict[str, Any]) -> None:
        if run.phase == "running" or data["attempt"] != run.attempts + 1:
            raise self.broken(ATTEMPTS, f"attempt {data['attempt']} of {run_id} after {run.attempts}, {run.phase}")
        if self.active not in (None, run_id):
            raise self.broken(ORDER, f"{run_id} started while {self.active} runs")
        if run.phase == "queued":
            if self.queue[0] != run_id:
                raise self.broken(ORDER, f"{run_id} started before {self.queue[0]}")
            self.queue.pop(0)
        run.phase, run.attempts, self.active = "running", data["attempt"], run_id

    def _must_run(self, run_id: str, run: Run, kind: str) -> None:
        if run.phase != "running":
            raise self.broken(ATTEMPTS, f"{kind} of {run_id}, which is {run.phase}")

    def _on_agent_thinking(self, run_id: str, run: Run, _data: dict[str, Any]) -> None:
        self._must_run(run_id, run, "agent_thinking")

    def _on_tool_executing(self, run_id: str, run: Run, data: dict[str, Any]) -> None:
        self._must_run(run_id, run, "tool_executing")
        if data["tool_call_id"] in run.calls:
            raise self.broken(PAIRING, f"call {data['tool_call_id']} was executed twice")
        run.calls.add(data["tool_call_id"])
        run.open_calls[data["tool_call_id"]] = data["tool"]

    def _on_tool_completed(self, run_id: str, run: Run, data: dict[str, Any]) -> None:
        self._must_run(run_id, run, "tool_completed")
        if run.open_calls.pop(data["tool_call_id"], None) != data["tool"]:
            raise self.broken(PAIRING, f"call {data['tool_call_id']} of {data['tool']} isn't open")

    def _on_agent_restarted(self, run_id: str, run: Run, data: dict[str, Any]) -> None:
        self._must_run(run_id, run, "agent_restarted")
        self._all_closed(run_id, run, "agent_restarted")
        if data["attempt"] != run.attempts + 1:
            raise self.broken(ATTEMPTS, f"attempt {data['attempt']} is coming after {run.attempts}")
        run.phase = "restarting"

    def _on_agent_completed(self, run_id: str, run: Run, data: dict[str, Any]) -> None:
        if run.phase == "queued":
            raise self.broken(ATTEMPTS, f"{run_id} completed and never started")
        self._all_closed(run_id, run, "agent_completed")
        if data["attempts"] != run.attempts:
            raise self.broken(ATTEMPTS, f"{data['attempts']} attempts are said, {run.attempts} were seen")
        run.phase, self.active = "over", None

    def _all_closed(self, run_id: str, run: Run, kind: str) -> None:
        if run.open_calls:
            raise self.broken(PAIRING, f"{kind} of {run_id} with open calls {run.open_calls}")


def check_log(session_id: str, events: Iterable[Event], *, finished: bool = True) -> Log:
    """Check one session's whole log; with `finished`, that nothing in it is left open.

    Raises:
        PromiseBroken: one of the promises doesn't hold.
    """
    log = Log(session_id)
    for event in events:
        log.apply(event)
    unfinished = [run_id for run_id, run in log.runs.items() if run.phase != "over"]
    if finished and unfinished:
        raise log.broken(TERMINATION, f"never ended: {unfinished}")
    return log


def check_acked(log: Log, acked: Iterable[str]) -> None:
    """Check that every message of these acks stands in the log; `check_log` has seen to their ends.

    Raises:
        PromiseBroken: one isn't there.
    """
    lost = [run_id for run_id in acked if run_id not in log.runs]
    if lost:
        raise log.broken(TERMINATION, f"acked, and not in the log: {lost}")


# What one connection saw.


class Entry(NamedTuple):
    """One frame that crossed a socket, as it was on the wire."""

    sent: bool
    raw: bytes | str
    frame: Any

    @classmethod
    def of(cls, raw: bytes | str, *, sent: bool) -> "Entry":
        try:
            return cls(sent, raw, json.loads(raw))
        except ValueError:
            return cls(sent, raw, None)


@dataclass
class Cursor:
    """Where a connection stands in one session."""

    next_seq: int | None = None
    first_is_accepted: bool = False


class Viewer:
    """Goes over what one connection sent and saw, in order."""

    def __init__(self, owned: Collection[str] | None) -> None:
        self.owned = owned
        self.seen: list[Any] = []
        self.asked: dict[str, dict[str, Any]] = {}
        self.messaged: list[Any] = []
        self.answered: set[str] = set()
        self.cursors: dict[str, Cursor] = {}
        self.written: dict[str, int] = {}
        self.over: set[str] = set()
        self.user_id: str | None = None
        self.default_session_id: str | None = None

    def broken(self, promise: str, problem: str) -> PromiseBroken:
        return PromiseBroken(promise, problem, self.seen)

    def sent(self, frame: Any) -> None:
        if not isinstance(frame, dict):
            return
        if frame.get("type") == "message":
            self.messaged.append(frame.get("session_id"))
        frame_id = frame.get("id")
        if isinstance(frame_id, str) and 0 < len(frame_id) <= 64:
            self.asked[frame_id] = frame

    def received(self, frame: Any) -> None:
        self.seen.append(frame)
        asked = self.asked.get(frame.get("re")) if isinstance(frame, dict) else None
        wrong = shapes.problems(frame, asked["type"] if asked and isinstance(asked.get("type"), str) else None)
        if wrong:
            raise self.broken(FIELDS, f"{line(frame)}: {'; '.join(wrong)}")
        if "re" in frame:
            self._answer(frame)
        self._own(frame)
        kind = frame["type"]
        if kind in shapes.DATA:
            self._event(frame)
        elif kind == "message_delta":
            self._delta(frame)
        elif kind == "welcome":
            self.user_id, self.default_session_id = frame["user_id"], frame["default_session_id"]

    def _answer(self, frame: dict[str, Any]) -> None:
        frame_id = frame["re"]
        if frame_id not in self.asked:
            raise self.broken(ANSWERS, f"an answer to {frame_id!r}, which was never asked")
        if frame_id in self.answered:
            raise self.broken(ANSWERS, f"a second answer to {frame_id!r}")
        self.answered.add(frame_id)
        asked = self.asked[frame_id]
        if frame["type"] == "ack" and asked["type"] == "subscribe":
            self._subscribed(asked.get("after"), frame)
        elif frame["type"] == "ack" and asked["type"] == "unsubscribe":
            self.cursors.pop(asked.get("session_id") or self.default_session_id or "", None)
        elif frame["type"] == "ack" and asked["type"] == "message" and frame["duplicate"]:
            self.cursors.setdefault(frame["session_id"], Cursor())

    def _subscribed(self, after: dict[str, Any] | None, ack: dict[str, Any]) -> None:
        oldest = after["seq"] + 1 if after is not None and ack["recovered"] else 1
        following = ack["head_seq"] + 1 if after is None else oldest
        if ack["recovered"] and after is None:
            raise self.broken(DELIVERY, "recovered: true where nothing was to be recovered")
        self.cursors[ack["session_id"]] = Cursor(following)
        if ack["partial"] is not None:
            self.written[ack["partial"]["run_id"]] = len(ack["partial"]["text"])

    def _own(self, frame: dict[str, Any]) -> None:
        session_id = frame.get("session_id")
        owned = self.owned is None or session_id is None or session_id in (*self.owned, self.default_session_id)
        if not owned:
            raise self.broken(OWNERSHIP, f"a frame of session {session_id}")

    def _event(self, event: Event) -> None:
        session_id, seq = event["session_id"], event["seq"]
        cursor = self.cursors.get(session_id)
        if cursor is None:
            # A message subscribes: its message_accepted is the first thing seen.
            if event["type"] != "message_accepted" or not self._sent_message(session_id):
                raise self.broken(DELIVERY, f"{line(event)} of a session that isn't subscribed")
            cursor = self.cursors[session_id] = Cursor()
        if cursor.next_seq not in (None, seq):
            raise self.broken(DELIVERY, f"seq {seq} of {session_id} where {cursor.next_seq} was due")
        cursor.next_seq = seq + 1
        if event["type"] == "agent_started":
            self.written[event["run_id"]] = 0
        elif event["type"] in TERMINAL:
            self.over.add(event["run_id"])

    def _sent_message(self, session_id: str) -> bool:
        return any((named or self.default_session_id) == session_id for named in self.messaged)

    def _delta(self, delta: dict[str, Any]) -> None:
        run_id = delta["run_id"]
        if run_id in self.over:
            raise self.broken(DELTAS, f"a delta of {run_id}, which is over")
        if delta["offset"] < self.written.get(run_id, 0):
            raise self.broken(DELTAS, f"offset {delta['offset']} where {self.written[run_id]} is written")
        self.written[run_id] = delta["offset"] + len(delta["text"])

    def unanswered(self) -> list[str]:
        return [frame_id for frame_id in self.asked if frame_id not in self.answered]


def check_connection(
    entries: Sequence[Entry], *, owned: Collection[str] | None = None, answered: bool = True
) -> Viewer:
    """Check what one connection sent and saw.

    Args:
        entries: all its frames, both ways, in order.
        owned: the ids of its user's sessions, beside the default one; None where they aren't known.
        answered: whether every frame with an id has had the time for its answer.

    Raises:
        PromiseBroken: one of the promises doesn't hold.
    """
    viewer = Viewer(owned)
    for entry in entries:
        if entry.sent:
            viewer.sent(entry.frame)
        else:
            viewer.received(entry.frame)
    if answered and viewer.unanswered():
        raise viewer.broken(ANSWERS, f"never answered: {viewer.unanswered()}")
    return viewer


def acked_runs(entries: Iterable[Entry], session_id: str) -> list[str]:
    """Return the runs of a session whose messages this connection saw acked."""
    frames = [entry.frame for entry in entries if not entry.sent and entry.frame]
    acks = [frame for frame in frames if frame["type"] == "ack" and frame.get("session_id") == session_id]
    return [ack["run_id"] for ack in acks if "duplicate" in ack]


def event_bytes(entries: Iterable[Entry], session_id: str) -> dict[int, bytes | str]:
    """Return a session's events as one connection got them, byte for byte, by seq."""
    got = [entry for entry in entries if not entry.sent and entry.frame and "seq" in entry.frame]
    return {entry.frame["seq"]: entry.raw for entry in got if entry.frame["session_id"] == session_id}


def check_same(views: Sequence[Mapping[int, bytes | str]]) -> None:
    """Check that connections which saw one seq saw the same bytes.

    Raises:
        PromiseBroken: they saw different ones.
    """
    first: dict[int, bytes | str] = {}
    for view in views:
        for seq, raw in view.items():
            if first.setdefault(seq, raw) != raw:
                raise PromiseBroken(DELIVERY, f"seq {seq} is two different events", [first[seq], raw])


def check_foreign(entries: Iterable[Entry], needles: Iterable[str]) -> None:
    """Check that nothing of anybody else's is in any byte that a connection got.

    Raises:
        PromiseBroken: something is.
    """
    everything = "\n".join(_text(entry.raw) for entry in entries if not entry.sent)
    found = [needle for needle in needles if needle in everything]
    if found:
        where = [raw for raw in everything.splitlines() if any(needle in raw for needle in found)]
        raise PromiseBroken(OWNERSHIP, f"somebody else's: {found[:5]}", where)


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode(errors="replace")
