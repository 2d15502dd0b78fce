"""What the actors of a session say to each other, and what connections say to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.runtime.ref import ActorRef
    from actors.session.audience import Subscription
    from actors.session.connection import Connection
    from actors.session.events import Data, Fault, Recorded, Usage
    from actors.session.lifecycle import Run
    from actors.tools.lending import Resources, ToolUser
    from actors.tools.tool import Tool

# From connections, by way of the root or straight to the session.


class After(Struct, frozen=True):
    """The last event that a client saw; ``epoch`` may be None where ``seq`` is 0."""

    epoch: str | None
    seq: int


class Subscribe(Struct, frozen=True):
    """Write the session's events to this subscription from now on, or from after ``after`` on."""

    subscription: Subscription
    frame_id: str | None
    after: After | None

    @property
    def connection(self) -> Connection:
        """Whom to answer."""
        return self.subscription.connection


class Reattach(Struct, frozen=True):
    """The session lives again: go on with this subscription where its cursor stands."""

    subscription: Subscription


class Unsubscribe(Struct, frozen=True):
    """Write no more to this subscription."""

    subscription: Subscription
    frame_id: str | None

    @property
    def connection(self) -> Connection:
        """Whom to answer."""
        return self.subscription.connection


class Submit(Struct, frozen=True):
    """A person's message."""

    subscription: Subscription
    frame_id: str | None
    text: str
    client_msg_id: str | None
    agent: str | None
    on_busy: Literal["enqueue", "reject", "interrupt"]
    queue: Literal["keep", "clear"]
    roles: tuple[str, ...]

    @property
    def connection(self) -> Connection:
        """Whom to answer."""
        return self.subscription.connection


class Cancel(Struct, frozen=True):
    """End the active run, or the one named; answered once it is over."""

    connection: Connection
    frame_id: str | None
    run_id: str | None
    queue: Literal["keep", "clear"]


class Dequeue(Struct, frozen=True):
    """Take a waiting message out of the queue."""

    connection: Connection
    frame_id: str | None
    run_id: str


class ConnectionReady(Struct, frozen=True):
    """A connection that was full has room again."""

    subscription: Subscription


class ConnectionGone(Struct, frozen=True):
    """A connection is closed."""

    subscription: Subscription


class RestDue(Struct, frozen=True):
    """From a session to itself: see whether it has been idle for long."""


class Resting(Struct, frozen=True):
    """From a session to the root: it has nothing to do and nobody watches; send nothing more before `Passivate`."""

    child_id: str


class Passivate(Struct, frozen=True):
    """From the root to a session: end, unless something came before this; answered by its end or by `Staying`."""


class Staying(Struct, frozen=True):
    """From a session to the root: something came; go on sending."""

    child_id: str


class TakeUp(Struct, frozen=True):
    """To the root: start these sessions, each a user id and a session id, for they have work left."""

    sessions: tuple[tuple[str, str], ...]


class LogDeleted(Struct, frozen=True):
    """From the journal to the root: a session's log is gone; or still there, for ``error``."""

    child_id: str
    error: Exception | None


class Describe(Struct, frozen=True):
    """Asked for: whether a run is under way."""


class Drain(Struct, frozen=True):
    """The server is going away: let what runs end, and begin nothing."""


class LookAtWeather(Struct, frozen=True):
    """From the root to itself: see whether the storm has passed."""


class Retire(Struct, frozen=True):
    """The session is deleted: tell its subscribers and end."""


# To the root.


class Route(Struct, frozen=True):
    """Take ``message`` to a user's session, starting it where need be; ``session_id`` None is the default one."""

    user_id: str
    session_id: str
    connection: Connection
    frame_id: str | None
    message: Any


Command = Subscribe | Unsubscribe | Submit | Cancel | Dequeue | Route
"""What a client waits for an answer to."""


class Delete(Struct, frozen=True):
    """Asked for: stop a user's session and delete its log; answered with whether there was one."""

    user_id: str
    session_id: str


