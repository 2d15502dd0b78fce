"""The AsyncAPI description of the socket: the frames and the events of the log, in another form. Pure."""

from __future__ import annotations

import typing
from typing import Any

import msgspec

from actors.session import events
from config.version import VERSION
from server import protocol

REF = "#/components/schemas/{name}"
CLIENT, SERVER = "client", "server"
ACK = {
    "description": "A frame was done; what else is in it depends on the frame that `re` names.",
    "type": "object",
    "properties": {"type": {"const": "ack"}, "re": {"type": "string"}},
    "required": ["type", "re"],
}


def asyncapi() -> dict[str, Any]:
    """Describe what goes over the socket, both ways."""
    said = {CLIENT: _client_frames(), SERVER: {**_server_frames(), **events.KINDS}}
    kinds = [kind for frames in said.values() for kind in frames.values()]
    _, schemas = msgspec.json.schema_components([*kinds, events.Event], ref_template=REF)
    messages = {
        f"{side}.{name}": {"name": name, "payload": _payload(name, kind)}
        for side, frames in said.items()
        for name, kind in frames.items()
    }
    messages[f"{SERVER}.ack"] = {"name": "ack", "payload": ACK}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Greenroom", "version": VERSION, "description": f"The subprotocol {protocol.NAME}."},
        "channels": {
            "socket": {
                "address": "/v1/ws",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            "receive": _operation("receive", CLIENT, said[CLIENT]),
            "send": _operation("send", SERVER, [*said[SERVER], "ack"]),
        },
        "components": {"messages": messages, "schemas": dict(sorted(schemas.items()))},
    }


def _client_frames() -> dict[str, Any]:
    return {_tag(kind): kind for kind in protocol.ClientFrame.__subclasses__()}


def _server_frames() -> dict[str, Any]:
    live = (events.MessageDelta, events.Progress)
    return {_tag(kind): kind for kind in (*protocol.ServerFrame.__subclasses__(), *live)}


def _tag(kind: Any) -> str:
    return str(kind.__struct_config__.tag)


def _payload(name: str, kind: Any) -> dict[str, Any]:
    ref = {"$ref": REF.format(name=kind.__name__)}
    if not issubclass(kind, events.Data):
        return ref
    event = {"$ref": REF.format(name=events.Event.__name__)}
    return {"allOf": [event, {"type": "object", "properties": {"type": {"const": name}, "data": ref}}]}


def _operation(action: str, side: str, frames: typing.Iterable[str]) -> dict[str, Any]:
    channel = "#/channels/socket"
    listed = [{"$ref": f"{channel}/messages/{side}.{name}"} for name in frames]
    return {"action": action, "channel": {"$ref": channel}, "messages": listed}
