"""The top of the tree: starts sessions on demand, keeps each one's crash loop to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.runtime import storms
from actors.runtime.actor import Reply, receives
from actors.runtime.errors import MailboxFull
from actors.runtime.messages import Down
from actors.runtime.restarts import Restart
from actors.runtime.specs import ChildSpec
from actors.runtime.supervisor import Supervisor
from actors.runtime.telemetry import StormBegan, StormEnded
from actors.session.commands import refuse_undelivered
from actors.session.connection import UNAVAILABLE, Refusal
from actors.session.farewell import FAILED, STOPPED, Farewell, LastWord
from actors.session.identifiers import default_session_id
from actors.session.journal import JournalUnavailable, unheeded
from actors.session.messages import (
    Command,
    Delete,
    Drain,
    GiveUp,
    LogDeleted,
    LookAtWeather,
    Passivate,
    Reattach,
    Replace,
    Resting,
    Retire,
    Route,
    Staying,
    TakeUp,
)
from actors.session.session import Session
from actors.session.staff import INTERNAL_MAILBOX

if TYPE_CHECKING:
    from actors.runtime.deadletters import DeadLetter
    from actors.runtime.reasons import ExitReason
    from actors.session.environment import Environment

OVERLOADED = Refusal("internal", "The server is overloaded; try again soon.", temporary=True, retry_after_ms=10_000)
"""While sessions crash by the dozen, no new ones begin. The log and the telemetry call it what it is."""

LOOK_AGAIN = 1.0
"""How many seconds pass between two looks at a storm that goes on."""

NOT_FOUND = Refusal("not_found", "There is no such session.")
MOST_WAITING = 1000
"""How many messages wait for one session between two of its lives."""

TAKEN_UP_AT_ONCE = 20
"""How many sessions are started for their unfinished runs before the root looks at its mailbox again."""

TOO_MANY = Refusal("conflict", "The account has as many sessions as it may have.", limit="limits.sessions_per_user")


class Root(Supervisor):
    """Supervises the sessions of all users; the only one who starts them.

    What comes for a session between two of its lives waits here until it is up again.
    """

    dynamic = True
    budget_per_child = True

    def __init__(self, environment: Environment) -> None:
        """Begin without sessions."""
        self._environment = environment
        self._draining = False
        self._weather = storms.Weather()
        self._waiting: dict[str, list[Any]] = {}
        self._deletions: dict[str, list[Reply[bool]]] = {}
        self._leaving: set[str] = set()

    def child_address(self, child_id: str) -> str:
        """Return the id itself: a session's address doesn't name the root."""
        return child_id

    @receives(Route)
    def _on_route(self, route: Route) -> None:
        try:
            refusal = self._find_or_make(route.user_id, route.session_id)
        except JournalUnavailable:
            refusal = UNAVAILABLE
        if refusal is not None:
            route.connection.refuse(route.frame_id, refusal)
            return
        if self._turns_away(route):
            self._send_away([route.message], route.session_id, OVERLOADED)
            return
        self._deliver(route.user_id, route.session_id, route.message)

    def _find_or_make(self, user_id: str, session_id: str) -> Refusal | None:
        journal = self._environment.journal
        record = journal.find(session_id)
        if record is not None:
            return None if record.user_id == user_id else NOT_FOUND
        if session_id != default_session_id(user_id):
            return NOT_FOUND
        if len(journal.sessions(user_id)) >= self._environment.sessions_per_user:
            return TOO_MANY
        journal.create(session_id, user_id, "", self.runtime.clock.epoch_ms(), unheeded)
        return None

    def _deliver(self, user_id: str, session_id: str, message: Any) -> None:
        child_id = address_of(user_id, session_id)
        if not self.has_child(child_id) and child_id not in self._leaving:
            self._start_session(child_id, user_id, session_id)
        if self.is_up(child_id) and child_id not in self._leaving:
            self._hand_over(child_id, message)
        elif len(self._waiting.setdefault(child_id, [])) < MOST_WAITING:
            self._waiting[child_id].append(message)
        else:
            refuse_undelivered(message)

    def _hand_over(self, child_id: str, message: Any) -> None:
        try:
            self.child(child_id).tell(message)
        except MailboxFull:
            refuse_undelivered(message)

    def _start_session(self, child_id: str, user_id: str, session_id: str) -> None:
        args = (self._environment, user_id, session_id, self.actor_ref)
        policy = self._environment.policies.session
        spec = ChildSpec(
            child_id,
            Session,
            args,
            restart=Restart.TRANSIENT,
            intensity=policy.intensity,
            backoff=policy.backoff,
            mailbox=INTERNAL_MAILBOX,
        )
        self.start_child(spec)

    @receives(TakeUp)
    def _on_take_up(self, message: TakeUp) -> None:
        """Start sessions that have work left, a few at a time."""
        for user_id, session_id in message.sessions[:TAKEN_UP_AT_ONCE]:
            child_id = address_of(user_id, session_id)
            if not self.has_child(child_id) and child_id not in self._leaving:
                self._start_session(child_id, user_id, session_id)
        if message.sessions[TAKEN_UP_AT_ONCE:]:
            self.actor_ref.tell(TakeUp(message.sessions[TAKEN_UP_AT_ONCE:]))

    def _take_up_after_outage(self, user_id: str, session_id: str) -> None:
        """See to what a session left undone because it couldn't be recorded."""
        again = TakeUp(((user_id, session_id),))
        self._environment.journal.when_available(self.mailer(lambda: again))

    # Passivation. What comes for a session that is about to end waits here, as if it had ended.

    @receives(Resting)
    def _on_resting(self, message: Resting) -> None:
        if self.is_up(message.child_id):
            self._leaving.add(message.child_id)
            self._hand_over(message.child_id, Passivate())

    @receives(Staying)
    def _on_staying(self, message: Staying) -> None:
        self._leaving.discard(message.child_id)
        for waiting in self._waiting.pop(message.child_id, ()):
            self._hand_over(message.child_id, waiting)

    # Overload.

    def _turns_away(self, route: Route) -> bool:
        """Tell whether a session would have to begin for this, and can't in a storm. Sessions that run go on."""
        return self._weather.storm and not self.has_child(address_of(route.user_id, route.session_id))

    def _note_restart(self) -> None:
        before, now = self._weather, self.runtime.clock.monotonic()
        self._weather = storms.another(before, now)
        if self._weather.storm and not before.storm:
            self.runtime.telemetry.emit(StormBegan(self.address, storms.RESTARTS))
            self.send_after(storms.WITHIN, LookAtWeather())

    @receives(LookAtWeather)
    def _on_look_at_weather(self, message: LookAtWeather) -> None:
        self._weather = storms.later(self._weather, self.runtime.clock.monotonic())
        if self._weather.storm:
            self.send_after(LOOK_AGAIN, message)
        else:
            self.runtime.telemetry.emit(StormEnded(self.address))

    # The ends of sessions.

    def on_start(self) -> None:
        """Listen for what reaches no session."""
        self.runtime.dead_letters.listen(self._on_dead_letter)

    def _on_dead_letter(self, letter: DeadLetter) -> None:
        """See to it that no client waits for an answer that nobody will give, nor for events that nobody will show."""
        if isinstance(letter.message, Reattach) and self.actor_ref.is_alive():
            subscription = letter.message.subscription
            _, user_id, session_id = letter.address.split("/")
            self.actor_ref.tell(Route(user_id, session_id, subscription.connection, None, letter.message))
        else:
            refuse_undelivered(letter.message)

    @receives(Drain)
    def _on_drain(self, message: Drain) -> None:
        self._draining = True
        for child_id in self.child_ids():
            self._hand_over(child_id, message)

    def child_started(self, child_id: str, _incarnation: int) -> None:
        """Hand over what waited for the session."""
        if self._draining:
            self._hand_over(child_id, Drain())
        for message in self._waiting.pop(child_id, ()):
            self._hand_over(child_id, message)

    def child_lost(self, child_id: str, reason: ExitReason) -> None:
        """End what a session that can't be mended had promised, and tell those who watch."""
        self.log.error("session_failed", session=child_id, reason=reason.summary)
        self._take_leave(child_id, FAILED)

    def _take_leave(self, child_id: str, word: LastWord) -> None:
        args = (self._environment.journal, child_id.split("/")[2], word)
        spec = ChildSpec(child_id, Farewell, args, restart=Restart.TEMPORARY, mailbox=INTERNAL_MAILBOX)
        self.start_child(spec)

    # What an operator orders.

    @receives(Replace)
    def _on_replace(self, order: Replace) -> bool:
        child_id = address_of(order.user_id, order.session_id)
        if not self._is_at_work(child_id) or not self.is_up(child_id):
            return False
        self.replace_child(child_id)
        return True

    @receives(GiveUp)
    def _on_give_up(self, order: GiveUp) -> bool:
        child_id = address_of(order.user_id, order.session_id)
        if not self._is_at_work(child_id):
            return False
        # Its `Down` comes when its address is free; for one between two lives that is at once.
        self.monitor(self.child(child_id))
        self.kill_child(child_id)
        return True

    @receives(Down)
    def _on_down(self, down: Down) -> None:
        if not self.has_child(down.address):
            self._take_leave(down.address, STOPPED)

    def _is_at_work(self, child_id: str) -> bool:
        """Tell whether there is a session that isn't about to end anyway."""
        if not self.has_child(child_id) or child_id in self._leaving or child_id in self._deletions:
            return False
        return self.child(child_id).actor_class is Session

    @receives(Delete)
    def _on_delete(self, message: Delete) -> None:
        reply = self.defer()
        try:
            record = self._environment.journal.find(message.session_id)
        except JournalUnavailable as unavailable:
            self._answer(reply, unavailable)
            return
        if record is None or record.user_id != message.user_id:
            self._answer(reply, answer=False)
            return
        if not self._environment.journal.available:
            # Its actors would be stopped and its watchers told, and the log would still be there.
            self._answer(reply, JournalUnavailable("nothing can be deleted while the log can't be written"))
            return
        child_id = address_of(message.user_id, message.session_id)
        self._deletions.setdefault(child_id, []).extend([] if reply is None else [reply])
        if self.has_child(child_id):
            self._deliver(message.user_id, message.session_id, Retire())
        else:
            self._delete_log(child_id)

    def _delete_log(self, child_id: str) -> None:
        """Delete a log that no session writes any more; what comes meanwhile waits."""
        if child_id not in self._leaving:
            self._leaving.add(child_id)
            done = self.mailer(lambda error: LogDeleted(child_id, error))
            self._environment.journal.delete(child_id.split("/")[2], done)

    @receives(LogDeleted)
    def _on_log_deleted(self, message: LogDeleted) -> None:
        self._leaving.discard(message.child_id)
        _, user_id, session_id = message.child_id.split("/")
        waiting = self._waiting.pop(message.child_id, [])
        for reply in self._deletions.pop(message.child_id, ()):
            self._answer(reply, message.error, answer=True)
        if message.error is None:
            self._send_away(waiting, session_id, NOT_FOUND)
        else:
            for kept in waiting:
                self._deliver(user_id, session_id, kept)
            self._take_up_after_outage(user_id, session_id)

    def child_exited(self, child_id: str, reason: ExitReason, retry_in: float | None) -> None:
        """Finish a deletion once the session has ended; begin anew for what came while it did."""
        self._leaving.discard(child_id)
        if retry_in is not None:
            self._note_restart()
            return
        if self.has_child(child_id):
            return
        if child_id in self._deletions:
            self._delete_log(child_id)
            return
        _, user_id, session_id = child_id.split("/")
        waiting = self._waiting.pop(child_id, [])
        if reason.clean:
            for message in waiting:
                self._deliver(user_id, session_id, message)
        else:
            # Not even the farewell could be said: its log can't be read or written now.
            self._send_away(waiting, session_id, FAILED.refusal)
            if not self._environment.journal.available:
                self._take_up_after_outage(user_id, session_id)

    @staticmethod
    def _answer(reply: Reply[bool] | None, error: Exception | None = None, *, answer: bool = True) -> None:
        if reply is None:
            return
        if error is None:
            reply.set(answer)
        else:
            reply.fail(error)

    def _send_away(self, messages: list[Any], session_id: str, refusal: Refusal) -> None:
        for message in messages:
            if isinstance(message, Reattach):
                message.subscription.connection.gone(session_id, refusal)
            elif isinstance(message, Command):
                message.connection.refuse(message.frame_id, refusal)


def address_of(user_id: str, session_id: str) -> str:
    """Return the address of a session's actor."""
    return f"session/{user_id}/{session_id}"
