import time

import pytest
from gevent.event import Event

from actors.runtime.telemetry import HubBlocked
from actors.runtime.watchdog import Watchdog

SECONDS = 0.1
TRIES = 10
"""How often a busy machine may keep this process waiting, which looks the same as a handler that does."""


@pytest.fixture
def blocked(runtime):
    """What the watchdog says, and an event that is set once it does."""
    told, said = Event(), []

    def note(event):
        if isinstance(event, HubBlocked):
            said.append(event)
            told.set()

    runtime.telemetry.subscribe(note)
    watchdog = Watchdog(runtime, seconds=SECONDS)
    watchdog.start()
    yield said, told
    watchdog.stop()


def spin(until):
    """Keep the loop from its turn, as a handler does that computes."""
    deadline = time.perf_counter() + until
    while time.perf_counter() < deadline:
        pass


def test_the_actor_that_keeps_the_loop_from_its_turn_is_named(runtime, obedient, blocked):
    said, told = blocked
    ref = runtime.start(obedient)
    ref.ask(lambda _: None)
    ref.tell(lambda _: spin(4 * SECONDS))

    assert told.wait(5)
    assert said[0] == HubBlocked(ref.address, SECONDS)
    assert runtime.telemetry.counts[HubBlocked] == len(said)


def test_a_loop_that_only_waits_is_not_blocked(runtime, blocked):
    said, _ = blocked

    assert any(quiet(runtime, said) for _ in range(TRIES))


def quiet(runtime, said):
    """Wait for longer than a handler may take; tell whether that passed for a handler."""
    before, waited = len(said), Event()
    runtime.clock.call_later(3 * SECONDS, waited.set)
    assert waited.wait(5)
    return len(said) == before
