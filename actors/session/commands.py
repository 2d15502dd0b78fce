"""What connections may ask of a session: the commands of the protocol, decided against its runs and its log."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, TypeVar

from actors.runtime.actor import receives
from actors.session.connection import UNAVAILABLE, Refusal
from actors.session.events import MessageAccepted, MessageDequeued
from actors.session.identifiers import new_id
from actors.session.messages import Cancel, Command, Dequeue, Reattach, Submit, Subscribe, Unsubscribe
from actors.session.receipts import UNANSWERED, Acceptance, Ending
from actors.session.rest import Rest
from actors.session.runs import INTERRUPT, Admission, LiveRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.session.audience import Subscription
    from actors.session.journal import Claim
    from actors.session.messages import After

REFUSALS = {
    Admission.BUSY: Refusal("busy", "The session is working on another message.", temporary=True),
    Admission.QUEUE_FULL: Refusal(
        "queue_full", "Too many messages wait already.", temporary=True, limit="limits.queued_messages"
    ),
}
NOT_SUBSCRIBED = Refusal("not_found", "The connection isn't subscribed to that session.")
RUNNING = Refusal("conflict", "The message is being worked on; cancel it instead.")
NOT_WAITING = Refusal("not_found", "No such message waits.")
ELSEWHERE = Refusal("conflict", "This client_msg_id is being accepted in another session. Try again.", temporary=True)


C = TypeVar("C")


def once_ready(handler: Callable[[Any, C], None]) -> Callable[[Any, C], None]:
    """Let a command wait in ``early`` until the log is read; refuse it where that may take long."""

    @functools.wraps(handler)
    def handle(self: Commands, command: C) -> None:
        if self.ready:
            handler(self, command)
        elif self.interrupted and isinstance(command, Command):
            command.connection.refuse(command.frame_id, UNAVAILABLE)
        else:
            self.early.append(command)

    return handle


def refuse_undelivered(message: Any) -> None:
    """Refuse a client's command that no session will answer; leave other messages alone."""
    if isinstance(message, Command):
        message.connection.refuse(message.frame_id, UNANSWERED)


