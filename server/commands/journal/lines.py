"""An event on one line, for people. Pure, but for the time zone."""

import json
from datetime import datetime
from typing import Any

LONGEST = 160
"""How many characters of an event's data are shown."""

_SAYS = {
    "message_accepted": ("text",),
    "message_dequeued": ("reason",),
    "agent_started": ("agent", "attempt"),
    "agent_thinking": ("thought",),
    "tool_executing": ("tool", "arguments"),
    "tool_completed": ("tool", "ok", "result", "error"),
    "agent_restarted": ("attempt", "reason"),
    "agent_completed": ("outcome", "text", "error"),
}
"""What is told of each type's data."""


def line(event: dict[str, Any]) -> str:
    """Say when, in which session, at which seq, what, and the gist of its data."""
    when = datetime.fromtimestamp(event["ts"] / 1000).astimezone().replace(tzinfo=None)
    said = [f"{name}={_short(event['data'][name])}" for name in _SAYS.get(event["type"], ()) if name in event["data"]]
    moment = when.isoformat(" ", "milliseconds")
    return f"{moment}  {event['session_id']}  {event['seq']:>5}  {event['type']:<16}  {' '.join(said)}"


def _short(value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    cut = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
    # A terminal obeys some characters, which JSON needn't escape; people choose what they write.
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in cut)
