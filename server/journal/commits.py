"""Group commit: what all sessions put while one commit is under way goes into the next one, as a whole."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

import msgspec
import structlog

from actors.runtime.future import Future
from actors.session.journal import JournalUnavailable
from server.journal.entries import Created, Deleted, Writing
from server.observability.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actors.runtime.clock import Clock, Timer
    from actors.session.journal import Batch, Done
    from server.journal.entries import Entry

    Pending = Writing | Created | Deleted
    Soon = Callable[[Callable[[], None]], object]
    """Makes a call: at once, or when everybody who is about to put something has done so."""

log = structlog.get_logger(__name__)

PROBE_SECONDS = 1.0
"""How often it is tried whether commits are possible again."""

COMMIT_BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
"""In seconds: of the histogram of commits that went well."""


class Sink(Protocol):
    """Where commits go. It is given one at a time."""

    def commit(self, entries: Sequence[Entry], done: Done) -> None:
        """Write entries as one, and call ``done`` once, on the hub: with None, or with the `JournalUnavailable`.

        It may be called before this returns. What is written is nobody's business but the reader's. A commit of no
        entries tells whether one is possible: it should fail wherever another one would.
        """


class AtOnce:
    """Makes a call before it returns; one that is asked for within a call, after it."""

    def __init__(self) -> None:
        """Have nothing to do."""
        self._calls: deque[Callable[[], None]] = deque()
        self._busy = False

    def __call__(self, call: Callable[[], None]) -> None:
        """Make ``call``."""
        self._calls.append(call)
        if self._busy:
            return
        self._busy = True
        try:
            while self._calls:
                self._calls.popleft()()
        finally:
            self._busy = False


class Tail(msgspec.Struct):
    """A session as it will be when all that was put is committed; ``user_id`` is None where it is deleted then."""

    pending: int = 0
    user_id: str | None = None
    writing: Writing | None = None
    created: Created | None = None
    waiters: list[Future[None]] = []

    @property
    def head_seq(self) -> int:
        """The seq of the last event."""
        return 0 if self.writing is None else self.writing.head_seq

    def put(self, entry: Pending) -> None:
        """Follow one more entry."""
        if type(entry) is Writing:
            self.user_id, self.writing = entry.user_id, entry
        elif type(entry) is Created:
            self.user_id, self.writing, self.created = entry.user_id, None, entry
        else:
            self.user_id, self.writing, self.created = None, None, None


class _Put(msgspec.Struct, frozen=True):
    """What waits to be committed; without an entry, somebody who waits for what was put before."""

    session_id: str
    entry: Pending | None
    done: Done


class GroupCommit:
    """Gives entries to a sink, one batch at a time, in the order in which they were put.

    A commit that fails takes everything with it that was put meanwhile, since that follows what isn't there. From
    then on every put fails at once, until a commit of nothing, tried every second, goes well.

    Attributes:
        problem: why nothing can be committed now, or None.
        tails: what is coming of the sessions of which something is pending.
        seconds: how long commits took that went well.
        failures: how many didn't.
        on_committed: called with the appends of each commit, behind those who made them.
    """

    def __init__(self, sink: Sink, clock: Clock, absorb: Callable[[Sequence[Entry]], None], soon: Soon) -> None:
        """Have nothing under way; ``absorb`` is called with what is committed, before anybody is told."""
        self._sink = sink
        self._clock = clock
        self._absorb = absorb
        self._soon = soon
        self._queue: list[_Put] = []
        self._batch: list[_Put] | None = None
        self._entries: list[Entry] = []
        self._began_at = 0.0
        self._scheduled = False
        self.tails: dict[str, Tail] = {}
        self.problem: str | None = None
        self._probe_timer: Timer | None = None
        self._when_available: list[Callable[[], object]] = []
        self.seconds = Histogram(*COMMIT_BOUNDS)
        self.failures = 0
        self.on_committed: list[Callable[[Sequence[Batch]], object]] = []

    @property
    def lag(self) -> float:
        """How many seconds the commit under way has taken so far; 0.0 where none is."""
        return 0.0 if self._batch is None else self._clock.monotonic() - self._began_at

    @property
    def pending(self) -> int:
        """How many appends, creations and deletions wait to be committed, or are being."""
        return len(self._queue) + len(self._batch or ())

    def put(self, entry: Pending, done: Done) -> None:
        """Have an entry committed."""
        self._put(_Put(entry.session_id, entry, done))

    def after(self, session_id: str, done: Done) -> None:
        """Call ``done`` when what is pending of a session is committed, or has failed."""
        self._put(_Put(session_id, None, done))

    def _put(self, put: _Put) -> None:
        if self.problem is not None:
            _call(put.done, JournalUnavailable(self.problem))
            return
        tail = self.tails.get(put.session_id)
        if tail is None:
            tail = self.tails[put.session_id] = Tail()
        tail.pending += 1
        if put.entry is not None:
            tail.put(put.entry)
        self._queue.append(put)
        if self._batch is None and not self._scheduled:
            self._begin_soon()

    def wait(self, session_id: str, timeout: float | None = None) -> None:
        """Block until nothing of a session is pending.

        Raises:
            AskTimeout: that took longer than ``timeout`` seconds.
        """
        while (tail := self.tails.get(session_id)) is not None:
            settled: Future[None] = Future()
            tail.waiters.append(settled)
            settled.get(timeout=timeout)

    def drain(self, timeout: float) -> None:
        """Block until nothing is pending.

        Raises:
            AskTimeout: that took longer than ``timeout`` seconds.
        """
        end = self._clock.monotonic() + timeout
        while self.tails:
            self.wait(next(iter(self.tails)), max(end - self._clock.monotonic(), 0.0))

    def when_available(self, call: Callable[[], object]) -> None:
        """Call ``call`` once, when commits are possible."""
        if self.problem is None:
            call()
        else:
            self._when_available.append(call)

    def lose(self, *, landed: bool) -> None:
        """Forget what isn't committed, and whoever waits for it: as a process that is killed does.

        With ``landed`` the commit under way got through, and nobody lived to hear of it.
        """
        if landed and self._batch is not None:
            self._absorb(self._entries)
        self._batch = None
        self._scheduled = False
        self._queue, self.tails, self._when_available = [], {}, []
        self.problem = None
        self._stop_probing()

    def close(self, problem: str) -> None:
        """Fail what is pending, and everything from now on."""
        self._fail(problem)
        self._stop_probing()

    def _begin_soon(self) -> None:
        self._scheduled = True
        self._soon(self._begin)

    def _begin(self) -> None:
        self._scheduled = False
        if self._batch is None and self._queue:
            batch, self._queue = self._queue, []
            self._commit(batch)

    def _commit(self, batch: list[_Put]) -> None:
        self._batch = batch
        self._began_at = self._clock.monotonic()
        pending = [put.entry for put in batch if put.entry is not None]
        self._entries = [entry.take() if isinstance(entry, Writing) else entry for entry in pending]
        try:
            self._sink.commit(self._entries, lambda error: self._ended(batch, error))
        except Exception as error:
            log.exception("commit_broke")
            self._ended(batch, error)

    def _ended(self, batch: list[_Put], error: Exception | None) -> None:
        if batch is not self._batch:
            return  # Lost meanwhile, or given up at the close.
        if error is not None:
            self.failures += 1
            if self.problem is None:
                log.error("journal_unavailable", problem=str(error))
            self._fail(str(error))
            return
        self.seconds.observe(self._clock.monotonic() - self._began_at)
        self._absorb(self._entries)
        waiters = self._settle(batch)
        self._tell(batch)
        for waiter in waiters:
            waiter.set()
        if batch is not self._batch:
            return
        self._batch, self._entries = None, []
        self._recover()
        if self._queue:
            self._begin_soon()

    def _tell(self, batch: list[_Put]) -> None:
        """Tell everybody that a batch is on record, unless somebody who hears of it ends the commits."""
        for put in batch:
            if batch is self._batch:
                _call(put.done, None)
        appends = [put.entry.batch for put in batch if isinstance(put.entry, Writing)]
        for heed in self.on_committed:
            _call(heed, appends)

    def _settle(self, batch: list[_Put]) -> list[Future[None]]:
        """Take a batch off what is pending, and return whoever waited for the last of it."""
        waiters = []
        for put in batch:
            tail = self.tails[put.session_id]
            tail.pending -= 1
            if not tail.pending:
                del self.tails[put.session_id]
                waiters += tail.waiters
        return waiters

    def _fail(self, problem: str) -> None:
        self.problem = problem
        failed, tails = [*(self._batch or ()), *self._queue], self.tails
        self._batch, self._queue, self.tails = None, [], {}
        for put in failed:
            # Each gets an exception of its own: it may be raised, and would carry the stacks of all.
            _call(put.done, JournalUnavailable(problem))
        for tail in tails.values():
            for waiter in tail.waiters:
                waiter.set()
        self._stop_probing()
        self._probe_timer = self._clock.call_later(PROBE_SECONDS, self._probe)

    def _probe(self) -> None:
        self._probe_timer = None
        self._commit([])

    def _recover(self) -> None:
        if self.problem is None:
            return
        log.info("journal_available")
        self.problem = None
        calls, self._when_available = self._when_available, []
        for call in calls:
            _call(call)

    def _stop_probing(self) -> None:
        if self._probe_timer is not None:
            self._probe_timer.cancel()
            self._probe_timer = None


def _call(call: Callable[..., object], *arguments: object) -> None:
    try:
        call(*arguments)
    except Exception:  # Whoever can't bear the news must not keep it from the others.
        log.exception("commit_callback_failed")
