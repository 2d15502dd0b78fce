"""The librarian: the embedded default agent, which needs no model and no network."""

from actors.agents.agent import Agent
from actors.agents.intents import (
    Conversion,
    DayFromNow,
    DaysUntil,
    Forget,
    Help,
    Intent,
    Question,
    Recall,
    Remember,
    Sum,
    TimeIn,
    Unclear,
    WeekdayOf,
    recognise,
)
from actors.agents.phrases import chunks, day_apart, days_away, number, quantity, quotation
from actors.agents.turn import Turn
from actors.tools import ToolFailed
from actors.tools.calculator import calculator
from actors.tools.convert_units import convert_units
from actors.tools.date_time import date_time
from actors.tools.notes import forget, recall, remember
from actors.tools.search_documents import Quotation, search_documents

_CAN = (
    'I can work out sums ("what is 17% of 2,340?"), convert units ("convert 10 miles to km"), '
    'tell times and dates ("what time is it in Tokyo?", "how many days until 2027-01-01?"), '
    'keep notes for you ("remember that the key is under the mat", "what did I ask you to remember about the key?", '
    '"forget about the key"), and look things up in the documents of this server.'
)
_CANNOT = "I can't help with that: I have no language model, so I only understand a few kinds of questions. "
_NOT_FOUND = "I found nothing about that in the documents of this server. "
_PASSAGES = 3
_NOTES = 20


class Librarian(Agent):
    """Answers by tools and by what documents say, keeps notes, and says plainly what it can't do."""

    name = "librarian"
    description = "Answers sums, units, dates and questions about documents, and keeps notes; needs no model."
    tools = (calculator, convert_units, date_time, search_documents, remember, recall, forget)

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
        case Remember() | Recall() | Forget():
            return "This is about your notes"
        case Question():
            return "The documents may know this"
        case Help() | Unclear():
            return "This is none of the questions that I understand"


def _answer(intent: Intent, turn: Turn) -> str:
    try:
        return _looked_up(intent, turn)
    except ToolFailed as failure:
        if failure.code == "no_documents":
            return _CANNOT + _CAN.replace("of this server", "of a server that has some; this one has none")
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
        case Remember() | Recall() | Forget():
            return _noted(intent, turn)
        case Question(text):
            return _quoted(turn.use(search_documents, query=text, limit=_PASSAGES))
        case Help() | Unclear():
            return _CAN if isinstance(intent, Help) else _CANNOT + _CAN


def _quoted(found: list[Quotation]) -> str:
    if not found:
        return f"{_NOT_FOUND}{_CAN}"
    return "\n\n".join(f"{one['source']}\n{quotation(one['text'])}" for one in found)


def _noted(intent: Remember | Recall | Forget, turn: Turn) -> str:
    match intent:
        case Remember(text):
            return f'I\'ll remember: "{turn.use(remember, text=text)}"'
        case Recall(about):
            notes = turn.use(recall, query=about, limit=_NOTES)
            of = f" about {about}" if about else ""
            return (
                "\n".join([f"You asked me to remember{of}:", *(f"- {note}" for note in notes)])
                if notes
                else (f"You asked me to remember nothing{of}.")
            )
        case Forget(about):
            count = turn.use(forget, query=about, everything=not about)
            return f"I forgot {number(count)} note{'' if count == 1 else 's'}." if count else "I have no such note."


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
