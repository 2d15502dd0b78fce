"""What each event of a log holds, written down from the protocol's tables and nowhere else. Pure."""

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


def event_problems(event: Any) -> list[str]:
    """Say what is wrong with one event by itself."""
    wrong = EVENT.problems(event)
    return wrong or [*DATA[event["type"]].problems(event["data"]), *_contradictions(event["type"], event["data"])]


def _contradictions(kind: str, data: dict[str, Any]) -> list[str]:
    if kind == "tool_completed" and (("result" in data), ("error" in data)) != (data["ok"], not data["ok"]):
        return ["a call that went well has a result, one that failed has an error, and neither has both"]
    if kind == "agent_completed" and data["outcome"] == "error" and "error" not in data:
        return ["an outcome of error says which"]
    if kind == "agent_completed" and data["outcome"] == "success" and "error" in data:
        return ["a success has no error"]
    return []
