"""What the operator's calls ask and answer. Times are in milliseconds, those called ``at`` since 1970 UTC. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

ConditionName = Literal["failing", "strained", "well"]
StateName = Literal["starting", "running", "stopping", "down", "dead"]
Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Since(msgspec.Struct, frozen=True):
    """What the asker has already: the numbers of its newest sample and incident."""

    samples: Number = 0
    incidents: Number = 0


class Part(msgspec.Struct, frozen=True):
    """Which part of a list is wanted, and what those in it must have in common."""

    search: Annotated[str, Meta(max_length=256)] = ""
    offset: Number = 0
    limit: Annotated[int, Meta(ge=1, le=100)] = 25


class SessionPart(Part, frozen=True):
    """Which sessions are wanted."""

    condition: ConditionName | None = None


class Whose(msgspec.Struct, frozen=True):
    """Which actor is wanted; all that have nobody above them where it is empty."""

    address: Annotated[str, Meta(max_length=256)] = ""


class ActorRow(msgspec.Struct, frozen=True, kw_only=True):
    """How one actor is: what waits for it, what it is at, its budget of restarts, when it lives again, how it ended."""

    address: str
    class_name: str
    state: StateName
    incarnation: int
    condition: ConditionName
    depth: int
    oldest_ms: int | None
    handling: str | None
    restarts_left: int | None
    restarts_allowed: int | None
    retry_in_ms: int | None
    last_exit: str | None


class ActorTree(ActorRow, frozen=True, kw_only=True):
    """An actor with those below it, ``omitted`` aside."""

    children: tuple[ActorTree, ...]
    omitted: int


class Actors(msgspec.Struct, frozen=True):
    """Actors with those below them."""

    actors: tuple[ActorTree, ...]


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session's tree in one line: the worst of its actors stands for it; the rest is over all of them."""

    session_id: str
    user_id: str
    username: str | None
    condition: ConditionName
    actors: int
    depth: int
    incarnation: int
    worst: ActorRow


class SessionRows(msgspec.Struct, frozen=True):
    """A part of the sessions that have actors, the worst first."""

    total: int
    matching: int
    offset: int
    sessions: tuple[SessionRow, ...]


class CrashRow(msgspec.Struct, frozen=True, kw_only=True):
    """A crash in one line."""

    number: int
    at: int
    address: str
    incarnation: int
    class_name: str
    kind: str
    error_type: str


class CrashRows(msgspec.Struct, frozen=True):
    """The crashes whose bundles are kept, the newest first."""

    total: int
    matching: int
    offset: int
    crashes: tuple[CrashRow, ...]


class HandledRow(msgspec.Struct, frozen=True):
    """A message that an actor was handed; its size is in bytes."""

    message_type: str
    size: int


class Bundle(CrashRow, frozen=True, kw_only=True):
    """What is kept of a crash: where in the code, the last messages (the newest last), and the state's names."""

    places: tuple[str, ...]
    envelopes: tuple[HandledRow, ...]
    attributes: tuple[str, ...]


class LetterRow(msgspec.Struct, frozen=True):
    """A message that nobody got."""

    at: int
    address: str
    message_type: str


class Counted(msgspec.Struct, frozen=True):
    """How often something was counted since the start."""

    name: str
    count: int


class LetterRows(msgspec.Struct, frozen=True):
    """The last messages that nobody got, the newest first, and how many there were of each type, the most first."""

    total: int
    by_type: tuple[Counted, ...]
    letters: tuple[LetterRow, ...]


class WatchedRow(msgspec.Struct, frozen=True):
    """A session that writes to a connection, and by how many events the connection is behind."""

    session_id: str
    behind: int


class ConnectionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A socket; without a user it hasn't shown a credential yet. ``backlog`` is in bytes."""

    connection_id: str
    user_id: str | None
    username: str | None
    address: str
    age_ms: int
    silent_ms: int
    stalled_ms: int | None
    backlog: int
    closing: bool
    sessions: tuple[WatchedRow, ...]
    omitted: int


class ConnectionRows(msgspec.Struct, frozen=True):
    """A part of the open sockets, the one with the largest backlog first."""

    total: int
    matching: int
    offset: int
    connections: tuple[ConnectionRow, ...]


class IncidentRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an actor; ``incarnation`` is 0 where it isn't about a life."""

    number: int
    at: int
    kind: str
    address: str
    incarnation: int
    detail: str


class SampleRows(msgspec.Struct, frozen=True, kw_only=True):
    """The samples behind the one that the asker had, oldest first; ``last`` is the newest one's number.

    Each covers ``every_ms``. What isn't a gauge is how many a second.
    """

    last: int
    every_ms: int
    events: list[float]
    runs_success: list[float]
    runs_error: list[float]
    runs_cancelled: list[float]
    runs_timed_out: list[float]
    crashes: list[float]
    restarts: list[float]
    dead_letters: list[float]
    connections: list[float]
    actors: list[float]
    commit_ms: list[float]
    commit_worst_ms: list[float]
    hub_worst_ms: list[float]


class SessionCounts(msgspec.Struct, frozen=True):
    """How many sessions that have actors are how."""

    failing: int
    strained: int
    well: int


class FaultState(msgspec.Struct, frozen=True):
    """Whether faults may be injected; of the plan that holds, how many rules it has and how much is left of it."""

    allowed: bool
    rules: int | None
    left: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The server at a glance. ``journal_lag_ms`` is what the commit under way has taken so far."""

    version: str
    started_at: int
    now: int
    draining: bool
    recording: bool
    overloaded: bool
    actors: int
    connections: int
    sessions: SessionCounts
    survey_ms: float
    journal_lag_ms: float
    faults: FaultState
    totals: tuple[Counted, ...]
    samples: SampleRows
    incidents: tuple[IncidentRow, ...]
