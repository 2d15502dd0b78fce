"""What one session showed to all who watched it, over all connections and all lives of the server. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from actors.session.promises import DELIVERY, TERMINATION, Log, PromiseBroken, check_acked
from actors.testing.views import acked_runs, check_same, event_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.testing.views import Entry

Frame = dict[str, Any]

EPOCH = "a log keeps its epoch: a new one means that it was lost"
RECOVERED = "where nothing was pruned, whoever comes back misses nothing and is told so"


class Transcript:
    """One session, as its watchers know it. ``resumed`` counts those who came back to what they had left."""

    def __init__(self, session_id: str) -> None:
        """Begin before anybody watches."""
        self.session_id = session_id
        self.epoch: str | None = None
        self.shown: dict[int, bytes | str] = {}
        self.acked: set[str] = set()
        self.dequeued: set[str] = set()
        self.resumed = 0

    def absorb(self, entries: Sequence[Entry]) -> None:
        """Take in what a connection saw that is over.

        Raises:
            PromiseBroken: it saw another log than those before.
        """
        new = event_bytes(entries, self.session_id)
        check_same([self.shown, new])
        self.shown |= new
        self.acked |= set(acked_runs(entries, self.session_id))
        sent = {entry.frame["id"]: entry.frame for entry in entries if entry.sent}
        for ack in (entry.frame for entry in entries if not entry.sent and entry.frame["type"] == "ack"):
            self._note(sent[ack["re"]], ack)

    def _note(self, asked: Frame, ack: Frame) -> None:
        if asked["type"] == "dequeue" and asked["session_id"] == self.session_id:
            self.dequeued.add(asked["run_id"])
        elif asked["type"] == "subscribe" and ack["session_id"] == self.session_id:
            self._check_resume(asked, ack)

    def _check_resume(self, asked: Frame, ack: Frame) -> None:
        self.epoch = self.epoch or ack["epoch"]
        if ack["epoch"] != self.epoch:
            raise PromiseBroken(EPOCH, f"{self.session_id} had {self.epoch}", [asked, ack])
        if not ack["recovered"]:
            raise PromiseBroken(RECOVERED, f"{self.session_id} doesn't recover", [asked, ack])
        self.resumed += asked["after"]["seq"] > 0

    def check(self, log: Log) -> None:
        """Check that the log holds all that was shown and acked.

        Raises:
            PromiseBroken: something is missing or isn't what it was.
        """
        check_acked(log, sorted(self.acked))
        for seq, raw in sorted(self.shown.items()):
            if log.events[seq - 1 : seq] != [json.loads(raw)]:
                raise PromiseBroken(DELIVERY, f"shown, and not what the log has: {raw!r}", log.events[: seq + 10])
        gone = {event["run_id"] for event in log.events if event["type"] == "message_dequeued"}
        if not self.dequeued <= gone:
            raise log.broken(TERMINATION, f"acked as dequeued, and went on: {sorted(self.dequeued - gone)}")
