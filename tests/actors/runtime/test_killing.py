"""Kills, wherever they strike, and abandonment where nothing else helps."""

import pytest
from gevent.event import Event

from actors.runtime.actor import Actor
from actors.runtime.errors import ActorDied, ActorKilled, Phase
from actors.runtime.messages import Down
from actors.runtime.reasons import KILLED, NORMAL
from actors.runtime.specs import ChildSpec
from tests.actors.runtime.witnesses import Hooked

# Killing: one Down each, and nothing left behind.


def the_only_down(runtime, ref, end, settle):
    down = end.down()
    settle()
    assert end.downs == [Down(ref.address, 1, down.reason)]
    assert runtime.ref(ref.address) is None
    return down.reason


def test_killing_an_idle_actor_ends_it(runtime, obedient, watch, settle):
    ref = runtime.start(obedient)
    ref.ask(lambda _: None)
    end = watch(ref)
    ref.kill()

    assert the_only_down(runtime, ref, end, settle) is KILLED


def test_killing_a_busy_actor_raises_in_its_handler(runtime, obedient, gate, watch, settle, chronicle):
    def hold(_):
        try:
            gate.hold()
        except ActorKilled as killed:
            chronicle.note("killed", str(killed))
            raise

    ref = runtime.start(obedient)
    ref.tell(hold)
    gate.await_visitor()
    end = watch(ref)
    ref.kill()

    assert the_only_down(runtime, ref, end, settle) is KILLED
    assert chronicle == [("killed", ref.address)]


def test_killing_goes_through_except_exception(runtime, obedient, gate, watch, settle):
    def robust(_):
        try:
            gate.hold()
        except Exception:
            return

    ref = runtime.start(obedient)
    ref.tell(robust)
    gate.await_visitor()
    end = watch(ref)
    ref.kill()

    assert the_only_down(runtime, ref, end, settle) is KILLED


def test_killing_an_actor_in_on_start_ends_it(runtime, gate, watch, settle):
    class Slow(Actor):
        def on_start(self):
            gate.hold()

    ref = runtime.start(Slow)
    gate.await_visitor()
    end = watch(ref)
    ref.kill()

    assert the_only_down(runtime, ref, end, settle) is KILLED


def test_killing_an_actor_in_its_constructor_ends_it(runtime, gate, watch, settle):
    class Slow(Actor):
        def __init__(self):
            gate.hold()

    ref = runtime.supervise(ChildSpec("slow", Slow))
    gate.await_visitor()
    end = watch(ref)
    ref.kill()

    assert the_only_down(runtime, ref, end, settle) is KILLED


def test_killing_an_actor_in_on_terminate_ends_it(runtime, gate, watch, settle):
    class Lingering(Actor):
        def on_terminate(self, reason):
            gate.hold()

    ref = runtime.start(Lingering)
    end = watch(ref)
    ref.stop(block=False)
    gate.await_visitor()
    ref.kill()

    assert the_only_down(runtime, ref, end, settle) is NORMAL


def test_killing_twice_ends_once(runtime, obedient, gate, watch, settle):
    ref = runtime.start(obedient)
    ref.tell(lambda _: gate.hold())
    gate.await_visitor()
    end = watch(ref)
    ref.kill()
    ref.kill()

    assert the_only_down(runtime, ref, end, settle) is KILLED
    ref.kill()
    settle()
    assert len(end.downs) == 1


def test_killing_an_actor_before_it_started_ends_it(runtime, chronicle, watch, settle):
    ref = runtime.start(Hooked, chronicle)
    end = watch(ref)
    ref.kill()

    assert the_only_down(runtime, ref, end, settle) is KILLED
    assert ("on_start",) not in chronicle


def test_an_actor_can_kill_itself(runtime, obedient, watch, settle):
    ref = runtime.start(obedient)
    end = watch(ref)
    with pytest.raises(ActorDied):
        ref.ask(lambda self: self.actor_ref.kill())

    assert the_only_down(runtime, ref, end, settle) is KILLED


def test_a_kill_and_a_stop_at_once_end_it_once(runtime, obedient, gate, watch, settle):
    ref = runtime.start(obedient)
    ref.tell(lambda _: gate.hold())
    gate.await_visitor()
    end = watch(ref)
    stopped = ref.stop(block=False)
    ref.kill()

    assert stopped.get()
    assert the_only_down(runtime, ref, end, settle) is KILLED


