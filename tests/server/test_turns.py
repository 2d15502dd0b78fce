import time
from itertools import count

import gevent
import pytest
from gevent.event import Event

from server import turns
from server.journal import lull
from server.journal.lull import Lull
from server.turns import give_way

SLICE = 0.001


@pytest.fixture
def working():
    """Work that takes for ever, a slice at a time; the slices so far."""
    done = []

    def work():
        for number in count():
            end = time.perf_counter() + SLICE
            while time.perf_counter() < end:
                pass
            done.append(number)
            give_way()

    greenlet = gevent.spawn(work)
    yield done
    greenlet.kill()


def test_what_waits_for_a_lull_has_it_after_a_slice(working, monkeypatch):
    monkeypatch.setattr(lull, "MOST_SECONDS", 3600)
    gevent.sleep(0.01)
    before, made = len(working), Event()
    Lull()(made.set)

    assert made.wait(5)
    assert len(working) - before <= 3


def test_work_goes_on_though_somebody_is_always_busy(working, monkeypatch):
    monkeypatch.setattr(turns, "MOST_SECONDS", 0.002)
    with gevent.Timeout(5):
        while len(working) < 5:
            gevent.sleep(0)
