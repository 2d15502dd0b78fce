"""The last word of a session that was given up: every promise of its log is brought to an end that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from actors.runtime.actor import Actor, receives
from actors.runtime.future import Future
from actors.session.audience import Audience
from actors.session.connection import Refusal
from actors.session.emitter import fold
from actors.session.events import AgentCompleted, AgentStarted, Data, Fault, Recorded, ToolCompleted, encode, event
from actors.session.journal import Batch
from actors.session.messages import (
    Cancel,
    ConnectionGone,
    ConnectionReady,
    Dequeue,
    Describe,
    Drain,
    Reattach,
    Retire,
    Submit,
    Subscribe,
    Unsubscribe,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.session.journal import Journal, Opening
    from actors.session.lifecycle import Conversation, Run


class LastWord(NamedTuple):
    """What is said of a session's end: in its log, and to its watchers."""

    fault: Fault
    refusal: Refusal


FAILED = LastWord(
    Fault("session_failed", "The session failed and could not be restarted."),
    Refusal("internal", "The session failed. Try again later.", temporary=True),
)
STOPPED = LastWord(
    Fault("session_failed", "The session was stopped by an operator."),
    Refusal("internal", "The session was stopped by an operator. Try again later.", temporary=True),
)
OPEN_FOR = 1.0
"""How many seconds its watchers have to come for the last events."""


class Farewell(Actor):
    """Stands at a failed session's address until its watchers have seen the end."""

    def __init__(self, journal: Journal, session_id: str, word: LastWord) -> None:
        """Know which log to close, and with what."""
        self._journal = journal
        self._session_id = session_id
        self._word = word
        self._audience = Audience(journal, session_id)

    def on_start(self) -> None:
        """Write the last events; blocks until they are committed.

        Raises:
            JournalUnavailable: the log can't be written; what is open in it is taken up when the session next starts.
        """
        opening = self._journal.open(self._session_id)
        if opening is not None:
            self._close(opening)
        self.send_after(OPEN_FOR, Retire())

    def _close(self, opening: Opening) -> None:
        self._journal.release_claims(self._session_id)
        conversation = fold(self._journal, opening)
        now_ms = self.runtime.clock.epoch_ms()
        entries = []
        for run_id, data in closing_events(conversation, now_ms, self._word.fault):
            entry = event(self._session_id, run_id, conversation.head_seq + 1, now_ms, data)
            conversation.apply(entry)
            entries.append(Recorded(entry, encode(entry)))
        if entries:
            committed: Future[None] = Future()
            self._journal.append(self._session_id, Batch(entries), committed.settle)
            committed.get(timeout=None)

    @receives(Reattach)
    def _on_reattach(self, message: Reattach) -> None:
        record = self._journal.find(self._session_id)
        if record is not None:
            self._audience.add(message.subscription, message.subscription.cursor)
            self._audience.catch_up(message.subscription, record.head_seq)
        message.subscription.connection.gone(self._session_id, self._word.refusal)

    @receives(Submit, Subscribe, Unsubscribe)
    def _on_command(self, message: Submit | Subscribe | Unsubscribe) -> None:
        message.subscription.connection.refuse(message.frame_id, self._word.refusal)

    @receives(Cancel, Dequeue)
    def _on_stop_command(self, message: Cancel | Dequeue) -> None:
        message.connection.refuse(message.frame_id, self._word.refusal)

    @receives(ConnectionGone, ConnectionReady, Drain)
    def _on_other(self, message: Any) -> None:
        """Ignore: nobody is watched for here, and nothing begins."""

    @receives(Describe)
    def _on_describe(self, _: Describe) -> str:
        return "idle"

    @receives(Retire)
    def _on_retire(self, _: Retire) -> None:
        self.stop()


def closing_events(conversation: Conversation, now_ms: int, fault: Fault) -> Iterator[tuple[str, Data]]:
    """Yield the events that end everything unfinished in a log, in order: the active run, then what waits."""
    runs = [conversation.active] if conversation.active is not None else []
    for run in [*runs, *conversation.queue]:
        for call_id, call in list(run.open_calls.items()):
            duration_ms = max(0, now_ms - call.since)
            yield run.run_id, ToolCompleted.failed(call_id, call.tool, duration_ms, fault)
        if run.started_at is None:
            yield run.run_id, AgentStarted(run.agent, 1, max(0, now_ms - run.accepted_at), 0)
        yield run.run_id, _ending(run, now_ms, fault)


def _ending(run: Run, now_ms: int, fault: Fault) -> AgentCompleted:
    since = now_ms if run.started_at is None else run.started_at
    return AgentCompleted("error", "", max(0, now_ms - since), max(1, run.attempt), error=fault)
