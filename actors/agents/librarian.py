"""The librarian: the embedded default agent, which needs no model and no network."""

from actors.agents.agent import Agent
from actors.agents.intents import (
    Conversion,
    DayFromNow,
    DaysUntil,
    Intent,
    Sum,
    TimeIn,
    Unclear,
    WeekdayOf,
    recognise,
)
from actors.agents.phrases import chunks, day_apart, days_away, number, quantity
from actors.agents.turn import Turn
from actors.tools import ToolFailed
from actors.tools.calculator import calculator
from actors.tools.convert_units import convert_units
from actors.tools.date_time import date_time

_CANNOT = (
    "I can't help with that: I have no language model, so I only understand a few kinds of questions. "
    'I can work out sums ("what is 17% of 2,340?"), convert units ("convert 10 miles to km"), '
    'and tell times and dates ("what time is it in Tokyo?", "how many days until 2027-01-01?").'
)


class Librarian(Agent):
    """Answers sums, unit conversions, dates and time zones with tools, and says plainly what it can't do."""

    name = "librarian"
    description = "Answers sums, unit conversions, dates and times; needs no model and no network."
    tools = (calculator, convert_units, date_time)

    def run(self, turn: Turn) -> str:
        """Recognise the question, ask the tool that knows, and say the answer in a few pieces."""
        intent = recognise(turn.text)
        turn.think(_thought(intent))
        answer = _answer(intent, turn)
        for chunk in chunks(answer):
            turn.say(chunk)
        return answer


def _thought(intent: Intent) -> str:
    match intent:
        case Sum(expression):
            return f"This is a sum: {expression}"
        case Conversion(value, source, target):
            return f"This is a conversion: {number(value)} {source} to {target}"
        case TimeIn() | DayFromNow() | DaysUntil() | WeekdayOf():
            return "This is about the clock or the calendar"
        case Unclear():
            return "This is none of the questions that I understand"


def _answer(intent: Intent, turn: Turn) -> str:
    try:
        return _looked_up(intent, turn)
    except ToolFailed as failure:
        return f"I couldn't do that: {failure.message.removesuffix('.')}."


def _looked_up(intent: Intent, turn: Turn) -> str:
    match intent:
        case Sum(expression):
            return f"{expression} is {number(turn.use(calculator, expression=expression))}."
        case Conversion(value, source, target):
            converted = turn.use(convert_units, value=value, source=source, target=target)
            return f"{number(value)} {source} is {quantity(converted['value'], converted['unit'])}."
        case TimeIn() | DayFromNow() | DaysUntil() | WeekdayOf():
            return _dated(intent, turn)
        case Unclear():
            return _CANNOT


def _dated(intent: TimeIn | DayFromNow | DaysUntil | WeekdayOf, turn: Turn) -> str:
    match intent:
        case TimeIn(place):
            told = turn.use(date_time, zone=place or "UTC")
            return "It is {time} on {weekday}, {date} in {zone} (UTC{utc_offset}).".format_map(told)
        case DayFromNow(days, place):
            told = turn.use(date_time, zone=place or "UTC", days=days)
            return f"{day_apart(days)} {told['weekday']}, {told['date']} ({told['zone']})."
        case DaysUntil(date):
            days = turn.use(date_time, date=date)["days_from_today"]
            return f"{date} {days_away(days)}."
        case WeekdayOf(date):
            told = turn.use(date_time, date=date)
            return f"{date} {'is' if told['days_from_today'] >= 0 else 'was'} a {told['weekday']}."
