from hypothesis import given
from hypothesis import strategies as st

from actors.agents.assistant.speech import HELD_CHARACTERS, HELD_SECONDS, Draft, Musing


def test_a_sentence_is_held_until_one_knows_what_it_is():
    draft = Draft()

    assert draft.add("Let me see.", now=1.0) == ""
    assert draft.rest() == "Let me see."


def test_a_long_text_flows():
    draft = Draft()
    long = "x" * (HELD_CHARACTERS + 1)

    assert draft.add(long, now=1.0) == long
    assert draft.add("y", now=1.0) == "y"


def test_a_slow_text_flows():
    draft = Draft()

    assert draft.add("Well", now=1.0) == ""
    assert draft.add(", so", now=1.0 + HELD_SECONDS) == "Well, so"


@given(st.lists(st.tuples(st.text(max_size=90), st.floats(0, 1)), max_size=12))
def test_whatever_the_pieces_they_are_the_text(pieces):
    draft, now, said = Draft(), 0.0, ""
    for text, after in pieces:
        now += after
        said += draft.add(text, now)

    assert said + draft.rest() == "".join(text for text, _ in pieces)


def test_reasoning_is_told_by_the_paragraph():
    musing = Musing()
    paragraph = "x" * 250

    assert musing.add("Short.\n\n") == ""
    assert musing.add(f"{paragraph}\n\nAnd") == f"Short.\n\n{paragraph}"
    assert musing.rest() == "And"
    assert musing.rest() == ""