def test_a_kill_is_not_lost_when_the_handler_returns_before_it_strikes(runtime, obedient, gate, fates, watch, settle):
    """The handler is woken in the turn in which the kill is due, and before it."""
    ref = runtime.start(obedient)
    ref.tell(lambda _: gate.hold())
    gate.await_visitor()
    end = watch(ref)
    gate.set()
    ref.kill()

    assert the_only_down(runtime, ref, end, settle) is KILLED
    assert ("unkillable", ref.address) not in fates


def test_a_handler_that_swallows_the_kill_and_returns_is_killed_all_the_same(runtime, obedient, gate, fates, watch):
    def swallow(_):
        try:
            gate.hold()
        except ActorKilled:
            return "swallowed"

    ref = runtime.start(obedient)
    ask = ref.ask(swallow, block=False)
    gate.await_visitor()
    end = watch(ref)
    ref.kill()

    assert ask.get() == "swallowed"
    assert end.down().reason is KILLED
    assert ("unkillable", ref.address) not in fates


def test_a_kill_spares_the_last_hook_of_a_handler_that_returned_before_it_struck(runtime, gate, watch, fates):
    let_go = Event()

    class Lingering(Actor):
        def on_receive(self, message):
            gate.hold()

        def on_terminate(self, reason):
            let_go.wait()

    ref = runtime.start(Lingering)
    ref.tell("hold")
    gate.await_visitor()
    end = watch(ref)
    gate.set()
    ref.kill()
    runtime.clock.call_later(0.01, let_go.set)

    assert end.down().reason is KILLED
    assert ("terminate_failed", ref.address) not in fates


# Abandoning.


def unkillable(runtime, obedient, gate, **spec):
    ref = runtime.supervise(ChildSpec("stubborn", obedient, kill_grace=0.01, **spec))
    ref.tell(lambda _: gate.hold_through_everything())
    gate.await_visitor()
    return ref


def test_an_actor_that_swallows_its_kill_is_abandoned(runtime, obedient, gate, fates, watch, settle):
    ref = unkillable(runtime, obedient, gate)
    end = watch(ref)
    ref.kill()

    assert the_only_down(runtime, ref, end, settle) is KILLED
    assert fates == [("unkillable", "stubborn"), ("ended", "stubborn")]


def test_the_last_hook_of_an_abandoned_actor_does_not_run_beside_its_handler(runtime, chronicle, gate, watch):
    ref = runtime.supervise(ChildSpec("stubborn", Hooked, (chronicle,), kill_grace=0.01))
    ref.tell(lambda _: gate.hold_through_everything())
    gate.await_visitor()
    end = watch(ref)
    ref.kill()
    end.down()

    assert chronicle == [("on_start",)]


def test_what_an_abandoned_actor_owes_is_settled(runtime, obedient, gate):
    ref = runtime.supervise(ChildSpec("stubborn", obedient, kill_grace=0.01))
    running = ref.ask(lambda _: gate.hold_through_everything(), block=False)
    waiting = ref.ask(lambda _: None, block=False)
    gate.await_visitor()
    ref.kill()

    phases = []
    for ask in (running, waiting):
        with pytest.raises(ActorDied) as caught:
            ask.get()
        phases.append(caught.value.phase)
    assert phases == [Phase.IN_FLIGHT, Phase.QUEUED]


def test_the_address_of_an_abandoned_actor_can_live_on(runtime, obedient, gate, watch, settle):
    ref = unkillable(runtime, obedient, gate)
    end = watch(ref)
    ref.kill()
    end.down()

    successor = runtime.supervise(ChildSpec("stubborn", obedient))
    assert successor.ask(lambda _: "new") == "new"
    gate.set()
    settle()
    assert successor.ask(lambda _: "new") == "new"
    assert len(end.downs) == 1


def test_a_stop_after_the_kill_does_not_save_an_unkillable_actor(runtime, obedient, gate, fates, watch):
    ref = unkillable(runtime, obedient, gate)
    end = watch(ref)
    ref.kill()
    ref._cell.stop(NORMAL, within=60.0)  # As its supervisor does.

    assert end.down().reason is KILLED
    assert ("unkillable", "stubborn") in fates


def test_a_kill_that_is_swallowed_in_the_last_hook_is_abandonment_too(runtime, gate, fates, watch, settle):
    class Stubborn(Actor):
        def on_terminate(self, reason):
            gate.hold_through_everything()

    ref = runtime.supervise(ChildSpec("stubborn", Stubborn, shutdown=0.01, kill_grace=0.01))
    end = watch(ref)
    ref.stop(block=False)

    assert the_only_down(runtime, ref, end, settle) is KILLED
    assert ("unkillable", "stubborn") in fates
