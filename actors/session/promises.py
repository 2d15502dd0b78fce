"""The six promises of the protocol ("What always holds"), checked over a session's log. Pure.

What `greenroom journal verify` and every test believe of a log. Nothing that writes logs is imported: were the checker
to share its code, it would share its mistakes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from actors.session import shapes
from actors.session.remnants import Run, remnants

if TYPE_CHECKING:
    from collections.abc import Iterable

Event = dict[str, Any]

TERMINAL = ("agent_completed", "message_dequeued")
SHOWN = 60
"""How many of the last events a complaint shows."""


class PromiseBroken(AssertionError):
    """A promise that doesn't hold: which, why, and what was seen.

    Attributes:
        promise: one of those below.
        problem: what is wrong with it.
        frame: the last one that was seen, or None.
    """

    def __init__(self, promise: str, problem: str, seen: Iterable[Any]) -> None:
        """Name one of the promises below, what is wrong with it, and the frames to look at."""
        last = list(seen)[-SHOWN:]
        self.promise = promise
        self.problem = problem
        self.frame = last[-1] if last else None
        lines = [f"  {line(frame)}" for frame in last]
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


class Log:
    """One session's events, checked one by one as they come."""

    def __init__(self, session_id: str, first_seq: int = 1) -> None:
        """Begin before the event ``first_seq``, where no run is open."""
        self.session_id = session_id
        self.first_seq = first_seq
        self.events: list[Event] = []
        self.runs: dict[str, Run] = {}
        self.queue: list[str] = []
        self.active: str | None = None

    def carry_over(self, events: Iterable[Event]) -> list[str]:
        """Take up the runs of which ``events``, all that is kept, show that they were open before; return their ids.

        Raises:
            PromiseBroken: they can't all have been.
        """
        self.runs, self.queue = remnants(event for event in events if not shapes.event_problems(event))
        started = [run_id for run_id, run in self.runs.items() if run.phase != "queued"]
        if len(started) > 1:
            raise self.broken(ORDER, f"before seq {self.first_seq} these had started and not ended: {started}")
        self.active = started[0] if started else None
        return list(self.runs)

    def broken(self, promise: str, problem: str) -> PromiseBroken:
        """Make the complaint about what was seen so far."""
        return PromiseBroken(promise, f"session {self.session_id}: {problem}", self.events)

    def apply(self, event: Event) -> None:
        """Take the next event.

        Raises:
            PromiseBroken: it may not be the next one.
        """
        self.events.append(event)
        wrong = shapes.event_problems(event)
        if wrong:
            raise self.broken(FIELDS, "; ".join(wrong))
        if event["session_id"] != self.session_id:
            raise self.broken(OWNERSHIP, f"an event of session {event['session_id']}")
        place = self.first_seq + len(self.events) - 1
        if event["seq"] != place:
            raise self.broken(DENSITY, f"seq {event['seq']} is at place {place}")
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


def check_log(session_id: str, events: Iterable[Event], *, first_seq: int = 1, finished: bool = True) -> Log:
    """Check one session's whole log; with ``finished``, that nothing in it is left open.

    A log that begins with a later ``first_seq`` than 1 was pruned. A prune cuts into no unfinished run, so the runs
    that were open there must all end in what is kept.

    Raises:
        PromiseBroken: one of the promises doesn't hold.
    """
    log, carried_over = Log(session_id, first_seq), list[str]()
    if first_seq > 1:
        events = list(events)
        carried_over = log.carry_over(events)
    for event in events:
        log.apply(event)
    unfinished = [run_id for run_id, run in log.runs.items() if run.phase != "over"]
    cut = [run_id for run_id in carried_over if run_id in unfinished]
    if cut:
        raise log.broken(TERMINATION, f"pruned into runs that never ended: {cut}")
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
