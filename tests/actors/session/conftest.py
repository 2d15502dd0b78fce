"""A tree of sessions on a runtime of its own, with connections that keep what they get."""

from contextlib import ExitStack

import pytest

from actors.agents.librarian import Librarian
from actors.testing import House, clean_runtime
from server.journal.memory import MemoryJournal


@pytest.fixture
def make_house():
    """Make houses with an environment of the test's choice; all are stopped at the end, and must be empty then."""
    with ExitStack() as worlds:

        def make(agents=(), journal=None, disk=None, **limits):
            # On the hub's time: that the tree keeps its times there, too, is part of what these tests show.
            runtime = worlds.enter_context(clean_runtime(seed=7, dead_letters_expected=True))
            log = journal or MemoryJournal(sink=disk, clock=runtime.clock)
            return House(runtime, log, (Librarian, *agents), **limits)

        yield make


@pytest.fixture
def house(make_house):
    return make_house()


@pytest.fixture
def tab(house):
    return house.tab()
