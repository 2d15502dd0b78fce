"""A rehearsal's script: what a message's text must be, and what its steps are; pure."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from actors.agents.errors import AgentError

Milliseconds = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=1, le=65_536)]


class Think(Struct, frozen=True, forbid_unknown_fields=True):
    """Show one thought."""

    think: str


class UseTool(Struct, frozen=True, forbid_unknown_fields=True):
    """Make one tool call."""

    tool: str
    arguments: dict[str, Any] = {}


class UseTools(Struct, frozen=True, forbid_unknown_fields=True):
    """Make those calls side by side."""

    tools: tuple[UseTool, ...]


class Say(Struct, frozen=True, forbid_unknown_fields=True):
    """Stream a text in so many pieces, so far apart."""

    say: str
    chunks: Count = 1
    every_ms: Milliseconds = 0


class Sleep(Struct, frozen=True, forbid_unknown_fields=True):
    """Wait, yielding."""

    sleep_ms: Milliseconds


class Spin(Struct, frozen=True, forbid_unknown_fields=True):
    """Burn the processor without yielding."""

    spin_ms: Milliseconds


class Crash(Struct, frozen=True, forbid_unknown_fields=True):
    """Raise in the attempts up to one, or in every attempt."""

    crash: str
    until_attempt: Count | None = None


class Exit(Struct, frozen=True, forbid_unknown_fields=True):
    """Raise SystemExit."""

    exit: bool

    def __post_init__(self) -> None:
        """Refuse a step that asks for nothing."""
        _require_true(self.exit)


class Hang(Struct, frozen=True, forbid_unknown_fields=True):
    """Never return."""

    hang: bool

    def __post_init__(self) -> None:
        """Refuse a step that asks for nothing."""
        _require_true(self.hang)


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """Set the run's final text."""

    answer: str


Step = Think | UseTool | UseTools | Say | Sleep | Spin | Crash | Exit | Hang | Answer

# A step's kind is the one key of these that it has.
_KINDS: Final[dict[str, type[Step]]] = {
    "think": Think,
    "tool": UseTool,
    "tools": UseTools,
    "say": Say,
    "sleep_ms": Sleep,
    "spin_ms": Spin,
    "crash": Crash,
    "exit": Exit,
    "hang": Hang,
    "answer": Answer,
}


class _Script(Struct, forbid_unknown_fields=True):
    steps: list[dict[str, Any]]


def parse_script(text: str) -> tuple[Step, ...]:
    """Read a message's text as a script.

    Raises:
        AgentError: ``bad_script``, saying which step is wrong and why.
    """
    try:
        script = msgspec.json.decode(text, type=_Script)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        raise _bad(f'The text must be JSON: {{"steps": [step, …]}}. {error}') from error
    return tuple(_step(number, raw) for number, raw in enumerate(script.steps, start=1))


def _step(number: int, raw: dict[str, Any]) -> Step:
    kinds = [kind for kind in _KINDS if kind in raw]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none of them"
        raise _bad(f"Step {number}: it must have one of {', '.join(_KINDS)}; it has {found}.")
    try:
        return msgspec.convert(raw, _KINDS[kinds[0]])
    except msgspec.ValidationError as error:
        raise _bad(f"Step {number} ({kinds[0]}): {error}.") from error


def _require_true(flag: bool) -> None:  # noqa: FBT001 - private; the flag is the whole question
    if not flag:
        raise ValueError("Expected `true`")


def _bad(message: str) -> AgentError:
    return AgentError(message, code="bad_script")
