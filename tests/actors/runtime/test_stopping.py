"""Stops: ahead of the mailbox, bounded, and told to all who wait."""

import pykka
import pytest

from actors.runtime.actor import Actor
from actors.runtime.errors import ActorDied, AskTimeout, Phase
from actors.runtime.reasons import KILLED, NORMAL, shutdown

# Stopping.


def test_a_stop_goes_ahead_of_what_waits(runtime, obedient, gate, chronicle):
    ref = runtime.start(obedient)
    ref.tell(lambda _: gate.hold())
    waiting = ref.ask(lambda _: chronicle.note("ran"), block=False)
    gate.await_visitor()
    stopped = ref.stop(block=False)
    gate.set()

    assert stopped.get()
    with pytest.raises(ActorDied) as caught:
        waiting.get()
    assert caught.value.phase is Phase.QUEUED
    assert chronicle == []


def test_the_handler_that_stops_its_actor_still_answers(runtime, obedient, watch):
    ref = runtime.start(obedient)
    end = watch(ref)

    assert ref.ask(lambda self: (self.stop(), "bye")[1]) == "bye"
    assert end.down().reason is NORMAL


def test_all_who_stop_an_actor_wait_for_the_same_end(runtime, obedient, gate, watch):
    ref = runtime.start(obedient)
    ref.tell(lambda _: gate.hold())
    gate.await_visitor()
    end = watch(ref)
    stops = [ref.stop(block=False) for _ in range(3)]
    gate.set()

    assert pykka.get_all(stops) == [True] * 3
    assert len(end.downs) == 1
    assert ref.stop() is False


def test_a_stop_that_takes_too_long_goes_on(runtime, obedient, gate, watch):
    ref = runtime.start(obedient)
    ref.tell(lambda _: gate.hold())
    gate.await_visitor()
    end = watch(ref)
    with pytest.raises(AskTimeout):
        ref.stop(timeout=0.001)
    gate.set()

    assert end.down().reason is NORMAL


def test_a_stop_can_say_what_it_is_for(runtime, obedient, watch):
    ref = runtime.start(obedient)
    end = watch(ref)
    ref.stop(reason=shutdown("drained"))

    assert end.down().reason == shutdown("drained")


def test_waiting_for_the_stopped_flag_waits_for_the_end(runtime, obedient):
    ref = runtime.start(obedient)
    assert not ref.actor_stopped.wait(0.001)
    ref.stop(block=False)

    assert ref.actor_stopped.wait(5)


def test_the_runtime_stops_everybody_in_the_reverse_order_of_their_start(runtime, chronicle):
    class Last(Actor):
        def on_stop(self):
            chronicle.note(self.address)

    refs = [runtime.start(Last) for _ in range(3)]
    runtime.stop()

    assert [address for (address,) in chronicle] == [ref.address for ref in reversed(refs)]


def test_the_runtime_stops_the_others_though_one_hangs(runtime, obedient, gate, watch):
    others = [runtime.start(obedient)]
    hanging = runtime.start(obedient)
    others.append(runtime.start(obedient))
    hanging.tell(lambda _: gate.hold())
    gate.await_visitor()
    end = watch(hanging)
    runtime.stop(timeout=0.01)

    assert end.down().reason is KILLED
    assert runtime.refs() == []
