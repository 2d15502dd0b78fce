"""Arithmetic as people write it, read into tokens of a closed vocabulary; pure."""

import re
from typing import Final

from actors.tools.arithmetic import CONSTANTS, FUNCTIONS, bad_expression
from actors.tools.errors import ToolFailed

MAX_LENGTH = 500  # characters: what bounds the parser's depth and the number of operations

_SIGNS: Final = frozenset(("+", "-", "*", "/", "//", "%", "**"))
_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?"
_TOKEN = re.compile(rf"\s*(?:(?P<number>{_NUMBER})|(?P<name>[a-z]+\d*)|(?P<sign>\*\*|//|[-+*/%(),]))\s*")

# In this order: each rule may count on the ones above it.
_REWRITES: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"[×·∙⋅]", "*"),  # noqa: RUF001 - the signs that people paste
        (r"÷", "/"),
        (r"[−–—]", "-"),  # noqa: RUF001 - the dashes that people's keyboards write
        (r"\^", "**"),
        (r"²", "**2"),
        (r"³", "**3"),
        (r"π", " pi "),
        (r"(?<![\d.])(\d{1,3}(?:,\d{3})+)(?!\d)", lambda thousands: thousands[1].replace(",", "")),
        (r"\b(?:the\s+)?square\s+root\s+of\b", "√"),
        (rf"√\s*({_NUMBER}|pi\b|e\b)", r"sqrt(\1)"),
        (r"√", "sqrt"),
        (r"\bper\s?cent\b", "%"),
        (r"\bplus\b", "+"),
        (r"\bminus\b", "-"),
        (r"\b(?:times|multiplied\s+by)\b", "*"),
        # Not where it would make nothing of a hexadecimal number: 0x10.
        (r"(?<=\d)(?:\s+|(?<!\b0))x\s*(?=[\d(])", "*"),
        (r"\b(?:divided\s+by|over)\b", "/"),
        (r"\bto\s+the\s+power\s+of\b", "**"),
        (r"\bsquared\b", "**2"),
        (r"\bcubed\b", "**3"),
        (r"\bmod(?:ulo)?\b", "%"),
        # A percent sign is a modulo only where an operand follows it: 17 % 5.
        (rf"({_NUMBER})\s*%\s*of\b", r"(\1/100)*"),
        (rf"({_NUMBER})\s*%(?=\s*(?:$|[-+*/),]))", r"(\1/100)"),
    )
)


def tokens(text: str) -> list[str]:
    """Read a text into numbers, signs and known names; nothing else gets through.

    Raises:
        ToolFailed: ``bad_expression``: something else is in it, or nothing, or too much.
    """
    if len(text) > MAX_LENGTH:
        raise bad_expression(f"the expression is longer than {MAX_LENGTH} characters")
    rest, read = _rewritten(text), []
    while rest:
        token = _first(rest)
        read.append(token[0].strip())
        rest = rest[token.end() :]
    if not read:
        raise bad_expression("the expression is empty")
    return read


def is_arithmetic(text: str) -> bool:
    """Tell whether a text reads as a sum: something to work on, and something to do with it.

    It may still have no value, as 1/0 hasn't.
    """
    try:
        read = tokens(text)
    except ToolFailed:
        return False
    operates = any(token in FUNCTIONS or token in _SIGNS for token in read)
    return operates and any(token.strip(".")[:1].isdigit() or token in CONSTANTS for token in read)


def _rewritten(text: str) -> str:
    text = text.lower().strip().removesuffix("=").strip()
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    return text.strip()


def _first(rest: str) -> re.Match[str]:
    token = _TOKEN.match(rest)
    if token is None or (token["name"] and token["name"] not in FUNCTIONS and token["name"] not in CONSTANTS):
        raise bad_expression(f"{rest.split(maxsplit=1)[0][:20]!r} isn't part of arithmetic")
    return token
