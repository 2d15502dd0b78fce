"""The librarian thinks, asks a tool, and says the answer; what it can't do it says plainly."""

import re

import pytest

from actors.agents.librarian import Librarian


@pytest.fixture
def ask(turn_of):
    def ask(text: str):
        turn = turn_of(Librarian, text)
        return Librarian().run(turn), turn

    return ask


def test_a_percentage_is_thought_about_worked_out_and_told(ask):
    answer, turn = ask("what is 17% of 2,340?")
    assert answer == "17% of 2,340 is 397.8."
    assert [verb for verb, _ in turn.done][:2] == ["think", "use"]
    assert turn.all_of("use") == [("calculator", {"expression": "17% of 2,340"})]


@pytest.mark.parametrize(
    "text", ["what's 12 * 7", "how many days until 2027-01-01", "make me a sandwich", "1/0", "what time is it in Oslo"]
)
def test_what_was_said_in_pieces_is_the_answer(ask, text):
    answer, turn = ask(text)
    assert "".join(turn.all_of("say")) == answer
    assert turn.all_of("think")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("what's 12 * 7", "12 * 7 is 84."),
        ("how much is 5 plus 3", "5 plus 3 is 8."),
        ("square root of 2", "square root of 2 is 1.41421356237."),
        ("convert 10 miles to km", "10 miles is 16.09344 km."),
        ("how many grams in 2 pounds", "2 pounds is 907.18474 g."),
        ("what is 100 F in C", "100 F is 37.777778 °C."),
        ("what day was 1969-07-20", "1969-07-20 was a Sunday."),
    ],
)
def test_a_question_has_its_answer(ask, question, answer):
    assert ask(question)[0] == answer


@pytest.mark.parametrize(
    ("question", "shape"),
    [
        (
            "what time is it in Tokyo?",
            r"It is \d\d:\d\d:\d\d on \w+day, \d{4}-\d\d-\d\d in Asia/Tokyo \(UTC\+09:00\)\.",
        ),
        ("what day is today", r"Today is \w+day, \d{4}-\d\d-\d\d \(UTC\)\."),
        ("what date is in 10 days", r"In 10 days it is \w+day, \d{4}-\d\d-\d\d \(UTC\)\."),
        ("how many days since 2020-01-01", r"2020-01-01 was [\d,]+ days ago\."),
    ],
)
def test_a_question_of_the_clock_has_an_answer_of_its_shape(ask, question, shape):
    assert re.fullmatch(shape, ask(question)[0])


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("9**9**9", "the number is too big"),
        ("what is 1/0", "division by zero"),
        ("5 kg to miles", "kg and miles measure different things"),
        ("5 blargs to miles", "I don't know the unit 'blargs'"),
        ("what time is it in Tokio", "did you mean Asia/Tokyo"),
        ("how many days until 2027-13-01", "isn't a date"),
    ],
)
def test_a_tool_that_fails_ends_in_an_honest_answer(ask, question, reason):
    answer, _ = ask(question)
    assert answer.startswith("I couldn't do that: ")
    assert reason in answer


def test_what_it_cannot_do_is_said_with_what_it_can(ask):
    answer, turn = ask("tell me a joke")
    assert answer.startswith("I can't help with that")
    assert "what is 17% of 2,340?" in answer
    assert not turn.all_of("use")
