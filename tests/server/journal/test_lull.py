import time

import gevent
import pytest
from gevent.event import Event

from server.journal import lull
from server.journal.lull import Lull


@pytest.fixture
def made():
    return Event()


def test_a_call_is_made_at_once_where_nobody_is_busy(made, monkeypatch):
    monkeypatch.setattr(lull, "MOST_SECONDS", 3600)
    Lull(lambda: False)(made.set)

    assert not made.is_set()
    assert made.wait(5)


def test_a_call_waits_until_nobody_is_busy_any_more(made, monkeypatch):
    monkeypatch.setattr(lull, "MOST_SECONDS", 3600)
    answers = [True] * 10
    Lull(lambda: bool(answers) and answers.pop())(made.set)

    assert made.wait(5)
    assert answers == []


def test_a_call_is_made_in_time_though_somebody_is_always_busy(made):
    asked = time.monotonic()
    Lull(lambda: True)(made.set)

    assert made.wait(5)
    assert time.monotonic() - asked >= lull.MOST_SECONDS


def test_the_loop_goes_on_while_a_call_waits(made):
    ticks = []
    Lull(lambda: True)(made.set)
    while not made.is_set():
        ticks.append(gevent.sleep(0.001))

    assert len(ticks) > 1


def test_it_can_be_asked_again_and_again(made):
    calls = []
    wait = Lull(lambda: False)
    for number in range(3):
        wait(lambda number=number: (calls.append(number), made.set()))
        assert made.wait(5)
        made.clear()

    assert calls == [0, 1, 2]
