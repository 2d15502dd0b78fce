"""A moment, or a day, as a person would want it told; pure: the clock is an argument."""

from datetime import date, datetime, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo


class Moment(TypedDict):
    """One point in time as told in a zone.

    A whole day has neither a time nor an offset. `days_from_today` is negative for the past.
    """

    zone: str
    date: str
    weekday: str
    iso: str
    time: str | None
    utc_offset: str | None
    days_from_today: int


def moment_at(now: datetime, zone: ZoneInfo, days: int) -> Moment:
    """Tell the moment that is `days` from now by the zone's wall clock.

    Raises:
        OverflowError: that is beyond the years 1 to 9999.
    """
    there = now.astimezone(zone)
    then = there + timedelta(days=days)
    return Moment(
        zone=zone.key,
        date=then.date().isoformat(),
        weekday=f"{then:%A}",
        iso=then.isoformat(timespec="seconds"),
        time=f"{then:%H:%M:%S}",
        utc_offset=then.isoformat(timespec="seconds")[-len("+00:00") :],
        days_from_today=(then.date() - there.date()).days,
    )


def day_at(now: datetime, zone: ZoneInfo, day: date, days: int) -> Moment:
    """Tell the whole day that is `days` after `day`, and how far it is from today in the zone.

    Raises:
        OverflowError: that is beyond the years 1 to 9999.
    """
    then = day + timedelta(days=days)
    return Moment(
        zone=zone.key,
        date=then.isoformat(),
        weekday=f"{then:%A}",
        iso=then.isoformat(),
        time=None,
        utc_offset=None,
        days_from_today=(then - now.astimezone(zone).date()).days,
    )
