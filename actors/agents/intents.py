"""What a person means by a plain question: recognised from its words alone; pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from actors.tools.notation import is_arithmetic

MAX_LENGTH = 500  # characters: a longer text is no plain question, and patterns aren't run over it


@dataclass(frozen=True)
class Sum:
    """Work out an expression, in the person's own words."""

    expression: str


@dataclass(frozen=True)
class Conversion:
    """Give a value of one unit in another."""

    value: float
    source: str
    target: str


@dataclass(frozen=True)
class TimeIn:
    """Tell the time in a place; None for UTC."""

    place: str | None


@dataclass(frozen=True)
class DayFromNow:
    """Tell the date and weekday that is so many days from today, in a place; None for UTC."""

    days: int
    place: str | None


@dataclass(frozen=True)
class DaysUntil:
    """Count the days from today to a date, as the person wrote it."""

    date: str


@dataclass(frozen=True)
class WeekdayOf:
    """Tell the weekday of a date, as the person wrote it."""

    date: str


@dataclass(frozen=True)
class Remember:
    """Keep a note."""

    text: str


@dataclass(frozen=True)
class Recall:
    """Tell what was kept: about something, or everything where that is empty."""

    about: str


@dataclass(frozen=True)
class Forget:
    """Drop the notes about something, or all of them where that is empty."""

    about: str


@dataclass(frozen=True)
class Help:
    """Say what can be asked."""


@dataclass(frozen=True)
class Question:
    """None of the above: it may be answered by a document."""

    text: str


@dataclass(frozen=True)
class Unclear:
    """Too long for a question, or without a word in it."""


Intent = (
    Sum
    | Conversion
    | TimeIn
    | DayFromNow
    | DaysUntil
    | WeekdayOf
    | Remember
    | Recall
    | Forget
    | Help
    | Question
    | Unclear
)

# Phones write typographic ones; escaped here, since they look like the plain ones.
_APOSTROPHE = "['\u2019]"
_MINUS = "\u2212"

_NUMBER = rf"[-+{_MINUS}]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_VALUE = rf"(?P<value>{_NUMBER}|an?|one)"
_UNIT = r"[^\W\d_]*[°%]?[^\W\d_][^\d,;:?!+*=()]*?(?:(?<=[^\W\d_])[234]|[²³])?"
_PLACE = r"(?:\s+(?:is\s+it\s+)?(?:in|at|for)\s+(?P<place>[^\d?!,;]+?)(?:\s+(?:right\s+)?now)?)?"
_NOW = r"(?:\s+(?:right\s+)?now)?"
_DATE = r"(?P<date>\d[\w./-]*)"
_NAMED_DAY = r"(?P<named>today|tomorrow|yesterday)"
_WHAT = rf"(?:what(?:{_APOSTROPHE}s|\s+is|\s+was|\s+will\s+be)?\s+)?"
_WHICH_DAY = rf"{_WHAT}(?:the\s+)?(?:date|day|weekday|day\s+of\s+the\s+week)"
_COUNT_DAYS = r"(?:how\s+many\s+)?days\s+(?:is\s+it\s+|are\s+there\s+)?"
_ASKING = rf"(?:what(?:{_APOSTROPHE}s|\s+is|\s+are|\s+does|s)?|how\s+much\s+(?:is|are|does)"
_ASKING += r"|calculate|compute|evaluate|solve|work\s+out)\s+"
_POLITE = r"hey|hi|hello|please|ok|okay|so|and|can\s+you|could\s+you|would\s+you|tell\s+me|i\s+want\s+to\s+know"

_BEGINNING = re.compile(rf"^\s*(?:(?:{_POLITE})\b[\s,]*)+", re.IGNORECASE)
_ENDING = re.compile(r"(?:\s+(?:please|equals?|come\s+to|make|thanks))?[\s?!.=]*$", re.IGNORECASE)
_QUESTION_WORDS = re.compile(_ASKING, re.IGNORECASE)

_REMEMBER = re.compile(
    rf"\s*(?:(?:{_POLITE})\b[\s,]*)*(?:remember|(?:make|take)\s+a\s+note|note\s+down|note)(?:\s+(?:that|this)\b)?\s*[:,]?\s+(?=\S)",
    re.IGNORECASE,
)
_HELP = re.compile(
    r"(?:(?:hi|hello|hey|good\s+(?:morning|day|evening))(?:\s+there)?|help(?:\s+me)?|who\s+are\s+you"
    r"|what\s+(?:can|do)\s+you\s+do|what\s+can\s+i\s+ask(?:\s+you)?)",
    re.IGNORECASE,
)
_HAS_A_WORD = re.compile(r"\w")
_ABOUT = r"(?:\s+(?:about|of|on|for)\s+(?P<about>.+?))?"
_MINE = r"(?:my\s+notes|what\s+you\s+(?:know|remember|noted)|the\s+notes)"

_DAYS: Final = {"day": 1, "week": 7}
_NAMED_DAYS: Final = {"today": 0, "tomorrow": 1, "yesterday": -1}


