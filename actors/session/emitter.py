"""Who records: the only actor that assigns a seq.

It checks an event against the run's life, numbers it, encodes it once and gives the bytes to the journal. What is
committed goes on to the session, in order.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from actors.runtime.actor import Actor, Reply, receives
from actors.runtime.errors import ActorDied
from actors.session.answer import Answer
from actors.session.events import (
    AgentCompleted,
    AgentRestarted,
    Data,
    Fault,
    MessageDelta,
    Recorded,
    ToolCompleted,
    decode,
    encode,
    event,
)
from actors.session.journal import JournalUnavailable
from actors.session.lifecycle import Conversation, IllegalEvent
from actors.session.messages import Committed, Emit, Flush, Logged, LogReady, Say, Shown

if TYPE_CHECKING:
    from actors.runtime.ref import ActorRef
    from actors.session.journal import Journal

READ_AT_ONCE = 1000
"""How many events are read from the journal at once when the log is folded."""


class Emitter(Actor):
    """Records one session's events. Its ``session`` hears `LogReady` at each start, then `Logged` and `Shown`."""

    def __init__(self, journal: Journal, session_id: str, session: ActorRef[Any]) -> None:
        """Stand at an unread log."""
        self._journal = journal
        self._session_id = session_id
        self._session = session
        self._conversation = Conversation()
        self._batches: deque[tuple[Recorded, ...]] = deque()
        self._held_back: deque[tuple[int, Shown]] = deque()
        self._flushes: deque[tuple[int, Reply[None]]] = deque()
        self._told_after: dict[int, tuple[ActorRef[Any], Any]] = {}
        self._answer: Answer | None = None

    def on_start(self) -> None:
        """Fold the log; blocks while the journal reads."""
        record = self._journal.find(self._session_id)
        if record is None:
            raise JournalUnavailable(f"the log of {self._session_id} is gone")
        self._conversation = fold(self._journal, self._session_id, record.first_seq, record.head_seq)
        waiting = tuple(self._conversation.queue)
        self._session.tell(
            LogReady(self.incarnation, record.epoch, record.head_seq, self._conversation.active, waiting)
        )

    @receives(Emit)
    def _on_emit(self, message: Emit) -> None:
        if not self._is_current(message.run_id, message.attempt):
            self.log.debug("late_event", run_id=message.run_id, kind=type(message.data).__name__)
            return
        try:
            batch = self._number(message.run_id, message.data)
        except IllegalEvent as illegal:
            # Several may end a run at once, say its agent and a cancel: the first one counts.
            self.log.info("illegal_event", run_id=message.run_id, problem=str(illegal))
            return
        if message.then is not None:
            self._told_after[batch[-1].event.seq] = message.then
        self._batches.append(batch)
        self._journal.append(self._session_id, batch, partial(_report, self.actor_ref, self.incarnation))

    @receives(Say)
    def _on_say(self, message: Say) -> None:
        if not self._is_current(message.run_id, message.attempt):
            return
        if self._answer is None or not self._answer.is_of(message.run_id, message.attempt):
            self._answer = Answer(message.run_id, message.attempt)
        offset = self._answer.add(message.text)
        delta = MessageDelta(self._session_id, message.run_id, offset, message.text)
        self._show(Shown(message.run_id, message.text, encode(delta)))

    @receives(Flush)
    def _on_flush(self, _: Flush) -> None:
        reply = self.defer()
        if reply is not None:
            self._flushes.append((self._conversation.head_seq, reply))
            self._answer_flushes()

    def _answer_flushes(self) -> None:
        committed = self._batches[0][0].event.seq - 1 if self._batches else self._conversation.head_seq
        while self._flushes and self._flushes[0][0] <= committed:
            self._flushes.popleft()[1].set(None)

    @receives(Committed)
    def _on_committed(self, message: Committed) -> None:
        if message.incarnation != self.incarnation:
            return  # What an earlier life wrote: this one knows it from the log.
        if message.error is not None:
            raise message.error
        entries = self._batches.popleft()
        self._session.tell(Logged(entries))
        for entry in entries:
            told = self._told_after.pop(entry.event.seq, None)
            if told is not None:
                with suppress(ActorDied):  # A run that was cancelled meanwhile has ended its calls.
                    told[0].tell(told[1])
        self._answer_flushes()
        while self._held_back and self._held_back[0][0] <= entries[-1].event.seq:
            self._session.tell(self._held_back.popleft()[1])

    def _show(self, delta: Shown) -> None:
        # A delta never overtakes an event that came before it.
        if self._batches:
            self._held_back.append((self._conversation.head_seq, delta))
        else:
            self._session.tell(delta)

    def _is_current(self, run_id: str, attempt: int | None) -> bool:
        active = self._conversation.active
        return attempt is None or (active is not None and active.run_id == run_id and active.attempt == attempt)

    def _number(self, run_id: str, data: Data) -> tuple[Recorded, ...]:
        if not isinstance(data, AgentCompleted | AgentRestarted):
            return (self._record(run_id, data),)
        if isinstance(data, AgentCompleted):
            data = self._with_text(run_id, data)
        return (*self._close_calls(run_id), self._record(run_id, data))

    def _with_text(self, run_id: str, data: AgentCompleted) -> AgentCompleted:
        """Give the end of a run that didn't succeed the words that were shown; only here is it known which."""
        answer, self._answer = self._answer, None
        attempt = self._conversation.active.attempt if self._conversation.active is not None else 0
        if data.outcome == "success" or answer is None or not answer.is_of(run_id, attempt):
            return data
        return msgspec.structs.replace(data, text=answer.text)

    def _close_calls(self, run_id: str) -> list[Recorded]:
        run = self._conversation.find(run_id)
        if run is None:
            return []
        now = self.runtime.clock.epoch_ms()
        fault = Fault("cancelled", "The run ended before the tool did.")
        return [
            self._record(run_id, ToolCompleted.failed(call_id, call.tool, max(0, now - call.since), fault))
            for call_id, call in list(run.open_calls.items())
        ]

    def _record(self, run_id: str, data: Data) -> Recorded:
        entry = event(self._session_id, run_id, self._conversation.head_seq + 1, self.runtime.clock.epoch_ms(), data)
        self._conversation.apply(entry)
        return Recorded(entry, encode(entry))


def _report(emitter: ActorRef[Any], incarnation: int, error: Exception | None) -> None:
    with suppress(ActorDied):  # A commit may outlast the session.
        emitter.tell(Committed(incarnation, error))


def fold(journal: Journal, session_id: str, first_seq: int, head_seq: int) -> Conversation:
    """Read a log and return what isn't finished in it; blocks while the journal reads."""
    conversation = Conversation(first_seq - 1)
    while conversation.head_seq < head_seq:
        for frame in journal.read(session_id, conversation.head_seq, READ_AT_ONCE):
            conversation.apply(decode(frame))
    return conversation
