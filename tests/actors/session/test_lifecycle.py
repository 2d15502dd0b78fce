"""The life of a run as a table: which events may follow which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.session.events import (
    KINDS,
    AgentCompleted,
    AgentRestarted,
    AgentStarted,
    AgentThinking,
    Fault,
    MessageAccepted,
    MessageDequeued,
    ToolCompleted,
    ToolExecuting,
    decode,
    encode,
    event,
)
from actors.session.lifecycle import MOVES, Conversation, IllegalEvent, Phase

ACCEPTED = MessageAccepted("hi", None, "librarian", 0)
STARTED = AgentStarted("librarian", 1, 0, 1000)
AGAIN = AgentStarted("librarian", 2, 0, 1000)
THINKING = AgentThinking(1, "hm")
EXECUTING = ToolExecuting("t1", "calculator", {}, 1)
COMPLETED = ToolCompleted.succeeded("t1", "calculator", 1, 2, truncated=False)
RESTARTED = AgentRestarted(2, "crashed", 0)
SUCCESS = AgentCompleted("success", "hello", 1, 1)
DEQUEUED = MessageDequeued("cancelled")


def told(*data, run_id="r1"):
    conversation = Conversation()
    for one in data:
        tell(conversation, one, run_id)
    return conversation


def tell(conversation, data, run_id="r1"):
    conversation.apply(event("s", run_id, conversation.head_seq + 1, 1000, data))


@pytest.mark.parametrize(
    "story",
    [
        [ACCEPTED, DEQUEUED],
        [ACCEPTED, STARTED, SUCCESS],
        [ACCEPTED, STARTED, THINKING, EXECUTING, COMPLETED, THINKING, SUCCESS],
        [ACCEPTED, STARTED, RESTARTED, AGAIN, SUCCESS],
        [ACCEPTED, STARTED, RESTARTED, SUCCESS],
    ],
)
def test_a_legal_story_ends_with_nothing_unfinished(story):
    conversation = told(*story)
    assert conversation.active is None
    assert conversation.queue == []


@pytest.mark.parametrize(
    ("story", "then"),
    [
        ([], STARTED),
        ([], THINKING),
        ([ACCEPTED], ACCEPTED),
        ([ACCEPTED], THINKING),
        ([ACCEPTED], SUCCESS),
        ([ACCEPTED], AGAIN),
        ([ACCEPTED, STARTED], DEQUEUED),
        ([ACCEPTED, STARTED], STARTED),
        ([ACCEPTED, STARTED], AGAIN),
        ([ACCEPTED, STARTED], COMPLETED),
        ([ACCEPTED, STARTED, EXECUTING], EXECUTING),
        ([ACCEPTED, STARTED, EXECUTING], SUCCESS),
        ([ACCEPTED, STARTED, EXECUTING], RESTARTED),
        ([ACCEPTED, STARTED, EXECUTING, COMPLETED], COMPLETED),
        ([ACCEPTED, STARTED, RESTARTED], THINKING),
        ([ACCEPTED, STARTED, RESTARTED], STARTED),
        ([ACCEPTED, STARTED, SUCCESS], SUCCESS),
        ([ACCEPTED, STARTED, SUCCESS], THINKING),
        ([ACCEPTED, DEQUEUED], STARTED),
    ],
)
def test_an_illegal_event_is_refused_and_changes_nothing(story, then):
    conversation = told(*story)
    before = conversation.head_seq
    with pytest.raises(IllegalEvent):
        tell(conversation, then)
    assert conversation.head_seq == before


def test_a_second_run_cannot_start_beside_the_first():
    conversation = told(ACCEPTED, STARTED)
    tell(conversation, ACCEPTED, "r2")
    with pytest.raises(IllegalEvent):
        tell(conversation, STARTED, "r2")


def test_a_gap_in_the_log_is_refused():
    with pytest.raises(IllegalEvent):
        Conversation().apply(event("s", "r1", 2, 0, ACCEPTED))


def test_an_interrupting_message_goes_to_the_front_of_the_queue():
    conversation = told(ACCEPTED, STARTED)
    tell(conversation, MessageAccepted("later", None, "x", 1), "r2")
    tell(conversation, MessageAccepted("now", None, "x", 0), "r3")
    assert [run.run_id for run in conversation.queue] == ["r3", "r2"]


@given(
    st.lists(st.sampled_from([ACCEPTED, DEQUEUED, STARTED, AGAIN, THINKING, EXECUTING, COMPLETED, RESTARTED, SUCCESS]))
)
def test_whatever_is_told_the_fold_keeps_the_promises(story):
    conversation = Conversation()
    ends, open_calls = 0, set()
    for data in story:
        try:
            tell(conversation, data)
        except IllegalEvent:
            continue
        ends += isinstance(data, AgentCompleted | MessageDequeued)
        ends -= isinstance(data, MessageAccepted)
        if isinstance(data, ToolExecuting):
            open_calls.add(data.tool_call_id)
        elif isinstance(data, ToolCompleted):
            open_calls.remove(data.tool_call_id)
        else:
            assert not (open_calls and isinstance(data, AgentCompleted | AgentRestarted | AgentStarted))
    unfinished = conversation.active is not None or bool(conversation.queue)
    assert ends == (-1 if unfinished else 0)


def test_every_kind_of_event_has_its_move():
    moved = {kind for _, kind in MOVES} | {MessageAccepted}
    assert moved == set(KINDS.values())
    assert Phase.OVER not in {phase for phase, _ in MOVES}


@pytest.mark.parametrize(
    "data",
    [
        ACCEPTED,
        STARTED,
        THINKING,
        EXECUTING,
        COMPLETED,
        RESTARTED,
        SUCCESS,
        DEQUEUED,
        ToolCompleted.failed("t1", "x", 1, Fault("timeout", "Too long.")),
    ],
)
def test_an_event_survives_its_encoding(data):
    entry = event("s", "r1", 1, 1000, data)
    assert decode(encode(entry)) == entry
