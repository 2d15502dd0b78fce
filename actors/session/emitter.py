"""Who records: the only actor that assigns a seq.

It checks an event against the run's life, numbers it, encodes it once and gives the bytes to the journal. What is
committed goes on to the session, in order. What can't be committed is forgotten, as if it had never been: the log is
read again once it can be written again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from actors.runtime.actor import Actor, Reply, receives
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
from actors.session.journal import Batch, JournalUnavailable
from actors.session.lifecycle import Conversation, IllegalEvent
from actors.session.messages import (
    Committed,
    Emit,
    Flush,
    Logged,
    LogLost,
    LogReady,
    LogWritable,
    LossNoted,
    Say,
    Shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from actors.runtime.ref import ActorRef
    from actors.session.journal import Journal, Opening

READ_AT_ONCE = 1000
"""How many events are read from the journal at once when the log is folded."""

LOST = JournalUnavailable("what was to be recorded is lost")


class Emitter(Actor):
    """Records one session's events.

    Its ``session`` hears `LogReady` at each start, then `Logged` and `Shown`; where the journal fails `LogLost`, and
    then `LogReady` anew.
    """

    def __init__(self, journal: Journal, session_id: str, session: ActorRef[Any]) -> None:
        """Stand at an unread log."""
        self._journal = journal
        self._session_id = session_id
        self._session = session
        self._clock = self.runtime.clock
        self._conversation = Conversation()
        # Lists, though they are taken from in front: each is short, most are empty, and an empty deque takes 700 bytes.
        self._batches: list[Batch] = []
        self._committed = self.mailer(Committed)
        self._held_back: list[tuple[int, Shown]] = []
        self._flushes: list[tuple[int, Reply[None]]] = []
        self._told_after: dict[int, tuple[ActorRef[Any], Any]] = {}
        self._answer: Answer | None = None
        self._lost = False

    def on_start(self) -> None:
        """Open the log; blocks until what earlier lives appended is decided, and while the journal reads."""
        self._open()

    def _open(self) -> None:
        opening = self._journal.open(self._session_id)
        if opening is None:
            raise JournalUnavailable(f"the log of {self._session_id} is gone")
        self._conversation = fold(self._journal, opening)
        waiting = tuple(self._conversation.queue)
        epoch, head_seq = opening.record.epoch, opening.record.head_seq
        self._session.tell(LogReady(self.incarnation, epoch, head_seq, self._conversation.active, waiting))

    @receives(Emit)
    def _on_emit(self, message: Emit) -> None:
        if self._lost or (message.attempt is not None and not self._is_current(message.run_id, message.attempt)):
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
        self._append(batch)

    def _append(self, entries: Sequence[Recorded]) -> None:
        """Have entries written: with those that wait for a commit, where some do."""
        if self._batches and not self._batches[-1].taken:
            self._batches[-1].extend(entries)
            return
        self._batches.append(Batch(entries))
        self._journal.append(self._session_id, self._batches[-1], self._committed)

    @receives(Say)
    def _on_say(self, message: Say) -> None:
        if self._lost or not self._is_current(message.run_id, message.attempt):
            return
        if self._answer is None or not self._answer.is_of(message.run_id, message.attempt):
            self._answer = Answer(message.run_id, message.attempt)
        offset = self._answer.add(message.text)
        delta = MessageDelta(self._session_id, message.run_id, offset, message.text)
        self._show(Shown(message.run_id, message.text, encode(delta)))

    @receives(Flush)
    def _on_flush(self, _: Flush) -> None:
        reply = self.defer()
        if reply is None:
            return
        if self._lost:
            reply.fail(LOST)
        else:
            self._flushes.append((self._conversation.head_seq, reply))
            self._answer_flushes()

    def _answer_flushes(self) -> None:
        committed = self._batches[0][0].event.seq - 1 if self._batches else self._conversation.head_seq
        while self._flushes and self._flushes[0][0] <= committed:
            self._flushes.pop(0)[1].set(None)

    @receives(Committed)
    def _on_committed(self, message: Committed) -> None:
        if message.error is not None:
            self._lose(message.error)
            return
        entries = self._batches.pop(0)
        if self._held_back:
            self._tell_with_deltas(entries)
        else:
            self._session.tell(Logged(entries))
        if self._told_after:
            self._tell_after(entries)
        if self._flushes:
            self._answer_flushes()

    def _tell_with_deltas(self, entries: Sequence[Recorded]) -> None:
        """Tell the session of committed events, and of the deltas that were said between and after them."""
        first_seq, told = entries[0].event.seq, 0
        while self._held_back and self._held_back[0][0] < first_seq + len(entries):
            after, delta = self._held_back.pop(0)
            if after >= first_seq + told:
                self._session.tell(Logged(entries[told : after - first_seq + 1]))
                told = after - first_seq + 1
            self._session.tell(delta)
        if told < len(entries):
            self._session.tell(Logged(entries[told:] if told else entries))

    def _tell_after(self, entries: Iterable[Recorded]) -> None:
        for entry in entries:
            told = self._told_after.pop(entry.event.seq, None)
            if told is not None and told[0].is_alive():
                told[0].tell(told[1])

    def _lose(self, error: Exception) -> None:
        """Forget what isn't committed, and wait until the session knows, and the journal can be written again."""
        if self._lost:
            return  # What was appended behind the one that failed fails with it.
        self._lost = True
        self.log.warning("log_lost", problem=str(error))
        self._session.tell(LogLost(self.incarnation))
        for _, reply in self._flushes:
            reply.fail(LOST)
        for forgotten in (self._batches, self._held_back, self._flushes, self._told_after):
            forgotten.clear()
        self._answer = None

    @receives(LossNoted)
    def _on_loss_noted(self, _: LossNoted) -> None:
        # Not before: what the session said in ignorance of the loss would be taken for said in knowledge of it.
        self._journal.when_available(self.mailer(LogWritable))

    @receives(LogWritable)
    def _on_log_writable(self, _: LogWritable) -> None:
        self._open()
        self._lost = False

    def _show(self, delta: Shown) -> None:
        # A delta never overtakes an event that came before it.
        if self._batches:
            self._held_back.append((self._conversation.head_seq, delta))
        else:
            self._session.tell(delta)

    def _is_current(self, run_id: str, attempt: int) -> bool:
        active = self._conversation.active
        return active is not None and active.run_id == run_id and active.attempt == attempt

    def _number(self, run_id: str, data: Data) -> tuple[Recorded, ...]:
        kind = type(data)
        if kind is AgentCompleted:
            data = self._with_text(run_id, data)  # type: ignore[arg-type]  # mypy doesn't narrow by the type itself
        elif kind is not AgentRestarted:
            return (self._record(run_id, data),)
        return (*self._close_calls(run_id), self._record(run_id, data))

    def _with_text(self, run_id: str, data: AgentCompleted) -> AgentCompleted:
        """Give the end of a run that didn't succeed the words that were shown; only here is it known which."""
        answer, self._answer = self._answer, None
        if answer is None or data.outcome == "success":
            return data
        active = self._conversation.active
        if active is None or not answer.is_of(run_id, active.attempt):
            return data
        return msgspec.structs.replace(data, text=answer.text)

    def _close_calls(self, run_id: str) -> list[Recorded]:
        run = self._conversation.find(run_id)
        if run is None or not run.open_calls:
            return []
        now = self._clock.epoch_ms()
        fault = Fault("cancelled", "The run ended before the tool did.")
        return [
            self._record(run_id, ToolCompleted.failed(call_id, call.tool, max(0, now - call.since), fault))
            for call_id, call in list(run.open_calls.items())
        ]

    def _record(self, run_id: str, data: Data) -> Recorded:
        entry = event(self._session_id, run_id, self._conversation.head_seq + 1, self._clock.epoch_ms(), data)
        recorded = Recorded(entry, encode(entry))
        self._conversation.apply(entry)
        return recorded


def fold(journal: Journal, opening: Opening) -> Conversation:
    """Return what isn't finished in a log, reading no more of it than that takes; blocks while the journal reads.

    Raises:
        JournalUnavailable: the log ends before its head.
    """
    record, unfinished = opening
    conversation = Conversation(min(unfinished.values(), default=record.head_seq + 1) - 1)
    while conversation.head_seq < record.head_seq:
        frames = journal.read(record.session_id, conversation.head_seq, READ_AT_ONCE)
        if not frames:
            raise JournalUnavailable(f"the log of {record.session_id} ends at {conversation.head_seq}")
        for entry in map(decode, frames):
            if entry.run_id in unfinished:
                conversation.apply(entry)
            else:
                conversation.pass_over(entry.seq)
    return conversation
