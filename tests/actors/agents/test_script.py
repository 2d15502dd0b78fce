"""A script is read step by step, and a bad one says which step is wrong and why."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.agents import AgentError
from actors.agents.script import (
    Answer,
    Crash,
    Exit,
    Hang,
    Say,
    Sleep,
    Spin,
    Step,
    Think,
    UseTool,
    UseTools,
    parse_script,
)


@pytest.mark.parametrize(
    ("raw", "step"),
    [
        ({"think": "hm"}, Think("hm")),
        ({"tool": "echo", "arguments": {"value": 1}}, UseTool("echo", {"value": 1})),
        ({"tool": "crash"}, UseTool("crash", {})),
        ({"tools": [{"tool": "a"}, {"tool": "b"}]}, UseTools((UseTool("a"), UseTool("b")))),
        ({"say": "hello", "chunks": 3, "every_ms": 10}, Say("hello", 3, 10)),
        ({"say": "hello"}, Say("hello", 1, 0)),
        ({"sleep_ms": 5}, Sleep(5)),
        ({"spin_ms": 0}, Spin(0)),
        ({"crash": "boom", "until_attempt": 2}, Crash("boom", 2)),
        ({"crash": "boom"}, Crash("boom", None)),
        ({"exit": True}, Exit(exit=True)),
        ({"hang": True}, Hang(hang=True)),
        ({"answer": "42"}, Answer("42")),
    ],
)
def test_every_kind_of_step_is_read(raw: dict[str, object], step: Step):
    assert parse_script(json.dumps({"steps": [raw]})) == (step,)


def test_a_script_without_steps_is_one():
    assert parse_script('{"steps": []}') == ()


def refusal(text: str) -> AgentError:
    with pytest.raises(AgentError) as raised:
        parse_script(text)
    return raised.value


@pytest.mark.parametrize("text", ["", "hello", "[]", "{}", '{"steps": 1}', '{"steps": [1]}', '{"steps": [], "x": 1}'])
def test_a_text_that_is_no_script_is_refused(text: str):
    assert refusal(text).code == "bad_script"
    assert "The text must be JSON" in refusal(text).message


@pytest.mark.parametrize("text", ["[" * 50_000, '{"steps": [' + "[" * 50_000, '{"steps": ["\ud800"]}'])
def test_a_hostile_text_is_refused_like_any_other(text: str):
    assert refusal(text).code == "bad_script"


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({}, "none of them"),
        ({"dance": 1}, "none of them"),
        ({"think": "a", "say": "b"}, "think and say"),
        ({"think": 1}, "Expected `str`, got `int`"),
        ({"say": "a", "chunks": 0}, "`int` >= 1"),
        ({"say": "a", "chunk": 2}, "unknown field `chunk`"),
        ({"sleep_ms": -1}, ">= 0"),
        ({"exit": False}, "Expected `true`"),
        ({"hang": False}, "Expected `true`"),
        ({"tools": [{"arguments": {}}]}, "missing required field `tool`"),
        ({"tool": "a", "arguments": []}, "Expected `object`, got `array`"),
    ],
)
def test_a_bad_step_is_named_with_what_is_wrong(step: dict[str, object], reason: str):
    error = refusal(json.dumps({"steps": [{"think": "fine"}, step]}))
    assert error.code == "bad_script"
    assert error.message.startswith("Step 2")
    assert reason in error.message


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_other_json_is_refused(text: str):
    assert refusal(text).code == "bad_script"
