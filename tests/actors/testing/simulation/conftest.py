"""Scenarios, quietly."""

import logging

import pytest
import structlog

from actors.testing.simulation import Scenario
from server.journal.memory import MemoryJournal


@pytest.fixture(autouse=True)
def quiet():
    """Keep the log of faults that are ordered out of the way: it costs more than the simulation."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture
def scenario():
    return Scenario(MemoryJournal)


@pytest.fixture
def rough_scenario():
    """Commits take their time, disks fail and stall, and the process is killed."""
    return Scenario(MemoryJournal, calamities=3, commit_lag=0.02)
