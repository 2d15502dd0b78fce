"""What one thing that happened says to a person at a terminal, on one line. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import UNSET
from rich.text import Text

from actors.session.events import (
    AgentCompleted,
    AgentRestarted,
    AgentStarted,
    AgentThinking,
    MessageAccepted,
    MessageDequeued,
    ToolCompleted,
    ToolExecuting,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.session.events import Event

NOTICEABLE_MS = 100
"""A wait in the queue shorter than this isn't worth a word."""

SECOND_MS, MINUTE_MS = 1000, 60_000

OUTCOMES = {"success": "done", "error": "failed", "cancelled": "stopped", "timed_out": "out of time"}


def line(event: Event) -> Text:
    """Describe an event; one of a later protocol by its type."""
    tell = _TELL.get(type(event.data))
    return _styled("dim", f"● {event.type}") if tell is None else tell(event.data)


def _accepted(data: MessageAccepted) -> Text:
    queued = f"  (queued at place {data.position})" if data.position else ""
    return _styled("bold", f"> {data.text}").append(queued, "dim")


def _dequeued(data: MessageDequeued) -> Text:
    why = "dropped for another message" if data.reason == "interrupted" else "taken out of the queue"
    return _styled("yellow", f"■ {why}")


def _started(data: AgentStarted) -> Text:
    again = f", attempt {data.attempt}" if data.attempt > 1 else ""
    waited = f" after waiting {duration(data.queued_ms)}" if data.queued_ms >= NOTICEABLE_MS else ""
    return _styled("dim", f"● {data.agent} started{again}{waited}")


def _restarted(data: AgentRestarted) -> Text:
    when = f"in {duration(data.retry_in_ms)}" if data.retry_in_ms else "now"
    return _styled("yellow", f"↻ the agent was restarted ({data.reason}): attempt {data.attempt} begins {when}")


def _returned(data: ToolCompleted) -> Text:
    took = duration(data.duration_ms)
    if not data.ok:
        said = f"{data.error.message} ({data.error.code})" if data.error is not UNSET else "no reason given"
        return _styled("red", f"✗ {data.tool} failed after {took}: {said}")
    cut = " (shortened)" if data.truncated else ""
    return _styled("green", f"✓ {data.tool} returned in {took}{cut}: ").append(plain(_value(data.result)))


def _ended(data: AgentCompleted) -> Text:
    style = {"success": "dim", "error": "red"}.get(data.outcome, "yellow")
    told = [f"■ {OUTCOMES.get(data.outcome, data.outcome)} after {duration(data.duration_ms)}"]
    if data.attempts > 1:
        told.append(f"{data.attempts} attempts")
    if data.usage is not UNSET:
        told.append(f"{data.usage.input_tokens:,} tokens in, {data.usage.output_tokens:,} out")
    fault = f": {data.error.message} ({data.error.code})" if data.error is not UNSET else ""
    return _styled(style, ", ".join(told) + fault)


def fitted(text: Text, width: int) -> Text:
    """Cut a line to a terminal's width; it ends in an ellipsis then."""
    short = text.copy()
    short.truncate(width, overflow="ellipsis")
    return short


def duration(milliseconds: float) -> str:
    """Say how long something took."""
    if milliseconds < SECOND_MS:
        return f"{milliseconds:.0f} ms"
    if milliseconds < MINUTE_MS:
        return f"{milliseconds / SECOND_MS:.1f} s"
    minutes, rest = divmod(round(milliseconds / SECOND_MS), 60)
    return f"{minutes} min {rest} s"


def waiting(what: str) -> str:
    """Say what a run waits on."""
    kind, _, name = what.partition(":")
    return plain({"model": "the model", "agent": "the agent"}.get(kind, name or kind))


def plain(text: str) -> str:
    """Take the characters out that a terminal obeys: people, models and tools choose what they write."""
    return "".join(char if char.isprintable() else " " if char in "\n\t" else _escaped(char) for char in text)


def prose(text: str) -> str:
    """Do so, and keep the lines."""
    return "\n".join(plain(each) for each in text.expandtabs(4).split("\n"))


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def _styled(style: str, text: str) -> Text:
    return Text(plain(text), style)


def _arguments(arguments: Any) -> str:
    if not isinstance(arguments, dict):
        return _value(arguments)
    return ", ".join(f"{name}={_value(value)}" for name, value in arguments.items())


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_TELL: dict[type, Callable[[Any], Text]] = {
    MessageAccepted: _accepted,
    MessageDequeued: _dequeued,
    AgentStarted: _started,
    AgentThinking: lambda data: _styled("dim italic", f"… {data.thought}"),
    ToolExecuting: lambda data: _styled("cyan", f"▸ {data.tool}({_arguments(data.arguments)})"),
    ToolCompleted: _returned,
    AgentRestarted: _restarted,
    AgentCompleted: _ended,
}
