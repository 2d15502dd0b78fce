import time
from contextlib import contextmanager

import gevent
import pytest
from gevent.event import Event

from server.journal import lull
from server.journal.lull import Lull


@pytest.fixture
def made():
    return Event()


@contextmanager
def restless():
    """Never let the loop come to rest."""

    def spin():
        while True:
            gevent.sleep(0)

    spinning = gevent.spawn(spin)
    try:
        yield
    finally:
        spinning.kill()


def test_a_call_is_made_at_once_where_nobody_is_busy(made, monkeypatch):
    monkeypatch.setattr(lull, "MOST_SECONDS", 3600)
    Lull()(made.set)

    assert not made.is_set()
    assert made.wait(5)


def test_a_call_waits_until_nobody_is_busy_any_more(made, monkeypatch):
    monkeypatch.setattr(lull, "MOST_SECONDS", 3600)
    with restless():
        Lull()(made.set)
        for _ in range(5):
            gevent.sleep(0.001)  # The loop goes round: everybody has a turn, and timers are due.
        assert not made.is_set()

    assert made.wait(5)


def test_a_call_is_made_in_time_though_somebody_is_always_busy(made, monkeypatch):
    monkeypatch.setattr(lull, "MOST_SECONDS", 0.3)
    wait = Lull()
    with restless():
        for _ in range(2):
            asked = time.monotonic()
            wait(made.set)
            assert made.wait(5)
            made.clear()
            # Not quite: it is counted from when the loop last looked at the clock.
            assert time.monotonic() - asked >= 0.1


def test_it_can_be_asked_again_and_again(made):
    calls = []
    wait = Lull()
    for number in range(3):
        wait(lambda number=number: (calls.append(number), made.set()))
        assert made.wait(5)
        made.clear()

    assert calls == [0, 1, 2]
