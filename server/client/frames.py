"""The server's frames as a client reads them: typed where the type is known, as they came where it isn't. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from actors.session.events import KINDS, Event, MessageDelta, Progress
from server.client.errors import Stranger
from server.protocol import Bye, ClientFrame, Draining, Error, ServerPing, Welcome


class Ack(msgspec.Struct, frozen=True):
    """A frame was done; ``fields`` are what its type's ack carries."""

    re: str
    fields: dict[str, Any]


class Unknown(msgspec.Struct, frozen=True):
    """A frame of a later protocol, as it came."""

    fields: dict[str, Any]


Frame = Event | MessageDelta | Progress | Welcome | Ack | Error | Bye | Draining | ServerPing | Unknown
"""Whatever the server says. An event's ``data`` is a struct of `actors.session.events`."""

_SAID: dict[str, Any] = {
    "welcome": Welcome,
    "error": Error,
    "bye": Bye,
    "draining": Draining,
    "ping": ServerPing,
    "message_delta": MessageDelta,
    "progress": Progress,
}
_encoder = msgspec.json.Encoder()


def read(text: str | bytes) -> Frame:
    """Read one frame.

    Raises:
        Stranger: it isn't one.
    """
    try:
        return _read(msgspec.json.decode(text))
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise Stranger(f"what answers there doesn't speak greenroom.v1: {error}") from error


def _read(fields: dict[str, Any]) -> Frame:
    kind = fields["type"]
    if kind in KINDS:
        return msgspec.convert({**fields, "data": msgspec.convert(fields["data"], KINDS[kind])}, Event)
    if kind in _SAID:
        found: Frame = msgspec.convert(fields, _SAID[kind])
        return found
    if "seq" in fields:
        return msgspec.convert(fields, Event)
    if kind in ("ack", "pong") and "re" in fields:
        return Ack(fields["re"], fields)
    return Unknown(fields)


def write(frame: ClientFrame) -> bytes:
    """Write one frame of the client, in UTF-8; what isn't said is left out."""
    fields = msgspec.json.decode(_encoder.encode(frame))
    return _encoder.encode({name: value for name, value in fields.items() if value is not None})
