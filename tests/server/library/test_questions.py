"""Greenroom's own documents answer what people ask about it, and say nothing about what they don't know."""

from contextlib import closing

import pytest

from server.library.library import MANUAL, FolderLibrary
from tests.server.library.questions import NONSENSE, QUESTIONS


@pytest.fixture(scope="module")
def manual(tmp_path_factory):
    with closing(FolderLibrary(MANUAL, tmp_path_factory.mktemp("data"))) as library:
        library.refresh()
        yield library


def answers(found, path, piece):
    return bool(found) and found[0].path.startswith(path) and piece in found[0].text


def test_nine_questions_in_ten_get_the_right_passage_first(manual):
    wrong = [question for question, right in QUESTIONS.items() if not answers(manual.search(question, 3), *right)]
    assert len(QUESTIONS) >= 20
    assert len(wrong) <= len(QUESTIONS) / 10, wrong


@pytest.mark.parametrize("question", NONSENSE)
def test_nonsense_finds_nothing(manual, question):
    assert manual.search(question, 3) == []


@pytest.mark.parametrize("question", ["", "?", "what is the", '"', "a OR b) NEAR(", "* ^ -", "x" * 900, "\0", "ä" * 50])
def test_a_hostile_question_is_no_error(manual, question):
    assert manual.search(question, 3) == []