class Replace(Struct, frozen=True):
    """Asked for: kill a user's session and begin its next life; answered with whether it was there to be killed."""

    user_id: str
    session_id: str


class GiveUp(Struct, frozen=True):
    """Asked for: kill a user's session and end what it promised; answered with whether it was there."""

    user_id: str
    session_id: str


# To and from the emitter.


class Emit(Struct, frozen=True):
    """Record an event of a run.

    ``attempt`` is set by who works for one attempt: the event is refused once that attempt is over. ``then`` is told
    to an actor when the event is committed.
    """

    run_id: str
    data: Data
    attempt: int | None = None
    then: tuple[ActorRef[Any], Any] | None = None


class Say(Struct, frozen=True):
    """Show a piece of the answer, unrecorded."""

    run_id: str
    attempt: int
    text: str


class Committed(Struct, frozen=True):
    """The journal is done with the oldest batch of this emitter; ``error`` is None where it is on record."""

    error: Exception | None


class LogWritable(Struct, frozen=True):
    """The journal can be written again."""


class LogLost(Struct, frozen=True):
    """What the emitter of that incarnation had yet to record is lost, and nothing is recorded until `LogReady`."""

    incarnation: int


class LossNoted(Struct, frozen=True):
    """From the session to its emitter, behind everything that it said before it heard of the loss."""


class LogReady(Struct, frozen=True):
    """The emitter of that incarnation has read the log: where it stands, and what isn't finished."""

    incarnation: int
    epoch: str
    head_seq: int
    active: Run | None
    queue: tuple[Run, ...]


class Logged(Struct, frozen=True):
    """Events are committed, oldest first."""

    entries: Sequence[Recorded]


class Flush(Struct, frozen=True):
    """Asked for: answered once every event before it is committed, so that a fast writer waits for the log."""


class Shown(Struct, frozen=True):
    """A delta to forward, with its bytes."""

    run_id: str
    text: str
    frame: bytes


# To and from the agent.


class StartRun(Struct, frozen=True):
    """Work on a message; ``deadline`` is in seconds on the runtime's monotonic clock."""

    run_id: str
    attempt: int
    agent: str
    text: str
    deadline: float
    roles: tuple[str, ...]


class AgentLost(Struct, frozen=True):
    """The attempt's agent, or its tools, died under it; from a session to itself, behind what it has yet to hear."""

    run_id: str
    attempt: int
    cause: str
    retry_in: float


class RunFinished(Struct, frozen=True):
    """An attempt came to its end by itself; ``calls_open`` says whether it left tool calls behind that go on."""

    run_id: str
    attempt: int
    text: str
    error: Fault | None
    usage: Usage | None
    calls_open: bool


# To and from the tools.


class CallTool(Struct, frozen=True):
    """Asked for: call a tool of the run's agent; answered with its result, or with `ToolFailed`.

    ``problem`` says why there are no arguments to check, where there are none.
    """

    run_id: str
    attempt: int
    agent: str
    tool: str
    arguments: dict[str, Any]
    step: int
    roles: tuple[str, ...]
    problem: str | None = None


class AbortRun(Struct, frozen=True):
    """A run is over: end what still works for it."""

    run_id: str


class Execute(Struct, frozen=True):
    """Do the call that the tool actor was made for, and tell the tools what came of it.

    It brings all that this takes: an actor that lives for one message needn't be made of what that message is about.
    """

    call_id: str
    run_id: str
    tool: Tool
    arguments: dict[str, Any]
    user: ToolUser
    resources: Resources
    tools: ActorRef[Any]


class Returned(Struct, frozen=True):
    """A tool's value."""

    call_id: str
    value: Any


class Raised(Struct, frozen=True):
    """A tool's exception."""

    call_id: str
    error: Exception


class AlarmRang(Struct, frozen=True):
    """From a session, or its tools, to itself: time to see whose time is up."""
