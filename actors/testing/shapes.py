"""What each frame of the server holds, written down from the protocol's tables and nowhere else. Pure."""

from __future__ import annotations

from typing import Any

from actors.session.shapes import (
    DATA,
    Shape,
    anything,
    count,
    each,
    event_problems,
    flag,
    name,
    nullable,
    one_of,
    ordinal,
    shaped,
    text,
    whole,
)

ERROR_CODES = one_of(
    *("bad_request", "unknown_type", "unauthorized", "token_expired", "forbidden", "not_found", "conflict", "busy"),
    *("queue_full", "rate_limited", "too_large", "draining", "internal"),
)

ACKS = {
    "auth": Shape({"token_expires_in": count}),
    "subscribe": Shape(
        {
            "session_id": name,
            "epoch": name,
            "head_seq": count,
            "recovered": flag,
            "active_run": nullable(shaped(Shape({"run_id": name, "elapsed_ms": count}))),
            "partial": nullable(shaped(Shape({"run_id": name, "text": text}))),
            "queue": each(shaped(Shape({"run_id": name, "client_msg_id": nullable(name), "text": text}))),
        }
    ),
    "unsubscribe": Shape({}),
    "message": Shape({"session_id": name, "run_id": name, "position": count, "duplicate": flag}),
    "cancel": Shape({"run_id": nullable(name)}),
    "dequeue": Shape({}),
    "pong": Shape({}),
}

FRAMES = {
    "welcome": Shape(
        {
            "protocol": one_of("greenroom.v1"),
            "connection_id": name,
            "user_id": name,
            "default_session_id": name,
            "ping_interval_ms": ordinal,
            "max_message_bytes": ordinal,
            "token_expires_in": count,
            "server": lambda value: text(value) and value.startswith("greenroom/"),
        }
    ),
    "message_delta": Shape({"session_id": name, "run_id": name, "offset": count, "text": name}),
    "progress": Shape({"session_id": name, "run_id": name, "elapsed_ms": count, "waiting_on": name}),
    "error": Shape(
        {"code": ERROR_CODES, "message": name, "temporary": flag},
        {"re": name, "retry_after_ms": ordinal, "session_id": name},
    ),
    "ping": Shape({"t": anything}),
    "pong": Shape({"t": anything}, {"re": name}),
    "draining": Shape({"deadline_ms": count}),
    "bye": Shape({"code": whole, "reason": text, "reconnect": flag, "retry_after_ms": count}),
}


def problems(frame: Any, asked: str | None = None) -> list[str]:
    """Say what is wrong with one frame; ``asked`` is the type of the client's frame that an ack answers."""
    kind = frame.get("type") if isinstance(frame, dict) else None
    if kind in DATA:
        return event_problems(frame)
    fields = {key: value for key, value in frame.items() if key != "type"} if isinstance(frame, dict) else frame
    if kind in FRAMES:
        return FRAMES[kind].problems(fields)
    if kind == "ack" and asked in ACKS:
        return Shape({"re": name, **ACKS[asked].required}).problems(fields)
    return [f"there is no frame of type {kind!r} (for {asked!r})"]
