"""The events of a session's log, and the two live signals beside it: their fields, and their bytes.

These structs and `server.protocol` are the contract's only statement in code. An event's type on the wire is its
class's name in snake case.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

if TYPE_CHECKING:
    from collections.abc import Callable


class Data(msgspec.Struct, frozen=True):
    """The ``data`` of one logged event."""


class Fault(msgspec.Struct, frozen=True):
    """What went wrong, for people: no stack, no path, no secret."""

    code: str
    message: str


class Usage(msgspec.Struct, frozen=True):
    """What a model counted."""

    input_tokens: int
    output_tokens: int


class MessageAccepted(Data, frozen=True):
    """A message is on record; ``position`` 0 runs at once."""

    text: str
    client_msg_id: str | None
    agent: str
    position: int


class MessageDequeued(Data, frozen=True):
    """A message that never ran will not run."""

    reason: Literal["cancelled", "interrupted"]


class AgentStarted(Data, frozen=True):
    """An attempt at the run begins; ``deadline_ms`` is what the run has left."""

    agent: str
    attempt: int
    queued_ms: int
    deadline_ms: int


class AgentThinking(Data, frozen=True):
    """What the agent says of its next step."""

    step: int
    thought: str


class ToolExecuting(Data, frozen=True):
    """A tool call begins; the arguments are masked and cut for showing."""

    tool_call_id: str
    tool: str
    arguments: Any
    step: int


class ToolCompleted(Data, frozen=True):
    """A tool call is over: ``result`` where ``ok``, else ``error``."""

    tool_call_id: str
    tool: str
    ok: bool
    duration_ms: int
    truncated: bool
    result: Any = UNSET
    error: Fault | UnsetType = UNSET

    @classmethod
    def failed(cls, tool_call_id: str, tool: str, duration_ms: int, error: Fault) -> ToolCompleted:
        """Say that the call came to nothing."""
        return cls(tool_call_id, tool, ok=False, duration_ms=duration_ms, truncated=False, error=error)

    @classmethod
    def succeeded(
        cls, tool_call_id: str, tool: str, duration_ms: int, result: Any, *, truncated: bool
    ) -> ToolCompleted:
        """Say what the call gave, as it is shown."""
        return cls(tool_call_id, tool, ok=True, duration_ms=duration_ms, truncated=truncated, result=result)


class AgentRestarted(Data, frozen=True):
    """The supervisor brings the agent back; ``attempt`` is the one that is coming."""

    attempt: int
    reason: str
    retry_in_ms: int


class AgentCompleted(Data, frozen=True):
    """The run is over."""

    outcome: Literal["success", "error", "cancelled", "timed_out"]
    text: str
    duration_ms: int
    attempts: int
    error: Fault | UnsetType = UNSET
    usage: Usage | UnsetType = UNSET


class Event(msgspec.Struct, frozen=True):
    """One entry of a session's log, as it is on the wire. ``ts`` is in milliseconds since 1970 UTC."""

    type: str
    session_id: str
    run_id: str
    seq: int
    ts: int
    data: Any


class MessageDelta(msgspec.Struct, frozen=True, tag_field="type", tag="message_delta"):
    """A piece of the answer as it is written; ``offset`` counts Unicode code points."""

    session_id: str
    run_id: str
    offset: int
    text: str


class Progress(msgspec.Struct, frozen=True, tag_field="type", tag="progress"):
    """A run is alive though it has been silent."""

    session_id: str
    run_id: str
    elapsed_ms: int
    waiting_on: str


class Recorded(msgspec.Struct, frozen=True):
    """An event with its one encoding, which the log keeps and every socket gets."""

    event: Event
    frame: bytes


def type_name(kind: type) -> str:
    """Return a struct's name on the wire."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


KINDS: dict[str, type[Data]] = {
    type_name(kind): kind
    for kind in (
        MessageAccepted,
        MessageDequeued,
        AgentStarted,
        AgentThinking,
        ToolExecuting,
        ToolCompleted,
        AgentRestarted,
        AgentCompleted,
    )
}
_NAMES = {kind: name for name, kind in KINDS.items()}
_decoder = msgspec.json.Decoder(Event)


def event(session_id: str, run_id: str, seq: int, ts: int, data: Data) -> Event:
    """Make a log entry of ``data``."""
    return Event(_NAMES[type(data)], session_id, run_id, seq, ts, data)


encode: Callable[[msgspec.Struct], bytes] = msgspec.json.Encoder().encode
"""Encode as JSON."""


def decode(frame: bytes) -> Event:
    """Read an entry of a log back.

    Raises:
        msgspec.MsgspecError: it isn't one.
    """
    raw = _decoder.decode(frame)
    return msgspec.structs.replace(raw, data=msgspec.convert(raw.data, KINDS[raw.type]))
