"""The frames of ``greenroom.v1``: bytes to messages and back. Pure.

The events of the log are in `actors.session.events`; everything else that crosses a socket is here.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta

NAME = "greenroom.v1"

NULL = msgspec.Raw(b"null")

FrameId = Annotated[str, Meta(max_length=64)]
SessionId = Annotated[str, Meta(min_length=1, max_length=64)]
RunId = Annotated[str, Meta(min_length=1, max_length=64)]
ClientMsgId = Annotated[str, Meta(min_length=1, max_length=128)]


class ClientFrame(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """What every frame of a client has. Unknown fields are ignored."""

    id: FrameId | None = None


class Auth(ClientFrame, tag="auth", frozen=True):
    """A credential: the first frame of a connection that came without one, or a renewal."""

    token: str


class Cursor(msgspec.Struct, frozen=True):
    """The last event that a client saw."""

    seq: int
    epoch: str | None = None


class Subscribe(ClientFrame, tag="subscribe", frozen=True):
    """Show me a session's events."""

    session_id: SessionId | None = None
    after: Cursor | None = None


class Unsubscribe(ClientFrame, tag="unsubscribe", frozen=True):
    """Show me no more of them."""

    session_id: SessionId


class Message(ClientFrame, tag="message", frozen=True):
    """Work on this. ``queue: clear`` goes with ``on_busy: interrupt``."""

    text: Annotated[str, Meta(min_length=1)]
    session_id: SessionId | None = None
    client_msg_id: ClientMsgId | None = None
    agent: str | None = None
    on_busy: Literal["enqueue", "reject", "interrupt"] = "enqueue"
    queue: Literal["keep", "clear"] = "keep"


class Cancel(ClientFrame, tag="cancel", frozen=True):
    """End the run."""

    session_id: SessionId | None = None
    run_id: RunId | None = None
    queue: Literal["keep", "clear"] = "keep"


class Dequeue(ClientFrame, tag="dequeue", frozen=True):
    """Forget a message that waits."""

    run_id: RunId
    session_id: SessionId | None = None


class Ping(ClientFrame, tag="ping", frozen=True):
    """Are you there?"""

    # Handed back as it came, whatever it is.
    t: msgspec.Raw = msgspec.field(default_factory=lambda: NULL)


class Pong(ClientFrame, tag="pong", frozen=True):
    """I am here."""

    t: Any = None


class ServerFrame(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """What the server says beside the log."""


class Welcome(ServerFrame, tag="welcome", frozen=True):
    """The credential was good. ``token_expires_in`` is in seconds."""

    protocol: str
    connection_id: str
    user_id: str
    default_session_id: str
    ping_interval_ms: int
    max_message_bytes: int
    token_expires_in: int
    server: str


class Error(ServerFrame, tag="error", frozen=True):
    """A frame wasn't done, or a session is no more. ``re`` is left out where the frame had no id."""

    code: str
    message: str
    temporary: bool
    re: Any = UNSET
    retry_after_ms: Any = UNSET
    session_id: Any = UNSET


class ServerPing(ServerFrame, tag="ping", frozen=True):
    """Answer with a pong of the same ``t``."""

    t: Any


class ServerPong(ServerFrame, tag="pong", frozen=True):
    """The answer to a ping; ``re`` where it had an id."""

    t: Any
    re: Any = UNSET


class Draining(ServerFrame, tag="draining", frozen=True):
    """The server is going away."""

    deadline_ms: int


class Bye(ServerFrame, tag="bye", frozen=True):
    """The last frame before a close, for proxies that lose close codes."""

    code: int
    reason: str
    reconnect: bool
    retry_after_ms: int


class BadFrame(Exception):
    """A client's frame that can't be done: the error to answer with."""

    def __init__(self, code: str, message: str, re: str | None = None) -> None:
        """Say which code of the protocol, in words for people, and for which frame."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.re = re


class _Outline(msgspec.Struct):
    type: Any = UNSET
    id: Any = None


_KINDS = Auth | Subscribe | Unsubscribe | Message | Cancel | Dequeue | Ping | Pong
_TYPES = frozenset({"auth", "subscribe", "unsubscribe", "message", "cancel", "dequeue", "ping", "pong"})
_decoder: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(_KINDS)
_encoder = msgspec.json.Encoder()


def decode(data: bytes) -> ClientFrame:
    """Read one frame of a client.

    Raises:
        BadFrame: it isn't one; its ``re`` is the frame's id where it has one.
    """
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _complaint(data, error) from error


def _complaint(data: bytes, error: Exception) -> BadFrame:
    try:
        # The standard library's parser also reads what isn't quite JSON, a lone surrogate say; its id is worth knowing.
        outline = msgspec.convert(json.loads(data), _Outline)
    except (ValueError, RecursionError):
        return BadFrame("bad_request", "A frame is a JSON object with a type.")
    re = outline.id if _is_frame_id(outline.id) else None
    if isinstance(outline.type, str) and outline.type not in _TYPES:
        return BadFrame("unknown_type", f"There is no frame type {outline.type[:40]!r}.", re)
    return BadFrame("bad_request", f"The frame isn't as it must be: {error}", re)


def _is_frame_id(found: Any) -> bool:
    # A lone surrogate passes the standard library's parser, and no encoder.
    return isinstance(found, str) and len(found) <= 64 and found == found.encode(errors="replace").decode()  # noqa: PLR2004 - as `FrameId` has it


def encode(frame: ServerFrame) -> bytes:
    """Write one frame of the server."""
    return _encoder.encode(frame)


def encode_ack(frame_id: str, fields: dict[str, Any]) -> bytes:
    """Write the ack of a client's frame."""
    return _encoder.encode({"type": "ack", "re": frame_id, **fields})
