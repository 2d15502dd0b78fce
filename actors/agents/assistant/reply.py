"""What a model answers in one step, put together from the chunks of its stream; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class CallPart(NamedTuple):
    """A piece of one tool call; whatever a chunk leaves out is empty."""

    place: int
    call_id: str
    name: str
    arguments: str


class Usage(NamedTuple):
    """What the endpoint counted, in tokens."""

    input_tokens: int
    output_tokens: int


class Part(NamedTuple):
    """What one chunk adds to a reply."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: tuple[CallPart, ...] = ()
    finish: str = ""
    usage: Usage | None = None


@dataclass
class ToolCall:
    """A tool call as the model wrote it; ``arguments`` is its JSON, or what was meant to be."""

    call_id: str
    name: str
    arguments: str


@dataclass
class Reply:
    """A reply as far as it has come. ``finish`` stays empty where the stream ends before its end."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    finish: str = ""
    usage: Usage | None = None
    calls: list[ToolCall] = field(default_factory=list)
    begun: bool = False
    _places: dict[int, ToolCall] = field(default_factory=dict)

    def add(self, part: Part) -> None:
        """Add what the next chunk brought."""
        self.begun = True
        self.text += part.text
        self.reasoning += part.reasoning
        self.refusal += part.refusal
        self.finish = part.finish or self.finish
        # Some endpoints count in every chunk, each time from the start: the last count is the whole.
        self.usage = part.usage or self.usage
        for call in part.calls:
            self._add_call(call)

    def _add_call(self, part: CallPart) -> None:
        call = self._places.get(part.place)
        # Some endpoints give every call the index 0: then only another id tells that another call begins.
        if call is None or (part.call_id and part.call_id != call.call_id):
            call = ToolCall(part.call_id or f"call_{len(self.calls)}", "", "")
            self._places[part.place] = call
            self.calls.append(call)
        call.name += part.name
        call.arguments += part.arguments


def part_of(chunk: Any) -> Part:
    """Read a chunk of a stream.

    Endpoints are many, and what they send isn't checked before: what isn't of the expected type counts as left out.
    """
    usage = _usage(getattr(chunk, "usage", None))
    choices = getattr(chunk, "choices", None)
    if not isinstance(choices, list) or not choices:
        return Part(usage=usage)
    delta = getattr(choices[0], "delta", None)
    return Part(
        text=_text(delta, "content"),
        reasoning=_text(delta, "reasoning_content") or _text(delta, "reasoning"),
        refusal=_text(delta, "refusal"),
        calls=_calls(getattr(delta, "tool_calls", None)),
        finish=_text(choices[0], "finish_reason"),
        usage=usage,
    )


def _calls(found: Any) -> tuple[CallPart, ...]:
    if not isinstance(found, list):
        return ()
    return tuple(_call(call, place) for place, call in enumerate(found))


def _call(call: Any, place: int) -> CallPart:
    index = getattr(call, "index", None)
    function = getattr(call, "function", None)
    return CallPart(
        index if isinstance(index, int) else place,
        _text(call, "id"),
        _text(function, "name"),
        _text(function, "arguments"),
    )


def _usage(found: Any) -> Usage | None:
    spent, written = getattr(found, "prompt_tokens", None), getattr(found, "completion_tokens", None)
    if isinstance(spent, int) and isinstance(written, int) and min(spent, written) >= 0:
        return Usage(spent, written)
    return None


def _text(holder: Any, name: str) -> str:
    text = getattr(holder, name, None)
    if not isinstance(text, str):
        return ""
    # Half a surrogate pair can be neither recorded nor sent back.
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
