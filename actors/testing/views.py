"""What connections saw, checked against the protocol's promises of delivery, ownership and answers. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.session.promises import ANSWERS, DELIVERY, DELTAS, FIELDS, OWNERSHIP, TERMINAL, PromiseBroken, line
from actors.session.shapes import DATA
from actors.testing import shapes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from actors.session.promises import Event


class Entry(NamedTuple):
    """One frame that crossed a socket, as it was on the wire."""

    sent: bool
    raw: bytes | str
    frame: Any

    @classmethod
    def of(cls, raw: bytes | str, *, sent: bool) -> Entry:
        """Keep what crossed the socket with what it says; None where it isn't JSON."""
        try:
            return cls(sent, raw, json.loads(raw))
        except ValueError:
            return cls(sent, raw, None)


LONGEST_ID = 64
"""How many characters the id of a frame has at most; a longer one isn't answered."""


@dataclass
class Cursor:
    """Where a connection stands in one session, from one subscription to its end.

    ``written`` is how much of each run's answer was shown in it: who wasn't there may have missed a new attempt.
    """

    next_seq: int | None = None
    written: dict[str, int] = field(default_factory=dict)


class Viewer:
    """Goes over what one connection sent and saw, in order."""

    def __init__(self, owned: Collection[str] | None) -> None:
        """Begin before the first frame; ``owned`` are the ids of its user's sessions, None where they aren't known."""
        self.owned = owned
        self.seen: list[Any] = []
        self.asked: dict[str, dict[str, Any]] = {}
        self.messaged: list[Any] = []
        self.answered: set[str] = set()
        self.cursors: dict[str, Cursor] = {}
        self.over: set[str] = set()
        self.user_id: str | None = None
        self.default_session_id: str | None = None

    def broken(self, promise: str, problem: str) -> PromiseBroken:
        """Make the complaint about what was seen so far."""
        return PromiseBroken(promise, problem, self.seen)

    def sent(self, frame: Any) -> None:
        """Take the next frame of the client."""
        if not isinstance(frame, dict):
            return
        if frame.get("type") == "message":
            self.messaged.append(frame.get("session_id"))
        frame_id = frame.get("id")
        if isinstance(frame_id, str) and 0 < len(frame_id) <= LONGEST_ID:
            self.asked[frame_id] = frame

    def received(self, frame: Any) -> None:
        """Take the next frame of the server.

        Raises:
            PromiseBroken: it may not be the next one.
        """
        self.seen.append(frame)
        asked = self.asked.get(frame.get("re", "")) if isinstance(frame, dict) else None
        wrong = shapes.problems(frame, asked["type"] if asked and isinstance(asked.get("type"), str) else None)
        if wrong:
            raise self.broken(FIELDS, f"{line(frame)}: {'; '.join(wrong)}")
        if "re" in frame:
            self._answer(frame)
        self._own(frame)
        kind = frame["type"]
        if kind in DATA:
            self._event(frame)
        elif kind == "message_delta":
            self._delta(frame)
        elif kind == "error" and "session_id" in frame:
            self.cursors.pop(frame["session_id"], None)  # It isn't shown there any more.
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
        cursor = self.cursors[ack["session_id"]] = Cursor(following)
        if ack["partial"] is not None:
            cursor.written[ack["partial"]["run_id"]] = len(ack["partial"]["text"])

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
            cursor.written[event["run_id"]] = 0
        elif event["type"] in TERMINAL:
            self.over.add(event["run_id"])

    def _sent_message(self, session_id: str) -> bool:
        return any((named or self.default_session_id) == session_id for named in self.messaged)

    def _delta(self, delta: dict[str, Any]) -> None:
        run_id = delta["run_id"]
        if run_id in self.over:
            raise self.broken(DELTAS, f"a delta of {run_id}, which is over")
        cursor = self.cursors.get(delta["session_id"])
        if cursor is None:
            raise self.broken(DELIVERY, f"a delta of {delta['session_id']}, which isn't subscribed")
        written = cursor.written
        if delta["offset"] < written.get(run_id, 0):
            raise self.broken(DELTAS, f"offset {delta['offset']} where {written[run_id]} is written")
        written[run_id] = delta["offset"] + len(delta["text"])

    def unanswered(self) -> list[str]:
        """Return the ids of the frames that still wait for their answer."""
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
