import time

import pytest
from gevent.event import Event

from actors.runtime.telemetry import HubBlocked
from actors.runtime.watchdog import Watchdog
from actors.testing.patience import wait_until

SECONDS = 0.1
TRIES = 10
"""How often a busy machine may keep this process waiting, which looks the same as a handler that does."""


@pytest.fixture
def blocked(runtime):
    """What the watchdog says."""
    said = []
    runtime.telemetry.subscribe(lambda event: said.append(event) if isinstance(event, HubBlocked) else None)
    watchdog = Watchdog(runtime, seconds=SECONDS)
    watchdog.start()
    yield said
    watchdog.stop()


def spin(until):
    """Keep the loop from its turn, as a handler does that computes."""
    deadline = time.perf_counter() + until
    while time.perf_counter() < deadline:
        pass


def test_the_actor_that_keeps_the_loop_from_its_turn_is_named(runtime, obedient, blocked):
    said = blocked
    ref = runtime.start(obedient)
    ref.ask(lambda _: None)
    ref.tell(lambda _: spin(4 * SECONDS))

    # On a busy machine the test itself may have kept the loop waiting before.
    assert wait_until(lambda: HubBlocked(ref.address, SECONDS) in said, runtime.clock, 5)
    assert runtime.telemetry.counts[HubBlocked] == len(said)


def test_a_loop_that_only_waits_is_not_blocked(runtime, blocked):
    assert any(quiet(runtime, blocked) for _ in range(TRIES))


def quiet(runtime, said):
    """Wait for longer than a handler may take; tell whether that passed for a handler."""
    before, waited = len(said), Event()
    runtime.clock.call_later(3 * SECONDS, waited.set)
    assert waited.wait(5)
    return len(said) == before
