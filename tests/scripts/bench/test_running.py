"""Contenders are measured in turn; one that fails doesn't keep the others from it."""

import pytest

from scripts.bench.measurements import QUICK, Measurement
from scripts.bench.process import SERVER_CORE, Process, ProcessFailed, python
from scripts.bench.running import Outcome, run


class Turns(Measurement):
    """Has processes say what they are told, but for the one whose process is none."""

    name = "turns"
    contenders = ("asks", "nonsense", "spawns")

    def __init__(self):
        super().__init__(QUICK)
        self.order = []

    def sample(self, contender):
        self.order.append(contender)
        with Process(python("scripts.bench.probes", "greenroom", contender), SERVER_CORE) as probe:
            probe.await_ready()
            return probe.ask(1)


class Unprepared(Turns):
    name = "unprepared"

    def prepare(self):
        raise ProcessFailed("nothing is there")


@pytest.fixture(scope="module")
def outcome():
    outcome, turns, steps = Outcome(), Turns(), []
    run([Unprepared(), turns], outcome, steps.append)
    return outcome, turns, steps


def test_contenders_take_turns(outcome):
    _, turns, steps = outcome

    assert turns.order == ["asks", "nonsense", "spawns", "asks", "spawns"]
    assert steps[:3] == ["unprepared: prepare", "turns: prepare", "turns: asks"]


def test_one_that_fails_is_out_and_the_others_go_on(outcome):
    outcome, _, _ = outcome

    assert {name: len(samples) for name, samples in outcome.samples["turns"].items()} == {"asks": 2, "spawns": 2}


def test_a_failure_says_whose_it_is_and_what_the_process_said_last(outcome):
    outcome, _, _ = outcome
    unprepared, nonsense = outcome.failures

    assert unprepared == "unprepared: nothing is there"
    assert nonsense.startswith("turns, nonsense: ")
    assert "KeyError: 'nonsense'" in nonsense


def test_a_measurement_that_fails_as_a_whole_leaves_no_samples(outcome):
    outcome, _, _ = outcome

    assert "unprepared" not in outcome.samples
