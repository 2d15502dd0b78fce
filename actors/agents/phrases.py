"""How numbers, days and answers are put into words; pure."""

import re
from collections.abc import Iterator
from typing import Final

from actors.tools.rounding import DIGITS, tidy

_READABLE_DIGITS = 8
_WORDS_A_CHUNK = 6
_NEAR: Final = {0: "Today is", 1: "Tomorrow is", -1: "Yesterday was"}


def number(value: float) -> str:
    """Write a number with its thousands apart: 2,340 or 397.8."""
    value = tidy(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.{DIGITS}g}"


def quantity(value: float, unit: str) -> str:
    """Write a measure with as many digits as anybody reads: 37.777778 °C."""
    return f"{number(tidy(value, _READABLE_DIGITS))} {unit}".strip()


def day_apart(days: int) -> str:
    """Begin a sentence about the day that is so many days from today."""
    if days in _NEAR:
        return _NEAR[days]
    return f"In {number(days)} days it is" if days > 0 else f"{number(-days)} days ago it was"


def days_away(days: int) -> str:
    """End a sentence about a day that is so many days from today."""
    if days == 0:
        return "is today"
    count = f"{number(abs(days))} day{'' if abs(days) == 1 else 's'}"
    return f"is {count} from now" if days > 0 else f"was {count} ago"


def quotation(text: str) -> str:
    """Mark each line as somebody else's words, as Markdown does."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def chunks(text: str, words: int = _WORDS_A_CHUNK) -> Iterator[str]:
    """Cut a text into pieces of so many words and the spaces around them; joined, they are the text."""
    return (match[0] for match in re.finditer(rf"(?:\s*\S+\s*?){{1,{words}}}(?:\s+\Z)?", text))
