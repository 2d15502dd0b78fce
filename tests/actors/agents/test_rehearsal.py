"""The rehearsal does exactly what the script says."""

import json
import time
from typing import Any

import gevent
import pytest

from actors.agents import AgentError
from actors.agents.errors import ScriptedCrash, ToolCrash
from actors.agents.rehearsal import Rehearsal, pieces
from actors.agents.rehearsal_tools import big, charge, crash, echo, fail, wait
from actors.tools import ToolFailed


@pytest.fixture
def play(turn_of):
    def play(*steps: dict[str, Any], attempt: int = 1):
        turn = turn_of(Rehearsal, json.dumps({"steps": steps}), attempt)
        return Rehearsal().run(turn), turn

    return play


def test_a_thought_is_shown_once(play):
    assert play({"think": "hm"})[1].done == [("think", "hm")]


def test_a_tool_is_called_with_its_arguments(play):
    assert play({"tool": "echo", "arguments": {"value": [1]}})[1].done == [("use", ("echo", {"value": [1]}))]


def test_an_argument_may_have_any_name(play):
    assert play({"tool": "echo", "arguments": {"tool": 1, "self": 2}})[1].all_of("failed") == ["bad_arguments"]


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ({"tool": "fail", "arguments": {"message": "no"}}, "failed"),
        ({"tool": "crash"}, "crashed"),
        ({"tool": "nothing"}, "not_found"),
        ({"tool": "echo"}, "bad_arguments"),
    ],
)
def test_the_script_goes_on_after_a_call_that_failed(play, step, code):
    answer, turn = play(step, {"answer": "on"})
    assert turn.all_of("failed") == [code]
    assert answer == "on"


def test_calls_side_by_side_go_on_after_one_failed(play):
    step = {"tools": [{"tool": "crash"}, {"tool": "echo", "arguments": {"value": 1}}]}
    assert [name for name, _ in play(step)[1].all_of("use")] == ["crash", "echo"]


def test_a_text_is_said_in_its_chunks(play):
    answer, turn = play({"say": "hello world", "chunks": 3, "every_ms": 1})
    assert len(turn.all_of("say")) == 3
    assert answer == "".join(turn.all_of("say")) == "hello world"


def test_chunks_are_apart_by_their_interval(play):
    began = time.monotonic()
    play({"say": "abc", "chunks": 3, "every_ms": 20})
    assert time.monotonic() - began >= 0.04


def test_the_answer_is_all_that_was_said(play):
    assert play({"say": "one "}, {"think": "hm"}, {"say": "two"})[0] == "one two"


def test_an_answer_stands_for_what_was_said(play):
    assert play({"say": "one"}, {"answer": "two"}, {"say": "three"})[0] == "two"


def test_an_empty_answer_is_an_answer(play):
    assert play({"say": "one"}, {"answer": ""})[0] == ""


def test_a_script_without_words_answers_nothing(play):
    assert play({"sleep_ms": 1})[0] == ""


def test_sleeping_lets_others_run(play):
    other = gevent.spawn(lambda: None)
    play({"sleep_ms": 5})
    assert other.dead


def test_spinning_lets_nobody_run(play):
    other = gevent.spawn(lambda: None)
    began = time.perf_counter()
    play({"spin_ms": 20})
    assert time.perf_counter() - began >= 0.02
    assert not other.dead
    other.kill()


def test_a_crash_without_an_end_happens_in_every_attempt(play):
    with pytest.raises(ScriptedCrash, match="boom"):
        play({"crash": "boom"}, attempt=7)


def test_a_crash_happens_up_to_its_attempt(play):
    with pytest.raises(ScriptedCrash):
        play({"crash": "boom", "until_attempt": 2}, attempt=2)


def test_after_its_last_attempt_a_crash_is_passed_by(play):
    assert play({"crash": "boom", "until_attempt": 2}, {"answer": "on"}, attempt=3)[0] == "on"


def test_an_exit_raises_system_exit(play):
    with pytest.raises(SystemExit):
        play({"exit": True})


def test_a_hang_never_returns_by_itself(play):
    hanging = gevent.spawn(play, {"hang": True})
    gevent.joinall([hanging], timeout=0.02)
    assert not hanging.dead
    hanging.kill()
    assert hanging.dead


def test_a_text_that_is_no_script_is_the_users_error(turn_of):
    with pytest.raises(AgentError) as refusal:
        Rehearsal().run(turn_of(Rehearsal, "hello"))
    assert refusal.value.code == "bad_script"


@pytest.mark.parametrize(
    ("text", "count", "cut"),
    [("abcd", 2, ["ab", "cd"]), ("abc", 2, ["a", "bc"]), ("ab", 5, ["a", "b"]), ("", 3, []), ("abc", 1, ["abc"])],
)
def test_a_text_is_cut_into_pieces_of_nearly_one_length(text, count, cut):
    assert list(pieces(text, count)) == cut


def test_echo_returns_its_value():
    assert echo(value={"a": 1}) == {"a": 1}


def test_wait_waits():
    began = time.monotonic()
    wait(seconds=0.02)
    assert time.monotonic() - began >= 0.02


def test_fail_raises_its_message():
    with pytest.raises(ToolFailed, match="no"):
        fail(message="no")


def test_crash_is_no_failed_call():
    with pytest.raises(ToolCrash):
        crash()


def test_big_is_as_big_as_asked():
    assert len(big(bytes=100_000)) == 100_000


def test_only_charge_is_not_to_be_called_again():
    assert [tool for tool in Rehearsal.tools if not tool.idempotent] == [charge]
