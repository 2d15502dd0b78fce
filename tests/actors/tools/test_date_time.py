"""Dates and times: the decisions with a clock of the test's own, the tool with the real one."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from actors.tools import ToolFailed
from actors.tools.date_time import date_time
from actors.tools.moments import day_at, moment_at
from actors.tools.zones import zone_named

NEW_YEARS_EVE = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
OSLO = ZoneInfo("Europe/Oslo")


def test_a_moment_is_told_by_the_zones_own_clock():
    assert moment_at(NEW_YEARS_EVE, OSLO, days=0) == {
        "zone": "Europe/Oslo",
        "date": "2027-01-01",
        "weekday": "Friday",
        "iso": "2027-01-01T00:30:00+01:00",
        "time": "00:30:00",
        "utc_offset": "+01:00",
        "days_from_today": 0,
    }


def test_days_are_added_by_the_wall_clock_across_a_change_to_summer_time():
    then = moment_at(datetime(2026, 3, 28, 11, tzinfo=UTC), OSLO, days=1)
    assert (then["time"], then["utc_offset"], then["days_from_today"]) == ("12:00:00", "+02:00", 1)


def test_a_days_distance_counts_from_today_in_the_zone():
    assert day_at(NEW_YEARS_EVE, OSLO, date(2027, 1, 31), days=0)["days_from_today"] == 30
    assert day_at(NEW_YEARS_EVE, ZoneInfo("UTC"), date(2027, 1, 31), days=0)["days_from_today"] == 31


def test_a_day_is_told_with_its_weekday_and_no_time():
    told = day_at(NEW_YEARS_EVE, OSLO, date(1969, 7, 20), days=1)
    assert (told["date"], told["weekday"], told["time"]) == ("1969-07-21", "Monday", None)
    assert told["days_from_today"] < 0


def test_the_tool_tells_the_present_moment():
    before = datetime.now(UTC).replace(microsecond=0)
    assert before <= datetime.fromisoformat(date_time()["iso"]) <= datetime.now(UTC)


def test_the_tool_tells_of_a_date():
    assert date_time(date="2027-01-01")["weekday"] == "Friday"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Europe/Oslo", "Europe/Oslo"),
        ("oslo", "Europe/Oslo"),
        ("New York", "America/New_York"),
        ("new_york", "America/New_York"),
        ("san francisco", "America/Los_Angeles"),
        ("UTC", "UTC"),
        ("Japan", "Japan"),
    ],
)
def test_a_zone_is_found_by_its_name_or_its_city(name: str, key: str):
    assert zone_named(name).key == key


@pytest.mark.parametrize("name", ["Atlantis", "", "../../etc/passwd", "x" * 100_000])
def test_an_unknown_zone_is_refused(name: str):
    with pytest.raises(ToolFailed) as refusal:
        date_time(zone=name)
    assert refusal.value.code == "unknown_zone"


def test_a_refusal_suggests_the_nearest_zone():
    with pytest.raises(ToolFailed, match="did you mean Asia/Tokyo"):
        date_time(zone="Tokio")


@pytest.mark.parametrize("arguments", [{"date": "soon"}, {"date": "2027-02-30"}, {"days": 10**9}, {"days": -(10**6)}])
def test_a_day_outside_the_calendar_is_refused(arguments):
    with pytest.raises(ToolFailed) as refusal:
        date_time(**arguments)
    assert refusal.value.code == "bad_date"
