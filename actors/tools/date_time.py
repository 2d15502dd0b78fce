"""The clock and calendar: now in a zone, and days from here."""

import datetime as dt

from actors.tools.errors import ToolFailed
from actors.tools.moments import Moment, day_at, moment_at
from actors.tools.tool import tool
from actors.tools.zones import zone_named


@tool(timeout=5, idempotent=True)
def date_time(zone: str = "UTC", days: int = 0, date: str | None = None) -> Moment:
    """Tell the date, time and weekday in a time zone, now or some days from now, or of a date and how far it is.

    Args:
        zone: an IANA name or a city: "Europe/Oslo", "Tokyo".
        days: days to add; negative for the past.
        date: the day to tell about instead of now, as year-month-day.

    Raises:
        ToolFailed: ``unknown_zone``, with the nearest names; ``bad_date``: no such day.
    """
    where, now = zone_named(zone), dt.datetime.now(dt.UTC)
    try:
        return moment_at(now, where, days) if date is None else day_at(now, where, _day(date), days)
    except OverflowError as error:
        raise ToolFailed(code="bad_date", message="that day is beyond the calendar") from error


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        message = f"{text.strip()[:40]!r} isn't a date as year-month-day, such as 2027-01-31"
        raise ToolFailed(code="bad_date", message=message) from error
