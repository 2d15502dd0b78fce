"""What is shown below a conversation, from what comes of it."""

from actors.session.events import (
    AgentCompleted,
    AgentStarted,
    MessageDelta,
    Progress,
    ToolCompleted,
    ToolExecuting,
    event,
)
from server.client import State
from server.commands.chat.standing import SHOWN_LINES, Standing


def standing(*seen, now=10.0):
    made = Standing()
    made.connection(State("connected"), 0.0)
    for each in seen:
        made.take(each, now)
    return made


def logged(data):
    return event("s", "r", 1, 0, data)


def words(made, now=10.0, width=60, queued=0):
    return "".join(text for _, text in made.lines(now, width, queued))


STARTED = logged(AgentStarted("librarian", 1, 0, 120_000))
CALLED = logged(ToolExecuting("tc", "wait", {}, 1))
RETURNED = logged(ToolCompleted.succeeded("tc", "wait", 5, None, truncated=False))
ENDED = logged(AgentCompleted("success", "", 5, 1))
SAID = MessageDelta("s", "r", 0, "so far")


def test_nothing_is_shown_where_nothing_happens():
    assert words(Standing()) == "connecting …\n"
    assert words(standing()) == words(standing(STARTED, CALLED, SAID, ENDED)) == ""


def test_a_run_shows_what_it_does_and_for_how_long():
    assert words(standing(STARTED), now=12.5).endswith(" working  2.5 s\n")
    assert "using wait" in words(standing(STARTED, CALLED))
    assert "working" in words(standing(STARTED, CALLED, RETURNED))
    assert words(standing(STARTED, SAID)).startswith("so far\n")
    assert "writing" in words(standing(STARTED, SAID))


def test_a_silent_run_shows_what_it_waits_on_until_it_says_something():
    silent = [STARTED, CALLED, Progress("s", "r", 7000, "tool:wait")]

    assert words(standing(*silent)).endswith("waits on wait  7.0 s\n")
    assert "waits on the model" in words(standing(STARTED, Progress("s", "r", 7000, "model")))
    assert "waits" not in words(standing(*silent, RETURNED))


def test_another_attempt_writes_from_the_beginning():
    again = standing(STARTED, SAID, STARTED, MessageDelta("s", "r", 0, "anew"))

    assert words(again).startswith("anew\n")


def test_a_run_that_is_joined_keeps_what_was_said_and_its_time_and_one_that_ended_is_not_begun_again():
    joined = standing(SAID)
    joined.attend("r", 3000, 10.0)
    assert words(joined).startswith("so far\n")
    assert words(joined).endswith("writing  3.0 s\n")

    over = standing(SAID, ENDED)
    over.attend("r", 3000, 10.0)
    assert words(over) == ""


def test_a_long_answer_is_shown_by_its_end_and_broken_where_the_terminal_would():
    long = standing(STARTED, MessageDelta("s", "r", 0, "\n".join(f"line {number}" for number in range(50))))
    wide = standing(STARTED, MessageDelta("s", "r", 0, "字" * 10))

    assert words(long).splitlines()[:-1] == [f"line {number}" for number in range(50 - SHOWN_LINES, 50)]
    assert words(wide, width=8).splitlines()[:-1] == ["字字字字", "字字字字", "字字"]


def test_the_line_to_the_server_counts_down_to_the_next_attempt():
    lost = standing(STARTED)
    lost.connection(State("waiting", "1006", 4.0), 10.0)

    assert "not connected, trying again in 4 s" in words(lost, now=10.0)
    assert "not connected, trying again in 1 s" in words(lost, now=13.0)
    assert "2 queued" in words(lost, queued=2)
