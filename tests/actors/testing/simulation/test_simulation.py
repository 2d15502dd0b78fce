"""One seed, one world: whatever the process, and whatever was simulated before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from actors.testing.simulation import simulate

ROOT = Path(__file__).parents[4]

DIGESTS = """
import logging, structlog
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
from actors.testing.simulation import Scenario, simulate
from server.journal.memory import MemoryJournal
for seed in range(5):
    print(simulate(Scenario(MemoryJournal), seed).ledger.digest())
"""


def digests(hash_seed):
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", DIGESTS], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_the_same_seed_gives_the_same_ledger_whatever_the_hash_seed():
    first, second, third = digests("0"), digests("1"), digests("424242")
    assert first == second == third
    assert len(set(first)) == 5


def test_the_same_seed_gives_the_same_ledger_in_one_process(scenario):
    first, _other, again = (simulate(scenario, seed) for seed in (7, 8, 7))
    assert first.ledger.entries == again.ledger.entries


def test_the_ledger_holds_choices_acts_injections_and_events(scenario):
    kinds = {entry.kind for entry in simulate(scenario, 3).ledger.entries}
    assert {"run", "wake", "act", "inject", "event"} <= kinds


@pytest.mark.parametrize("injections", [0, 1, 3])
def test_fewer_injections_are_the_first_of_them(scenario, injections):
    every, fewer = simulate(scenario, 7), simulate(scenario, 7, injections=injections)
    assert len(fewer.ledger.of("inject")) == injections
    assert fewer.ledger.of("inject") == every.ledger.of("inject")[:injections]
