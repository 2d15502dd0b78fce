"""What a model is told: the conversation as chat completions want it; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from actors.tools.errors import ToolFailed
from actors.tools.tool import Call

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from actors.agents.assistant.reply import Reply, ToolCall
    from actors.agents.turn import Exchange
    from actors.tools.tool import Tool

Message = dict[str, Any]

MAX_RESULT = 40_000  # characters of one tool's result
MAX_NAME = 64
_BYTES_A_TOKEN = 3  # rather too few: models differ, and a prompt that is too long is refused
_TOKENS_A_MESSAGE = 4


def tokens(text: str) -> int:
    """Estimate how many tokens a message of that text takes; no model's own count."""
    return -(-len(text.encode()) // _BYTES_A_TOKEN) + _TOKENS_A_MESSAGE


def within(history: Sequence[Exchange], budget: int) -> list[Exchange]:
    """Return the latest exchanges that take no more than ``budget`` tokens, oldest first."""
    kept: list[Exchange] = []
    for exchange in reversed(history):
        budget -= tokens(exchange.text) + tokens(exchange.answer)
        if budget < 0:
            break
        kept.append(exchange)
    return kept[::-1]


def opening(instructions: str, earlier: Iterable[Exchange], text: str) -> list[Message]:
    """Begin a conversation: what the model is to be, what was said before, and the message.

    An exchange without an answer is left out: endpoints refuse an empty one, and two messages in a row.
    """
    messages: list[Message] = [{"role": "system", "content": instructions}]
    for exchange in earlier:
        if exchange.answer:
            messages += _said("user", exchange.text), _said("assistant", exchange.answer)
    return [*messages, _said("user", text)]


def offered(tools: Iterable[Tool]) -> list[Message]:
    """Describe the tools to the model."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
        }
        for tool in tools
    ]


def calls_to_make(reply: Reply) -> list[Call]:
    """Read the reply's tool calls; one whose arguments are none says so."""
    return [_call(call) for call in reply.calls]


def continued(reply: Reply, calls: Sequence[Call], outcomes: Sequence[Any]) -> list[Message]:
    """Go on after a reply with tool calls: the reply itself, and what came of each call."""
    asked: Message = {"role": "assistant", "content": reply.text or None, "tool_calls": []}
    if reply.reasoning:
        # Who thinks between calls wants its thoughts back; who doesn't never sent any.
        asked["reasoning_content"] = reply.reasoning
    answers = []
    for wanted, call, outcome in zip(reply.calls, calls, outcomes, strict=True):
        asked["tool_calls"].append(_asked(wanted, call))
        answers.append({"role": "tool", "tool_call_id": wanted.call_id, "content": _outcome(wanted, call, outcome)})
    return [asked, *answers]


def _said(role: str, text: str) -> Message:
    return {"role": role, "content": text}


def _call(call: ToolCall) -> Call:
    name = call.name[:MAX_NAME] or "unnamed"
    try:
        arguments = msgspec.json.decode(call.arguments) if call.arguments.strip() else {}
    except (msgspec.DecodeError, RecursionError) as error:
        # The text isn't shown: there is no telling which part of it is a secret.
        return Call(name, {}, problem=f"{name}: the arguments aren't JSON: {error}")
    if not isinstance(arguments, dict):
        return Call(name, {}, problem=f"{name}: the arguments must be a JSON object")
    return Call(name, arguments)


def _asked(wanted: ToolCall, call: Call) -> Message:
    # Endpoints that parse the arguments again would refuse the whole conversation for those that aren't JSON.
    arguments = wanted.arguments if call.problem is None and wanted.arguments.strip() else "{}"
    return {"id": wanted.call_id, "type": "function", "function": {"name": call.tool, "arguments": arguments}}


def _outcome(wanted: ToolCall, call: Call, outcome: Any) -> str:
    if not isinstance(outcome, ToolFailed):
        return _cut(outcome if isinstance(outcome, str) else _json(outcome))
    error = {"code": outcome.code, "message": outcome.message}
    if call.problem is not None:
        error["arguments"] = _cut(wanted.arguments)
    return _json({"error": error})


def _json(value: Any) -> str:
    try:
        return msgspec.json.encode(value, enc_hook=repr).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        return repr(value).encode(errors="replace").decode()  # What no JSON holds: a number beyond 64 bits, say.


def _cut(text: str) -> str:
    if len(text) > MAX_RESULT:
        text = f"{text[:MAX_RESULT]}… (cut: the whole has {len(text)} characters)"
    return text.encode(errors="replace").decode()
