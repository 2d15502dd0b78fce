import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.agents import Exchange
from actors.agents.assistant.messages import (
    MAX_RESULT,
    calls_to_make,
    continued,
    offered,
    opening,
    tokens,
    within,
)
from actors.agents.assistant.reply import Reply, ToolCall
from actors.tools import Call, ToolFailed
from actors.tools.calculator import calculator

EXCHANGES = st.lists(st.builds(Exchange, st.text(max_size=40), st.text(max_size=40)), max_size=8)


def cost(exchanges):
    return sum(tokens(exchange.text) + tokens(exchange.answer) for exchange in exchanges)


def test_a_token_is_three_bytes_and_a_message_four_more():
    assert [tokens(text) for text in ("", "abc", "abcd", "日本")] == [4, 5, 6, 6]


@given(EXCHANGES, st.integers(0, 400))
def test_the_history_is_the_longest_latest_part_that_the_budget_holds(history, budget):
    kept = within(history, budget)

    assert kept == history[len(history) - len(kept) :]
    assert cost(kept) <= budget
    assert kept == history or cost(history[len(history) - len(kept) - 1 :]) > budget


def test_a_conversation_begins_with_the_instructions_and_ends_with_the_message():
    messages = opening("Be kind.", [Exchange("Hi", "Hello"), Exchange("And?", "")], "Now?")

    assert [(message["role"], message["content"]) for message in messages] == [
        ("system", "Be kind."),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "Now?"),
    ]


def test_tools_are_described_by_their_schemas():
    (described,) = offered([calculator])

    assert described["function"]["name"] == "calculator"
    assert described["function"]["parameters"]["required"] == ["expression"]


def called(*calls, **fields):
    return Reply(calls=[ToolCall(f"c{place}", *call) for place, call in enumerate(calls)], **fields)


@pytest.mark.parametrize("arguments", ["", "  ", "{}"])
def test_no_arguments_are_none(arguments):
    assert calls_to_make(called(("now", arguments))) == [Call("now", {})]


@pytest.mark.parametrize("arguments", ['{"a": ', "[1]", "null", '"{}"', "[" * 100_000, r'{"a": "\ud83d"}'])
def test_arguments_that_are_none_are_a_call_with_a_problem_that_shows_nothing_of_them(arguments):
    (call,) = calls_to_make(called(("add", arguments)))

    assert call.arguments == {}
    assert call.problem.startswith("add: the arguments ")


def test_a_call_without_a_name_gets_one():
    assert calls_to_make(called(("", "{}")))[0].tool == "unnamed"


def told(outcome, arguments="{}"):
    """Return what the model is told of one call, and how it is reminded of it."""
    reply = called(("add", arguments), text="So:", reasoning="Hm.")
    asked, answer = continued(reply, calls_to_make(reply), [outcome])
    assert (asked["content"], asked["reasoning_content"]) == ("So:", "Hm.")
    assert answer["tool_call_id"] == asked["tool_calls"][0]["id"] == "c0"
    return answer["content"], asked["tool_calls"][0]["function"]


def test_results_are_told_as_json_and_texts_as_they_are():
    assert told({"a": [1, None]})[0] == '{"a":[1,null]}'
    assert told("plain")[0] == "plain"


@pytest.mark.parametrize("result", [2**70, {1, 2}, object, {"a": 2**70}, "\ud83d"])
def test_any_result_at_all_can_be_told(result):
    assert told(result)[0].encode()


def test_a_long_result_is_cut_and_says_so():
    content, _ = told("x" * (MAX_RESULT + 1))

    assert len(content) < MAX_RESULT + 100
    assert content.endswith(f"the whole has {MAX_RESULT + 1} characters)")


def test_a_failure_is_told_with_its_code():
    assert json.loads(told(ToolFailed("timeout", "Too slow."))[0]) == {
        "error": {"code": "timeout", "message": "Too slow."}
    }


def test_arguments_that_are_none_are_told_back_and_not_sent_as_if_they_were_some():
    content, function = told(ToolFailed("bad_arguments", "No JSON."), '{"a": ')

    assert json.loads(content)["error"]["arguments"] == '{"a": '
    assert function["arguments"] == "{}"
