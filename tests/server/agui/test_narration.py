"""That a client that comes back hears exactly what it lacks, wherever it was cut off."""

import pytest

from actors.session.events import (
    AgentCompleted,
    AgentRestarted,
    AgentStarted,
    AgentThinking,
    Fault,
    MessageAccepted,
    MessageDelta,
    MessageDequeued,
    ToolCompleted,
    ToolExecuting,
    Usage,
    event,
)
from server.agui.narration import Narration
from server.agui.position import Position, Said, position_of

EPOCH = "0123abcd"


def delta(offset, text):
    return MessageDelta("s_1", "r_1", offset, text)


def completed(outcome="success", text="", **more):
    return AgentCompleted(outcome, text, 5, 2, **more)


ENDS = {
    "as it was said": completed(text="zwölf 🧑‍🚀 drei"),
    "with more": completed(text="zwölf 🧑‍🚀 drei und mehr", usage=Usage(1, 2)),
    "in other words": completed(text="twelve"),
    "without words": completed(text=""),
    "in an error": completed("error", "zwölf 🧑‍🚀 drei", error=Fault("failed", "no")),
    "by a cancel": completed("cancelled", "zwölf 🧑‍🚀 drei"),
    "out of time": completed("timed_out", "zwölf 🧑‍🚀 drei"),
}


def story(end):
    return [
        MessageAccepted("hello", "c", "a", 0),
        AgentStarted("a", 1, 0, 1000),
        AgentThinking(1, "hm"),
        delta(0, "first "),
        delta(6, "try"),
        ToolExecuting("tc_1", "echo", {"value": 1}, 1),
        ToolCompleted.failed("tc_1", "echo", 1, Fault("cancelled", "over")),
        AgentRestarted(2, "it crashed", 0),
        AgentStarted("a", 2, 0, 900),
        AgentThinking(1, ""),
        delta(0, "zwölf "),
        ToolExecuting("tc_2", "echo", {"value": 1}, 1),
        ToolExecuting("tc_3", "echo", {"value": 2}, 1),
        ToolCompleted.succeeded("tc_3", "echo", 1, {"a": [1]}, truncated=False),
        ToolCompleted.succeeded("tc_2", "echo", 1, "text", truncated=False),
        delta(6, "🧑‍🚀 drei"),
        end,
    ]


def tell(narration, story):
    """Tell a story from its beginning: deltas are told live, or not at all."""
    told, seq = [], 0
    for part in story:
        if isinstance(part, MessageDelta):
            told += narration.hear_delta(part.offset, part.text)
        else:
            seq += 1
            told += narration.hear(event("s_1", "r_1", seq, 0, part))
    return told


def without_deltas(story):
    return [part for part in story if not isinstance(part, MessageDelta)]


def beside_words(told):
    return [one.event.model_dump() for one in told if not one.event.type.startswith("TEXT_")]


def messages(told):
    """Return the texts by message; each is opened once, before its first word, and closed once, after its last."""
    texts, closed = {}, set()
    for words in [one.event for one in told if one.event.type.startswith("TEXT_")]:
        assert words.message_id not in closed
        if words.type == "TEXT_MESSAGE_START":
            assert words.message_id not in texts
            texts[words.message_id] = ""
        elif words.type == "TEXT_MESSAGE_CONTENT":
            texts[words.message_id] += words.delta
        else:
            closed.add(words.message_id)
    assert closed == texts.keys()
    return texts


@pytest.mark.parametrize("end", ENDS)
def test_two_parts_of_a_telling_are_the_whole_wherever_it_was_cut(end):
    whole = tell(Narration("t", "c", EPOCH, None), story(ENDS[end]))
    for cut in range(1, len(whole) + 1):
        position = position_of(str(whole[cut - 1].position))

        rest = tell(Narration("t", "c", EPOCH, position), without_deltas(story(ENDS[end])))

        both = [*whole[:cut], *rest]
        assert beside_words(both) == beside_words(whole), position
        texts = messages(both)
        if ENDS[end].text:
            assert list(texts.values())[-1] == ENDS[end].text, position
        if end in {"as it was said", "with more", "in an error", "by a cancel", "out of time"}:
            assert not any(message_id.endswith("-whole") for message_id in texts), position


def test_a_telling_that_is_cut_nowhere_says_everything_once():
    whole = tell(Narration("t", "c", EPOCH, None), story(ENDS["with more"]))

    assert messages(whole) == {"c-1": "first try", "c-2": "zwölf 🧑‍🚀 drei und mehr"}
    assert [one.event.type for one in whole].count("RUN_STARTED") == 1
    assert whole[-1].event.model_dump()["usage"] == [{"input_tokens": 1, "output_tokens": 2}]
    assert len({str(one.position) for one in whole}) == len(whole)


def test_pieces_that_were_dropped_come_with_the_end():
    parts = [AgentStarted("a", 1, 0, 1), delta(0, "one "), delta(8, "three"), completed(text="one two three")]
    told = tell(Narration("t", "c", EPOCH, None), parts)

    assert [one.event.delta for one in told if one.event.type == "TEXT_MESSAGE_CONTENT"] == ["one ", "two three"]


def test_pieces_that_were_told_in_part_are_told_for_the_rest():
    narration = Narration("t", "c", EPOCH, None)
    tell(narration, [AgentStarted("a", 1, 0, 1), delta(0, "one ")])

    [told] = narration.hear_delta(0, "one two")
    assert told.event.delta == "two"
    assert narration.hear_delta(0, "one") == []


def test_a_message_that_never_ran_is_a_run_that_was_cancelled():
    told = tell(Narration("t", "c", EPOCH, None), [MessageAccepted("x", "c", "a", 1), MessageDequeued("cancelled")])

    assert [one.event.type for one in told] == ["RUN_STARTED", "RUN_FINISHED"]
    assert told[-1].event.outcome.type == "cancelled"


@pytest.mark.parametrize(
    "position",
    [Position(EPOCH, 0), Position("e", 12, Said(3, 255)), Position("e", 1, None, 2), Position("e", 9, Said(), 1)],
)
def test_a_position_is_read_as_it_was_written(position):
    assert position_of(str(position)) == position


@pytest.mark.parametrize(
    "text", ["", "x", "e:", "e:1:", "e:1:2-3", "e:1+", "e:-1", "e:1 ", "e:1:2-0000000G", "é:1", "e:¹"]
)
def test_what_is_no_position_is_none(text):
    assert position_of(text) is None
