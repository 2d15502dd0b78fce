"""When to ask an endpoint again that had no time; pure."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 20.0


def asked_to_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Return how many seconds an answer asks to wait, or None where it doesn't say.

    Args:
        headers: of the answer; their names in lower case, or in any where the mapping doesn't mind.
        now: seconds since 1970. ``Retry-After`` may be a date (RFC 9110, section 10.2.3).
    """
    milliseconds = headers.get("retry-after-ms", "")
    if _is_number(milliseconds):
        return float(milliseconds) / 1000
    asked = headers.get("retry-after", "")
    if _is_number(asked):
        return float(asked)
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def backoff(failures: int, jitter: float) -> float:
    """Return how many seconds to wait after so many failures in a row; ``jitter``, 0 to 1, spreads the half of it."""
    longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (failures - 1))
    return longest * (0.5 + jitter / 2)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d{1,9}(\.\d+)?", text.strip()) is not None
