import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.agents.phrases import chunks, day_apart, days_away, number, quantity


@pytest.mark.parametrize(
    ("value", "written"),
    [(397.8, "397.8"), (2340, "2,340"), (1234567.25, "1,234,567.25"), (3.0, "3"), (1e20, "1e+20"), (-0.5, "-0.5")],
)
def test_a_number_is_written_for_people(value: float, written: str):
    assert number(value) == written


def test_a_quantity_has_as_many_digits_as_anybody_reads():
    assert quantity(37.7777777778, "°C") == "37.777778 °C"


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "Today is"), (1, "Tomorrow is"), (-1, "Yesterday was"), (10, "In 10 days it is"), (-3, "3 days ago it was")],
)
def test_a_sentence_begins_with_how_far_the_day_is(days: int, words: str):
    assert day_apart(days) == words


@pytest.mark.parametrize(
    ("days", "words"), [(0, "is today"), (1, "is 1 day from now"), (40, "is 40 days from now"), (-2, "was 2 days ago")]
)
def test_a_sentence_ends_with_how_far_the_day_is(days: int, words: str):
    assert days_away(days) == words


@given(st.text(), st.integers(1, 10))
def test_chunks_are_the_text_again(text: str, words: int):
    assert "".join(chunks(text, words)) == text * bool(text.strip())
