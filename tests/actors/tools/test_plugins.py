"""Tools are found by dotted path and by entry point, and every problem is told at once."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from actors.tools.calculator import calculator
from actors.tools.errors import PluginError
from actors.tools.plugins import TOOLS_GROUP, load_tools

CALCULATOR = "actors.tools.calculator:calculator"
NOTHING = EntryPoints()


def installed(*values: str) -> EntryPoints:
    return EntryPoints(EntryPoint(name=value, value=value, group=TOOLS_GROUP) for value in values)


def test_a_tool_is_loaded_by_its_dotted_path():
    assert load_tools([CALCULATOR], NOTHING) == {"calculator": calculator}


def test_a_tool_is_loaded_by_its_entry_point():
    assert load_tools([], installed(CALCULATOR)) == {"calculator": calculator}


def test_a_tool_that_is_named_twice_is_loaded_once():
    assert list(load_tools([CALCULATOR, CALCULATOR], installed(CALCULATOR))) == ["calculator"]


def test_every_problem_is_told_at_once():
    paths = ["no.such.module:thing", "actors.tools.calculator:nothing", "actors.tools:Tool", "calculator"]
    with pytest.raises(PluginError) as refusal:
        load_tools([*paths, CALCULATOR], NOTHING)
    assert [problem.source for problem in refusal.value.problems] == [f"settings {path}" for path in paths]
    assert "No module named 'no'" in str(refusal.value)


def test_this_environment_is_asked_where_no_entry_points_are_given():
    assert "calculator" in load_tools([CALCULATOR])
