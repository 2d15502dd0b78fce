"""The librarian thinks, asks a tool, and says the answer; what it can't do it says plainly."""

import re
from contextlib import closing

import pytest

from actors.agents.librarian import Librarian
from actors.tools.library import Library
from actors.tools.notebook import Notebook
from server.library.library import FolderLibrary, NoLibrary
from server.notebook import SQLiteNotebook
from server.storage.database import open_database

SHIP = """# The ship

She leaves at noon.

## Cargo

Forty crates of oranges lie in the forward hold.
"""


@pytest.fixture
def resources(tmp_path):
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "ship.md").write_text(SHIP)
    with (
        closing(open_database(tmp_path / "data")) as database,
        closing(FolderLibrary(tmp_path / "documents", tmp_path / "data")) as library,
    ):
        library.refresh()
        yield {Library: library, Notebook: SQLiteNotebook(database)}


@pytest.fixture
def ask(turn_of, resources):
    def ask(text: str, user: str = "u_1", **others):
        turn = turn_of(Librarian, text, user=user, resources=resources | others.get("instead", {}))
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


def test_a_question_is_answered_by_the_passage_with_its_file_and_line(ask):
    answer, turn = ask("where do the oranges lie?")
    assert answer == "ship.md:7\n> Forty crates of oranges lie in the forward hold."
    assert turn.all_of("use") == [("search_documents", {"query": "where do the oranges lie?", "limit": 3})]


def test_what_the_documents_do_not_know_is_said_honestly_with_what_it_can_do(ask):
    answer, _ = ask("tell me a joke")
    assert answer.startswith("I found nothing about that in the documents of this server. I can work out sums")


def test_without_documents_it_says_so(ask):
    answer, _ = ask("where do the oranges lie?", instead={Library: NoLibrary()})
    assert answer.startswith("I can't help with that: I have no language model")
    assert "this one has none" in answer


def test_what_it_can_do_is_told_who_asks(ask):
    answer, turn = ask("What can you do?")
    assert answer.startswith("I can work out sums")
    assert not turn.all_of("use")


def test_a_note_is_kept_told_and_forgotten(ask):
    assert ask("Remember that my bikes are red")[0] == 'I\'ll remember: "my bikes are red"'
    assert ask("remember: buy milk")[0] == 'I\'ll remember: "buy milk"'
    told = ask("What did I ask you to remember about my bike?")[0]
    assert told == "You asked me to remember about my bike:\n- my bikes are red"
    assert ask("what are my notes")[0] == "You asked me to remember:\n- buy milk\n- my bikes are red"
    assert ask("forget about the bike")[0] == "I forgot 1 note."
    assert ask("forget about the bike")[0] == "I have no such note."
    assert ask("forget everything")[0] == "I forgot 1 note."
    assert ask("show my notes")[0] == "You asked me to remember nothing."


def test_notes_are_the_users_own(ask):
    ask("remember that the code is 1234", user="u_1")
    assert (
        ask("what do you remember about the code", user="u_2")[0] == "You asked me to remember nothing about the code."
    )
    assert ask("forget everything", user="u_2")[0] == "I have no such note."
    assert ask("what do you remember", user="u_1")[0] == "You asked me to remember:\n- the code is 1234"
