"""What each frame of the server holds, written down from the protocol's tables and nowhere else. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Check = Callable[[Any], bool]

_YEAR_2020, _YEAR_2100 = 1_577_836_800_000, 4_102_444_800_000


class Shape(NamedTuple):
    """The fields that a frame must have, and those that it may have."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check] = {}

    def problems(self, found: Any) -> list[str]:
        """Say what is missing, unknown or of a wrong type."""
        if not isinstance(found, dict):
            return [f"{found!r} isn't an object"]
        known = {**self.required, **self.optional}
        missing = [f"{name} is missing" for name in self.required if name not in found]
        unknown = [f"{name} isn't known" for name in found if name not in known]
        wrong = [f"{name} is {value!r}" for name, value in found.items() if name in known and not known[name](value)]
        return [*missing, *unknown, *wrong]


def text(value: Any) -> bool:
    """Tell whether it is a string."""
    return isinstance(value, str)


def name(value: Any) -> bool:
    """Tell whether it is a string that isn't empty."""
    return isinstance(value, str) and value != ""


def flag(value: Any) -> bool:
    """Tell whether it is true or false."""
    return isinstance(value, bool)


def whole(value: Any) -> bool:
    """Tell whether it is an integer, written as one: 3.0 isn't, and neither is true."""
    return type(value) is int


def count(value: Any) -> bool:
    """Tell whether it is an integer of at least 0."""
    return whole(value) and value >= 0


def ordinal(value: Any) -> bool:
    """Tell whether it is an integer of at least 1."""
    return whole(value) and value >= 1


def moment(value: Any) -> bool:
    """Tell whether it is milliseconds since 1970, rather than seconds: between 2020 and 2100."""
    return whole(value) and _YEAR_2020 < value < _YEAR_2100


def anything(_value: Any) -> bool:
    """Accept whatever it is."""
    return True


def one_of(*values: str) -> Check:
    """Make a check for one of these strings."""
    return lambda value: value in values


def nullable(check: Check) -> Check:
    """Make a check that lets None pass, too."""
    return lambda value: value is None or check(value)


def shaped(shape: Shape) -> Check:
    """Make a check for an object of that shape."""
    return lambda value: not shape.problems(value)


def each(check: Check) -> Check:
    """Make a check for a list whose every item passes."""
    return lambda value: isinstance(value, list) and all(map(check, value))


ERROR_CODES = one_of(
    *("bad_request", "unknown_type", "unauthorized", "token_expired", "forbidden", "not_found", "conflict", "busy"),
    *("queue_full", "rate_limited", "too_large", "draining", "internal"),
)
FAULT = shaped(Shape({"code": name, "message": text}))
USAGE = shaped(Shape({"input_tokens": count, "output_tokens": count}))

DATA = {
    "message_accepted": Shape({"text": text, "client_msg_id": nullable(name), "agent": name, "position": count}),
    "message_dequeued": Shape({"reason": one_of("cancelled", "interrupted")}),
    "agent_started": Shape({"agent": name, "attempt": ordinal, "queued_ms": count, "deadline_ms": count}),
    "agent_thinking": Shape({"step": ordinal, "thought": text}),
    "tool_executing": Shape(
        {"tool_call_id": name, "tool": name, "arguments": lambda value: isinstance(value, dict), "step": ordinal}
    ),
    "tool_completed": Shape(
        {"tool_call_id": name, "tool": name, "ok": flag, "duration_ms": count, "truncated": flag},
        {"result": anything, "error": FAULT},
    ),
    "agent_restarted": Shape({"attempt": ordinal, "reason": name, "retry_in_ms": count}),
    "agent_completed": Shape(
        {
            "outcome": one_of("success", "error", "cancelled", "timed_out"),
            "text": text,
            "duration_ms": count,
            "attempts": ordinal,
        },
        {"error": FAULT, "usage": USAGE},
    ),
}

EVENT = Shape(
    {
        "type": one_of(*DATA),
        "session_id": name,
        "run_id": name,
        "seq": ordinal,
        "ts": moment,
        "data": lambda value: isinstance(value, dict),
    }
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
        return EVENT.problems(frame) or [*DATA[kind].problems(frame["data"]), *_contradictions(kind, frame["data"])]
    fields = {key: value for key, value in frame.items() if key != "type"} if isinstance(frame, dict) else frame
    if kind in FRAMES:
        return FRAMES[kind].problems(fields)
    if kind == "ack" and asked in ACKS:
        return Shape({"re": name, **ACKS[asked].required}).problems(fields)
    return [f"there is no frame of type {kind!r} (for {asked!r})"]


def _contradictions(kind: str, data: dict[str, Any]) -> list[str]:
    if kind == "tool_completed" and (("result" in data), ("error" in data)) != (data["ok"], not data["ok"]):
        return ["a call that went well has a result, one that failed has an error, and neither has both"]
    if kind == "agent_completed" and data["outcome"] == "error" and "error" not in data:
        return ["an outcome of error says which"]
    if kind == "agent_completed" and data["outcome"] == "success" and "error" in data:
        return ["a success has no error"]
    return []
