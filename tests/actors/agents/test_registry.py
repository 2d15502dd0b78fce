"""Agents are found by dotted path and by entry point, and every problem is told at once."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from actors.agents.librarian import Librarian
from actors.agents.registry import AGENTS_GROUP, AgentCatalog
from actors.agents.rehearsal import Rehearsal
from actors.tools.errors import PluginError

LIBRARIAN = "actors.agents.librarian:Librarian"
REHEARSAL = "actors.agents.rehearsal:Rehearsal"
NOTHING = EntryPoints()


def test_agents_are_loaded_by_their_dotted_paths_in_order():
    catalog = AgentCatalog.load([REHEARSAL, LIBRARIAN], NOTHING)
    assert list(catalog.items()) == [("rehearsal", Rehearsal), ("librarian", Librarian)]


def test_agents_are_loaded_by_their_entry_points_after_the_settings():
    installed = EntryPoints([EntryPoint("any", REHEARSAL, AGENTS_GROUP), EntryPoint("other", "a:b", "elsewhere")])
    assert list(AgentCatalog.load([LIBRARIAN], installed)) == ["librarian", "rehearsal"]


def test_every_agent_that_does_not_load_is_named_with_its_error():
    paths = ["no.such:Agent", "actors.agents:Agent", "actors.agents:Turn", LIBRARIAN]
    with pytest.raises(PluginError) as refusal:
        AgentCatalog.load(paths, NOTHING)
    assert [problem.source for problem in refusal.value.problems] == [f"settings {path}" for path in paths[:3]]
    assert "settings no.such:Agent: ModuleNotFoundError" in str(refusal.value)


def test_two_agents_of_one_name_are_refused():
    twin = type("Twin", (Librarian,), {})
    with pytest.raises(ValueError, match="more than one agent is named librarian"):
        AgentCatalog(Librarian, twin)


def test_a_catalog_cannot_be_changed():
    assert not hasattr(AgentCatalog(Librarian), "__setitem__")


def test_an_unknown_name_is_not_in_the_catalog():
    assert "nobody" not in AgentCatalog(Librarian)


def test_an_agent_made_in_code_goes_in_front_and_may_take_no_name():
    catalog = AgentCatalog(Librarian)

    assert list(catalog.headed_by(Rehearsal)) == ["rehearsal", "librarian"]
    with pytest.raises(PluginError, match="the name 'librarian' is taken"):
        catalog.headed_by(Librarian)
