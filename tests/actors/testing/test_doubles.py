"""The doubles do what their names say, and supervision mends it."""

import time

import pytest
from gevent.event import Event

from actors.runtime.errors import AskTimeout
from actors.runtime.telemetry import Killed, Unkillable
from actors.testing import Crashes, Hangs, IgnoresShutdown, Spins, settle
from actors.testing.doubles import CrashedOnPurpose


def test_crashes_raises_at_its_asker_and_ends(runtime):
    ref = runtime.start(Crashes)
    with pytest.raises(CrashedOnPurpose):
        ref.ask("anything")
    assert not ref.is_alive()


def test_hangs_outlasts_a_stop_and_not_a_kill(runtime, clock):
    ref = runtime.start(Hangs)
    ref.tell("anything")
    settle()
    stopping = ref.stop(block=False)
    clock.advance(3600)
    assert not stopping.done
    ref.kill()
    settle()
    assert stopping.done


def test_ignores_shutdown_is_abandoned_after_its_grace(runtime, clock):
    release, fates = Event(), []
    runtime.telemetry.subscribe(lambda event: fates.append(type(event)))
    ref = runtime.start(IgnoresShutdown, release)
    ref.tell("anything")
    settle()
    ref.kill()
    clock.advance(ref._cell.spec.kill_grace)
    assert fates[-2:] == [Unkillable, Killed]
    release.set()


@pytest.mark.real_time
def test_spins_lets_nobody_else_run(runtime):
    started = time.perf_counter()
    runtime.start(Spins, 0.05).tell("anything")
    with pytest.raises(AskTimeout):
        runtime.start(Hangs).ask("anything", timeout=0.001)
    assert time.perf_counter() - started >= 0.05
