"""What the session tree needs of a log. The bodies are in `server.journal`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from actors.session.events import Recorded

    Done = Callable[[Exception | None], None]
    """Called once, on the hub: with None when it is committed, or with the `JournalUnavailable` that kept it from it.

    It may be called before the method that it was given to returns.
    """


def unheeded(_error: Exception | None) -> None:
    """Do nothing: the `Done` of a write whose fate shows elsewhere."""


class JournalUnavailable(Exception):
    """The log can't be written or read now. The message is for whoever runs the server: it says what to do."""


class LogPruned(Exception):
    """What was to be read is past its keep, and gone."""


class SessionRecord(NamedTuple):
    """What is known of a session without reading its log. Times are epoch ms."""

    session_id: str
    user_id: str
    title: str
    epoch: str
    created_at: int
    updated_at: int
    head_seq: int
    """The seq of the last committed event; 0 where there is none."""
    first_seq: int
    """The oldest seq that is kept; ``head_seq + 1`` where none is."""


class Batch(list["Recorded"]):
    """One log's next events, which their writer adds to until a commit takes them."""

    taken = False
    """Whether it is being committed: what comes now belongs in the next one."""


class Opening(NamedTuple):
    """A log as its next writer finds it."""

    record: SessionRecord
    unfinished: Mapping[str, int]
    """The runs that aren't over, with the seqs of their ``message_accepted``."""


class Claim(NamedTuple):
    """Where a client's message id was spent."""

    session_id: str
    run_id: str
    committed: bool
    """Whether the message is on record; before that it may still fail."""


class Journal(Protocol):
    """Logs by session, sessions by user, and the ids of clients' messages.

    What is found and read is what is committed. Nothing blocks unless it says so; a look-up may wait for a page of a
    local disk.
    """

    @property
    def available(self) -> bool:
        """Whether the last write went well; while it didn't, every write fails at once, and the journal tries again."""

    def when_available(self, call: Callable[[], object]) -> None:
        """Call ``call`` on the hub, once, when the journal can be written again; before this returns where it can."""

    def create(self, session_id: str, user_id: str, title: str, now_ms: int, done: Done) -> SessionRecord:
        """Make an empty log under a new epoch, or return the record of the one that is there.

        Raises:
            JournalUnavailable: it can't be written now; ``done`` isn't called then.
        """

    def find(self, session_id: str) -> SessionRecord | None:
        """Return a session's record, or None."""

    def sessions(self, user_id: str) -> list[SessionRecord]:
        """Return a user's sessions, the one that changed last first."""

    def unfinished(self) -> list[tuple[str, str]]:
        """Return user id and session id of every session with a run that isn't over, found without reading logs."""

    def delete(self, session_id: str, done: Done) -> None:
        """Forget a session, its log and its message ids."""

    def open(self, session_id: str) -> Opening | None:
        """Return a log for its next writer, or None where there is none.

        Blocks until every append of earlier writers is committed or has failed.
        """

    def append(self, session_id: str, batch: Batch, done: Done) -> None:
        """Write events whose seqs follow the last append's; where that fails, those behind it fail as well.

        The batch isn't empty. Until it is taken, more may be added to it: they are written with it.
        """

    def read(self, session_id: str, after: int, limit: int) -> list[bytes]:
        """Return up to ``limit`` committed frames with seqs above ``after``, oldest first, none left out.

        Raises:
            LogPruned: the one that is next isn't kept any more.
            JournalUnavailable: it can't be read.
        """

    def claimed(self, user_id: str, client_msg_id: str) -> Claim | None:
        """Return what a user's message id was spent on, or None."""

    def claim(self, user_id: str, client_msg_id: str, session_id: str, run_id: str) -> None:
        """Spend a user's message id on a run; this is committed with the run's ``message_accepted``."""

    def release_claims(self, session_id: str) -> None:
        """Take back the claims of a session whose messages never got on record: it lost them with its life."""

    def session_of(self, run_id: str) -> str | None:
        """Return the session in whose log that run is unfinished, or None."""
