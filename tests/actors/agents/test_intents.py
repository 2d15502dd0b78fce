"""What a plain question asks for is recognised from its words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("what is 17% of 2,340?", Sum("17% of 2,340")),
        ("what's 12 * 7", Sum("12 * 7")),
        ("What\u2019s 12 * 7?", Sum("12 * 7")),
        ("Calculate 3+4", Sum("3+4")),
        ("how much is 5 plus 3", Sum("5 plus 3")),
        ("square root of 2", Sum("square root of 2")),
        ("Hi, can you please tell me what 2+2 is", Question("Hi, can you please tell me what 2+2 is")),
        ("Hi, what is 2+2?", Sum("2+2")),
        ("2+2=", Sum("2+2")),
        ("1/0", Sum("1/0")),
        ("convert 10 miles to km", Conversion(10, "miles", "km")),
        ("3,000.5 m in km please", Conversion(3000.5, "m", "km")),
        ("how many grams in 2 pounds", Conversion(2, "pounds", "grams")),
        ("How many feet are there in a mile?", Conversion(1, "mile", "feet")),
        ("how many days are there in a year", Conversion(1, "year", "days")),
        ("what is 100 F in C", Conversion(100, "F", "C")),
        ("-40 °C to °F", Conversion(-40, "°C", "°F")),
        ("50 km/h to mph", Conversion(50, "km/h", "mph")),
        ("3 m2 in sq ft", Conversion(3, "m2", "sq ft")),
        ("what time is it", TimeIn(None)),
        ("what time is it in Tokyo?", TimeIn("Tokyo")),
        ("What's the time in New York right now?", TimeIn("New York")),
        ("what day is today", DayFromNow(0, None)),
        ("What's today's date?", DayFromNow(0, None)),
        ("what date is it in Oslo", DayFromNow(0, "Oslo")),
        ("what is tomorrow", DayFromNow(1, None)),
        ("what date is in 10 days", DayFromNow(10, None)),
        ("what date will it be in 2 weeks?", DayFromNow(14, None)),
        ("what day was it 3 days ago", DayFromNow(-3, None)),
        ("how many days until 2027-01-01", DaysUntil("2027-01-01")),
        ("How many days since 2020-01-01?", DaysUntil("2020-01-01")),
        ("what day is 2027-01-01?", WeekdayOf("2027-01-01")),
        ("what weekday was 1969-07-20", WeekdayOf("1969-07-20")),
        ("hello", Help()),
        ("tell me a joke", Question("tell me a joke")),
        ("what is 5", Question("what is 5")),
        ("write a poem about 3 cats", Question("write a poem about 3 cats")),
        ("what is 5 times 3 in binary", Question("what is 5 times 3 in binary")),
        ("", Unclear()),
        ("What can you do?", Help()),
        ("remember that my bike is red", Remember("my bike is red")),
        ("Please remember: milk, eggs", Remember("milk, eggs")),
        ("remember that " + "x" * 600, Remember("x" * 600)),
        ("What did I ask you to remember about my bike?", Recall("my bike")),
        ("what do you remember", Recall("")),
        ("show my notes", Recall("")),
        ("show me my notes about Oslo", Recall("Oslo")),
        ("forget about my bike", Forget("my bike")),
        ("forget everything", Forget("")),
        ("forget everything about my bike", Forget("my bike")),
        ("delete all my notes", Forget("")),
        ("?!", Unclear()),
    ],
)
def test_a_plain_question_is_recognised(text: str, intent: Intent):
    assert recognise(text) == intent


@pytest.mark.parametrize(
    "text",
    ["a " * 250, "how many " + "a " * 200 + "in b", "what time" + " in x" * 90, "1" * 500, " " * 400, "(" * 65_000],
)
def test_a_hostile_text_is_looked_at_in_no_time(text: str):
    began = time.perf_counter()
    recognise(text)
    assert time.perf_counter() - began < 0.5


@given(st.text())
def test_every_text_is_recognised_as_something(text: str):
    assert isinstance(recognise(text), Intent)