class Commands(Rest):
    """The part of a session that answers its connections."""

    user_id: str
    epoch = ""

    # Watching.

    @receives(Subscribe)
    @once_ready
    def _on_subscribe(self, command: Subscribe) -> None:
        cursor, recovered = self._place(command.after)
        subscription = command.subscription
        self._seat(subscription, cursor)
        subscription.connection.acknowledge(command.frame_id, recovered=recovered, **self._standing())
        self.audience.catch_up(subscription, self.head_seq)

    def _seat(self, subscription: Subscription, cursor: int) -> None:
        """Write to a subscription from now on what comes after ``cursor``."""
        self.audience.add(subscription, cursor)
        self.stay_awake()
        subscription.connection.attached(subscription, self.actor_ref)

    def _place(self, after: After | None) -> tuple[int, bool]:
        """Return the cursor for a resume, and whether it misses nothing."""
        if after is None:
            return self.head_seq, False
        record = self.environment.journal.find(self.session_id)
        oldest = record.first_seq - 1 if record is not None else self.head_seq
        same_log = after.epoch == self.epoch or (after.epoch is None and after.seq == 0)
        if same_log and oldest <= after.seq <= self.head_seq:
            return after.seq, True
        return oldest, False

    def _standing(self) -> dict[str, Any]:
        live = self.runs.active
        return {
            "session_id": self.session_id,
            "epoch": self.epoch,
            "head_seq": self.head_seq,
            "active_run": self._active(live) if live is not None else None,
            "partial": {"run_id": live.run_id, "text": "".join(live.said)} if live is not None and live.said else None,
            "queue": [
                {"run_id": waiting.run_id, "client_msg_id": waiting.client_msg_id, "text": waiting.text}
                for waiting in self.runs.waiting
            ],
        }

    def _active(self, run: LiveRun) -> dict[str, Any]:
        assert run.started is not None
        elapsed = self.clock.monotonic() - run.started
        return {"run_id": run.run_id, "elapsed_ms": max(0, round(elapsed * 1000))}

    @receives(Reattach)
    @once_ready
    def _on_reattach(self, command: Reattach) -> None:
        subscription = command.subscription
        if subscription in self.audience or subscription.connection.held(self.session_id) is not subscription:
            return  # Its connection has subscribed anew meanwhile, in a place of its own choice, or unsubscribed.
        self._seat(subscription, subscription.cursor)
        self.audience.catch_up(subscription, self.head_seq)

    @receives(Unsubscribe)
    @once_ready
    def _on_unsubscribe(self, command: Unsubscribe) -> None:
        if command.subscription not in self.audience:
            command.connection.refuse(command.frame_id, NOT_SUBSCRIBED)
            return
        self.audience.remove(command.subscription)
        command.connection.detached(self.session_id)
        command.connection.acknowledge(command.frame_id)
        self.consider_rest()

    # Messages.

    @receives(Submit)
    @once_ready
    def _on_submit(self, command: Submit) -> None:
        subscription = command.subscription
        claim = self._claimed(command)
        if claim is not None:
            self._answer_duplicate(command, claim)
            return
        agent = command.agent or self.environment.default_agent
        if agent not in self.environment.agents:
            refusal = Refusal("not_found", f"There is no agent {agent!r}.")
            subscription.connection.refuse(command.frame_id, refusal)
            return
        if not self.environment.journal.available:
            subscription.connection.refuse(command.frame_id, UNAVAILABLE)
            return
        admission = self._admit(command)
        if admission in REFUSALS:
            subscription.connection.refuse(command.frame_id, REFUSALS[admission])
            return
        self._accept(command, agent, admission)

    def _admit(self, command: Submit) -> Admission:
        clears = command.on_busy == "interrupt" and command.queue == "clear"
        return self.runs.admit(command.on_busy, math.inf if clears else self.environment.queued_messages)

    def _claimed(self, command: Submit) -> Claim | None:
        if command.client_msg_id is None:
            return None
        return self.environment.journal.claimed(self.user_id, command.client_msg_id)

    def _answer_duplicate(self, command: Submit, claim: Claim) -> None:
        acceptance = Acceptance(
            command.subscription, command.frame_id, self.runs.position(claim.run_id), duplicate=True
        )
        if claim.committed:
            if claim.session_id == self.session_id:
                self.watch(command.subscription, self.head_seq)
            acceptance.give(claim.session_id, claim.run_id)
        elif claim.session_id == self.session_id:
            self.receipts.owe_acceptance(claim.run_id, acceptance)
        else:
            command.subscription.connection.refuse(command.frame_id, ELSEWHERE)

    def watch(self, subscription: Subscription, cursor: int) -> None:
        """Show a connection that doesn't watch yet what comes after ``cursor``.

        One that watched an earlier life of this session goes on where it stood: its message came before its return,
        and may have been sent before that life began to write to it, by another subscription than this.
        """
        if subscription not in self.audience:
            held = subscription.connection.held(self.session_id)
            if held is None:
                self._seat(subscription, cursor)
            else:
                self._seat(held, held.cursor)
            self.audience.catch_up(subscription, self.head_seq)

    def _accept(self, command: Submit, agent: str, admission: Admission) -> None:
        run = LiveRun(
            new_id("r", self.runtime.random),
            command.text,
            agent,
            command.client_msg_id,
            command.roles,
            self.clock.epoch_ms(),
        )
        if command.client_msg_id is not None:
            self.environment.journal.claim(self.user_id, command.client_msg_id, self.session_id, run.run_id)
        if admission is INTERRUPT:
            self._make_way(command)
            self.runs.waiting.insert(0, run)
            position = 0
        else:
            position = self.runs.append(run)
        acceptance = Acceptance(command.subscription, command.frame_id, position, duplicate=False)
        self.receipts.owe_acceptance(run.run_id, acceptance)
        self.record(run.run_id, MessageAccepted(run.text, run.client_msg_id, agent, position))
        self.go_on()

    def _make_way(self, command: Submit) -> None:
        if command.queue == "clear":
            self._clear("interrupted")
        if self.runs.active is not None:
            self.break_off(self.runs.active, "cancelled")

    def _clear(self, reason: Any) -> None:
        while self.runs.waiting:
            self.record(self.runs.waiting.pop(0).run_id, MessageDequeued(reason))

    # Stopping.

    @receives(Cancel)
    @once_ready
    def _on_cancel(self, command: Cancel) -> None:
        run = self.runs.next_up() if command.run_id is None else self.runs.find(command.run_id)
        if run is None:
            command.connection.acknowledge(command.frame_id, run_id=None)
        else:
            self.receipts.owe_ending(run.run_id, Ending(command.connection, command.frame_id, {"run_id": run.run_id}))
            self.end_early(run.run_id)
        if command.queue == "clear":
            self._clear("cancelled")
        self.go_on()

    @receives(Dequeue)
    @once_ready
    def _on_dequeue(self, command: Dequeue) -> None:
        if self.runs.waiting_run(command.run_id) is not None:
            self.receipts.owe_ending(command.run_id, Ending(command.connection, command.frame_id, {}))
            self.end_early(command.run_id)
        elif self.runs.find(command.run_id) is not None:
            command.connection.refuse(command.frame_id, RUNNING)
        else:
            command.connection.refuse(command.frame_id, NOT_WAITING)

    def end_early(self, run_id: str) -> None:
        """End a run that isn't over: the active one by a cancel, a waiting one by taking it out of the queue."""
        run = self.runs.find(run_id)
        if run is not None and run is self.runs.active:
            self.break_off(run, "cancelled")
        elif run is not None:
            self.runs.waiting.remove(run)
            self.record(run_id, MessageDequeued("cancelled"))
