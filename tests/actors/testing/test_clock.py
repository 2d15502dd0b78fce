"""Virtual time: nothing happens until it is advanced, and then in order."""

import gevent
import pytest
from gevent import get_hub

from actors.runtime.actor import Actor
from actors.runtime.errors import AskTimeout
from actors.runtime.pause import hang, sleep
from actors.testing import Hangs, Probe, settle


class Sleeper(Actor):
    def on_receive(self, message):
        sleep(message)
        return self.runtime.clock.monotonic()


def test_time_stands_still_until_it_is_advanced(clock):
    before = clock.monotonic(), clock.epoch_ms()
    gevent.sleep(0.01)
    assert (clock.monotonic(), clock.epoch_ms()) == before

    clock.advance(1.5)
    assert (clock.monotonic() - before[0], clock.epoch_ms() - before[1]) == (1.5, 1500)


def test_timers_fire_in_order_each_at_its_time(clock):
    fired = []
    for seconds in (3, 1, 2, 1):
        clock.call_later(seconds, lambda due=seconds: fired.append((due, clock.monotonic())))
    clock.advance(2.5)
    assert fired == [(1, 1.0), (1, 1.0), (2, 2.0)]
    clock.advance(1)
    assert fired[3:] == [(3, 3.0)]


def test_a_cancelled_timer_does_not_fire(clock):
    clock.call_later(1, lambda: pytest.fail("it was cancelled")).cancel()
    assert clock.next_due() is None
    clock.advance(2)


def test_a_timer_set_by_a_timer_fires_in_the_same_advance(clock):
    fired = []
    clock.call_later(1, lambda: clock.call_later(1, lambda: fired.append(clock.monotonic())))
    clock.advance(5)
    assert fired == [2.0]


def test_an_actor_sleeps_on_its_runtimes_clock(runtime, clock):
    woken = runtime.start(Sleeper).ask(3600, block=False, timeout=None)
    clock.advance(3599)
    assert not woken.done
    clock.advance(1)
    assert woken.get() == 3600.0


def test_outside_of_actors_sleep_goes_by_the_hub():
    started = get_hub().loop.now()
    sleep(0.01)
    assert get_hub().loop.now() - started >= 0.009


def test_an_ask_runs_out_of_time_on_the_clock_of_the_one_who_was_asked(runtime, clock):
    asking = gevent.spawn(runtime.start(Hangs).ask, "anything", timeout=60)
    clock.advance(59)
    assert not asking.ready()
    clock.advance(1)
    with pytest.raises(AskTimeout):
        asking.get()


def test_an_ask_between_actors_runs_out_of_time_on_their_clock(runtime, clock):
    class Asker(Actor):
        def on_receive(self, other):
            return other.ask("anything", timeout=60)

    asked = runtime.start(Asker).ask(runtime.start(Hangs), block=False, timeout=None)
    clock.advance(60)
    with pytest.raises(AskTimeout):
        asked.get()


def test_what_hangs_hangs_until_it_is_killed(runtime, clock):
    class Stuck(Actor):
        def on_receive(self, message):
            hang()

    ref = runtime.start(Stuck)
    ref.tell("anything")
    clock.advance(10_000)
    assert ref.is_alive()
    ref.kill()
    settle()
    assert not ref.is_alive()


def test_a_probe_advances_the_clock_only_as_far_as_it_must(runtime, clock):
    probe = Probe(runtime)
    clock.call_later(30, lambda: probe.ref.tell("late"))
    clock.call_later(40, lambda: None)
    assert probe.expect(str, within=60) == "late"
    assert clock.monotonic() == 30.0


@pytest.mark.real_time
def test_a_test_may_choose_real_time(runtime):
    started = runtime.clock.monotonic()
    assert runtime.start(Sleeper).ask(0.01) >= started + 0.009