def recognise(text: str) -> Intent:
    """Return what the text asks for; `Unclear` where it is no question of a known kind."""
    if note := _REMEMBER.match(text[:MAX_LENGTH]):
        return Remember(text[note.end() :].strip())  # A note may be longer than a question.
    if len(text) > MAX_LENGTH:
        return Unclear()
    question = " ".join(_ENDING.sub("", _BEGINNING.sub("", text)).split())
    for pattern, meaning in _QUESTIONS:
        if match := pattern.fullmatch(question):
            return meaning(match)
    expression = _QUESTION_WORDS.sub("", question, count=1)
    if is_arithmetic(expression):
        return Sum(expression)
    if _HELP.fullmatch(text.strip(" \t\n?!.,")):
        return Help()
    return Question(" ".join(text.split())) if _HAS_A_WORD.search(text) else Unclear()


def _time_in(match: re.Match[str]) -> Intent:
    return TimeIn(match["place"])


def _days_until(match: re.Match[str]) -> Intent:
    return DaysUntil(match["date"])


def _weekday_of(match: re.Match[str]) -> Intent:
    return WeekdayOf(match["date"])


def _day_apart(match: re.Match[str]) -> Intent:
    days = int(match["count"]) * _DAYS[match["unit"].lower()]
    return DayFromNow(-days if match["ago"] else days, None)


def _named_day(match: re.Match[str]) -> Intent:
    return DayFromNow(_NAMED_DAYS[(match["named"] or "today").lower()], match["place"])


def _recall(match: re.Match[str]) -> Intent:
    return Recall(match["about"] or "")


def _forget(match: re.Match[str]) -> Intent:
    return Forget(match["about"] or "")


def _conversion(match: re.Match[str]) -> Intent:
    return Conversion(_number(match["value"]), match["source"], match["target"])


def _number(text: str | None) -> float:
    if text is None or text.lower() in ("a", "an", "one"):
        return 1.0
    return float(text.replace(",", "").replace(_MINUS, "-"))


def _question(*parts: str) -> re.Pattern[str]:
    return re.compile("".join(parts), re.IGNORECASE)


# The first that fits counts: questions of dates have words of the others in them, such as "days in".
_QUESTIONS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Intent]], ...]] = (
    (_question(_WHAT, r"(?:the\s+)?(?:current\s+|local\s+)?time(?:\s+is\s+it)?", _NOW, _PLACE), _time_in),
    (
        _question(
            r"what\s+(?:did\s+i\s+(?:ask|tell)\s+you\s+to\s+(?:remember|note)|do\s+you\s+(?:remember|know)",
            rf"|have\s+you\s+noted|are\s+my\s+notes|did\s+i\s+note){_ABOUT}",
        ),
        _recall,
    ),
    (_question(rf"(?:recall|(?:show|list|read)(?:\s+me)?\s+{_MINE}){_ABOUT}"), _recall),
    (_question(r"recall\s+(?P<about>.+)"), _recall),
    (_question(rf"(?:forget|delete|drop)\s+(?:everything|(?:all\s+(?:of\s+)?)?{_MINE}){_ABOUT}"), _forget),
    (_question(r"forget\s+(?:about\s+|that\s+)?(?P<about>.+)"), _forget),
    (_question(_COUNT_DAYS, r"(?:until|till|to|before|since)\s+", _DATE), _days_until),
    (_question(_WHICH_DAY, r"\s+(?:is|was|will|of)\s+(?:it\s+on\s+|be\s+)?", _DATE), _weekday_of),
    (
        _question(
            _WHICH_DAY,
            r"(?:\s+(?:is|was|will))?(?:\s+it)?(?:\s+be)?(?:\s+in)?\s+(?P<count>\d{1,6})\s+(?P<unit>day|week)s?",
            r"(?:\s+(?P<ago>ago)|\s+from\s+(?:now|today))?",
        ),
        _day_apart,
    ),
    (
        _question(_WHICH_DAY, rf"(?:\s+(?:is|was|will))?(?:\s+it)?(?:\s+be)?(?:\s+{_NAMED_DAY})?", _NOW, _PLACE),
        _named_day,
    ),
    (_question(_WHAT, rf"(?:{_NAMED_DAY}{_APOSTROPHE}?s\s+)(?:date|day|weekday)", _PLACE), _named_day),
    (_question(_WHAT, _NAMED_DAY, _PLACE), _named_day),
    (
        _question(
            rf"(?:{_ASKING})?(?:convert\s+)?{_VALUE}\s*(?P<source>{_UNIT})\s+(?:to|in|into|as)\s+(?P<target>{_UNIT})"
        ),
        _conversion,
    ),
    (
        _question(
            rf"how\s+many\s+(?P<target>{_UNIT})\s+(?:are\s+|is\s+)?(?:there\s+|that\s+)?(?:in|is|are)\s+",
            rf"(?:{_VALUE}\s*)?(?P<source>{_UNIT})",
        ),
        _conversion,
    ),
)
