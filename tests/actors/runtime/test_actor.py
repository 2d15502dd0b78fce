import gevent
import pykka
import pytest
from gevent.event import Event

from actors.runtime.actor import Actor, receives
from actors.runtime.errors import ActorDied, ActorKilled, ActorRestarting, AskTimeout, Phase
from actors.runtime.messages import Down
from actors.runtime.reasons import KILLED, NORMAL, ExitKind, ExitReason, shutdown
from actors.runtime.runtime import Runtime
from actors.runtime.specs import ChildSpec


class Refused(Exception):
    """What a handler may raise as its answer."""


class Hooked(Actor):
    """Notes each hook that is called."""

    def __init__(self, chronicle):
        self.chronicle = chronicle

    def on_start(self):
        self.chronicle.note("on_start")

    def on_receive(self, message):
        return message(self)

    def on_terminate(self, reason):
        self.chronicle.note("on_terminate", reason.kind)
        super().on_terminate(reason)

    def on_stop(self):
        self.chronicle.note("on_stop")

    def on_failure(self, exception_type, exception_value, traceback):
        assert exception_value.__traceback__ is traceback
        self.chronicle.note("on_failure", exception_type)


class Watcher(Actor):
    """Monitors who it is told to and notes what it hears."""

    def __init__(self, chronicle):
        self.chronicle = chronicle

    @receives(Down)
    def _on_down(self, down):
        self.chronicle.note("down", down.address, down.incarnation, down.reason.kind)

    def on_receive(self, message):
        return message(self)


def fail(_):
    raise ValueError("no")


def refuse(_):
    raise Refused


# Handlers.


def test_handlers_are_chosen_by_the_very_type_of_the_message(runtime):
    class Sorting(Actor):
        @receives(int, str)
        def _on_known(self, message):
            return "known"

        def on_receive(self, message):
            return "anything else"

    ref = runtime.start(Sorting)
    assert [ref.ask(message) for message in (1, "a", True, 1.5)] == ["known", "known", "anything else", "anything else"]


def test_handlers_are_inherited_and_can_be_replaced(runtime):
    class Parent(Actor):
        @receives(int)
        def _on_int(self, message):
            return "parent"

        @receives(str)
        def _on_str(self, message):
            return "parent"

    class Child(Parent):
        @receives(str)
        def _on_text(self, message):
            return "child"

    ref = runtime.start(Child)
    assert [ref.ask(1), ref.ask("a")] == ["parent", "child"]


def test_a_constructor_may_use_the_address(runtime):
    class Named(Actor):
        def __init__(self):
            self.seen = (self.address, self.incarnation, self.actor_ref)

        def on_receive(self, message):
            return self.seen

    ref = runtime.start(Named)
    assert ref.ask("seen") == (ref.address, 1, ref)


def test_a_constructor_may_begin_to_watch_and_to_wait(runtime, obedient, chronicle):
    """What comes of it waits for on_start."""
    dead = runtime.start(obedient)
    dead.stop()

    class Early(Watcher):
        def __init__(self, chronicle):
            super().__init__(chronicle)
            self.monitor(dead)
            self.send_after(0.0, lambda _: chronicle.note("timer"))

        def on_start(self):
            self.chronicle.note("on_start")

    runtime.start(Early, chronicle)
    chronicle.wait_for("timer")

    assert chronicle == [("on_start",), ("down", dead.address, 1, ExitKind.NORMAL), ("timer",)]


def test_a_constructor_that_raises_raises_at_the_starter_and_leaves_nothing(runtime):
    class Broken(Actor):
        def __init__(self):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        runtime.start(Broken)
    assert runtime.refs() == []


def test_two_actors_cannot_have_one_address(runtime, obedient):
    runtime.supervise(ChildSpec("one", obedient))

    with pytest.raises(ValueError, match="one already"):
        runtime.supervise(ChildSpec("one", obedient))


def test_an_address_is_free_again_after_the_end(runtime, obedient):
    runtime.supervise(ChildSpec("one", obedient)).stop()

    assert runtime.ref("one") is None
    assert runtime.supervise(ChildSpec("one", obedient)).ask(lambda self: self.address) == "one"


def test_messages_wait_until_on_start_is_done(runtime, gate):
    class Slow(Actor):
        ready = False

        def on_start(self):
            gate.hold()
            self.ready = True

        def on_receive(self, message):
            return self.ready

    ask = runtime.start(Slow).ask("ready?", block=False)
    gate.await_visitor()
    assert not ask.done
    gate.set()
    assert ask.get()


# Failures.


def test_what_a_handler_raises_goes_to_the_asker_and_ends_the_actor(runtime, obedient, watch):
    ref = runtime.start(obedient)
    end = watch(ref)

    with pytest.raises(ValueError, match="no") as caught:
        ref.ask(fail)
    assert end.down().reason == ExitReason(ExitKind.ERROR, error=caught.value)
    assert not ref.is_alive()


def test_what_a_handler_of_a_tell_raises_ends_the_actor_too(runtime, obedient, watch):
    ref = runtime.start(obedient)
    end = watch(ref)
    ref.tell(fail)

    assert isinstance(end.down().reason.error, ValueError)


def test_an_expected_exception_is_an_answer_and_no_failure(runtime, obedient):
    ref = runtime.supervise(ChildSpec("strict", obedient, expected=(Refused,)))

    with pytest.raises(Refused):
        ref.ask(refuse)
    assert ref.ask(lambda _: "still here") == "still here"


def test_an_expected_exception_that_nobody_asked_for_is_a_failure(runtime, obedient, watch):
    ref = runtime.supervise(ChildSpec("strict", obedient, expected=(Refused,)))
    end = watch(ref)
    ref.tell(refuse)

    assert isinstance(end.down().reason.error, Refused)


def test_on_start_that_raises_is_a_failed_start(runtime, watch):
    class Broken(Actor):
        def on_start(self):
            raise ValueError("no")

    ref = runtime.start(Broken)
    end = watch(ref)
    with pytest.raises(ActorDied) as caught:
        ref.ask("anything")

    assert end.down().reason.kind is ExitKind.START_FAILED
    assert isinstance(end.down().reason.error, ValueError)
    assert caught.value.phase is Phase.QUEUED


def test_a_constructor_that_raises_under_supervision_is_a_failed_start(runtime, watch):
    class Broken(Actor):
        def __init__(self):
            raise ValueError("no")

    assert watch(runtime.supervise(ChildSpec("broken", Broken))).down().reason.kind is ExitKind.START_FAILED


@pytest.mark.parametrize("escape", [SystemExit, gevent.GreenletExit, gevent.Timeout])
def test_what_is_no_exception_in_on_start_is_a_failed_start_too(runtime, watch, escape):
    class Broken(Actor):
        def on_start(self):
            raise escape

    reason = watch(runtime.start(Broken)).down().reason
    assert (reason.kind, type(reason.error)) == (ExitKind.START_FAILED, escape)


def test_the_message_in_work_and_those_behind_it_know_how_far_they_got(runtime, obedient, gate):
    ref = runtime.start(obedient)
    running = ref.ask(lambda _: gate.hold(), block=False)
    waiting = ref.ask(lambda _: None, block=False)
    gate.await_visitor()
    ref.kill()

    with pytest.raises(ActorDied) as in_flight:
        running.get()
    with pytest.raises(ActorDied) as queued:
        waiting.get()
    assert (in_flight.value.phase, queued.value.phase) == (Phase.IN_FLIGHT, Phase.QUEUED)
    assert (in_flight.value.address, in_flight.value.incarnation, in_flight.value.reason) == (ref.address, 1, KILLED)


def test_tells_behind_a_failure_are_dead_letters(runtime, obedient, watch):
    ref = runtime.start(obedient)
    end = watch(ref)
    for message in (fail, print, repr):
        ref.tell(message)
    end.down()

    assert [letter.message for letter in runtime.dead_letters.ring] == [print, repr]


def test_the_dead_answer_at_once(runtime, obedient):
    ref = runtime.start(obedient)
    ref.stop()

    with pytest.raises(ActorDied):
        ref.tell("anything")
    with pytest.raises(pykka.ActorDeadError) as caught:
        ref.ask("anything")
    assert caught.value.phase is Phase.QUEUED


# The last hooks.


def test_a_stop_calls_on_terminate_and_pykkas_on_stop(runtime, chronicle):
    runtime.start(Hooked, chronicle).stop()

    assert chronicle == [("on_start",), ("on_terminate", ExitKind.NORMAL), ("on_stop",)]


def test_a_failure_calls_on_terminate_and_pykkas_on_failure(runtime, chronicle):
    with pytest.raises(ValueError, match="no"):
        runtime.start(Hooked, chronicle).ask(fail)
    chronicle.wait_for("on_failure", ValueError)

    assert ("on_terminate", ExitKind.ERROR) in chronicle
    assert ("on_stop",) not in chronicle


def test_a_kill_calls_on_terminate(runtime, chronicle, watch):
    ref = runtime.start(Hooked, chronicle)
    ref.ask(lambda _: None)
    end = watch(ref)
    ref.kill()

    assert end.down().reason is KILLED
    assert ("on_terminate", ExitKind.KILLED) in chronicle


def test_a_failed_start_calls_on_terminate(runtime, chronicle, watch):
    class Broken(Hooked):
        def on_start(self):
            raise ValueError("no")

    watch(runtime.start(Broken, chronicle)).down()
    assert ("on_terminate", ExitKind.START_FAILED) in chronicle


def test_the_actor_counts_as_alive_until_its_last_hook_has_run(runtime, gate):
    class Lingering(Actor):
        def on_stop(self):
            gate.hold()

    ref = runtime.start(Lingering)
    stopped = ref.stop(block=False)
    gate.await_visitor()
    assert ref.is_alive()
    assert not ref.actor_stopped.is_set()
    gate.set()
    assert stopped.get()
    assert not ref.is_alive()
    assert ref.actor_stopped.is_set()


def test_a_last_hook_that_raises_keeps_nobody_alive(runtime, fates, watch):
    class Broken(Actor):
        def on_stop(self):
            raise ValueError("no")

    ref = runtime.start(Broken)
    end = watch(ref)
    assert ref.stop()
    assert end.down().reason is NORMAL
    assert ("terminate_failed", ref.address) in fates


def test_a_last_hook_that_hangs_is_killed_when_its_time_is_up(runtime, gate, fates, watch):
    class Hanging(Actor):
        def on_stop(self):
            gate.hold()

    ref = runtime.supervise(ChildSpec("hanging", Hanging, shutdown=0.01))
    end = watch(ref)
    assert ref.stop()

    assert end.down().reason is NORMAL
    assert fates == [("terminate_failed", "hanging"), ("ended", "hanging")]


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


# Monitors.


def test_a_monitor_hears_one_down(runtime, obedient, chronicle, settle):
    watcher, watched = runtime.start(Watcher, chronicle), runtime.start(obedient)
    watcher.ask(lambda self: self.monitor(watched))
    watched.stop()
    chronicle.wait_for("down", watched.address, 1, ExitKind.NORMAL)

    settle()
    assert len(chronicle) == 1


def test_a_monitor_that_comes_too_late_hears_all_the_same(runtime, obedient, chronicle):
    watcher, watched = runtime.start(Watcher, chronicle), runtime.start(obedient)
    with pytest.raises(ValueError, match="no"):
        watched.ask(fail)
    watcher.ask(lambda self: self.monitor(watched))

    chronicle.wait_for("down", watched.address, 1, ExitKind.ERROR)


def test_each_monitor_hears_for_itself(runtime, obedient, chronicle):
    watcher, watched = runtime.start(Watcher, chronicle), runtime.start(obedient)
    watcher.ask(lambda self: (self.monitor(watched), self.monitor(watched)))
    watched.stop()

    chronicle.wait_for("down", watched.address, 1, ExitKind.NORMAL, times=2)


def test_a_cancelled_monitor_hears_nothing(runtime, obedient, chronicle, settle):
    watcher, watched = runtime.start(Watcher, chronicle), runtime.start(obedient)
    watcher.ask(lambda self: self.monitor(watched).cancel())
    watched.stop()
    settle()

    assert chronicle == []


def test_cancelling_takes_back_a_down_that_waits_unread(runtime, obedient, gate, chronicle, watch, settle):
    watcher, watched = runtime.start(Watcher, chronicle), runtime.start(obedient)
    watched.ask(lambda _: None)

    def monitor_and_cancel(self):
        monitor = self.monitor(watched)
        watched.kill()
        gate.hold()
        monitor.cancel()

    watcher.tell(monitor_and_cancel)
    gate.await_visitor()
    watch(watched).down()
    gate.set()
    settle()

    assert chronicle == []


def test_a_down_goes_ahead_of_what_waits(runtime, obedient, gate, chronicle, watch):
    watcher, watched = runtime.start(Watcher, chronicle), runtime.start(obedient)
    watcher.tell(lambda self: (self.monitor(watched), gate.hold()))
    watcher.tell(lambda self: chronicle.note("later"))
    gate.await_visitor()
    watched.kill()
    watch(watched).down()
    gate.set()
    chronicle.wait_for("later")

    assert [entry[0] for entry in chronicle] == ["down", "later"]


def test_those_who_are_no_actors_can_listen_too_and_stop_listening(runtime, obedient, watch):
    ref, heard = runtime.start(obedient), []
    forget = ref.on_death(heard.append)
    ref.on_death(heard.append)
    forget()
    ref.stop()

    assert heard == [Down(ref.address, 1, NORMAL)]


# Timers.


def test_send_after_delivers_ahead_of_the_mailbox(runtime, obedient, gate, chronicle):
    def arrange(self):
        self.send_after(0.0, lambda _: (chronicle.note("timer"), gate.set()))
        gate.hold()

    ref = runtime.start(obedient)
    ref.tell(arrange)
    ref.tell(lambda _: chronicle.note("mail"))
    chronicle.wait_for("mail") if gate.wait(0.05) else gate.set()
    chronicle.wait_for("mail")

    assert [entry[0] for entry in chronicle] == ["timer", "mail"]


def test_a_cancelled_timer_delivers_nothing(runtime, obedient, chronicle):
    ref = runtime.start(obedient)
    ref.ask(lambda self: self.send_after(0.0, lambda _: chronicle.note("cancelled")).cancel())
    ref.ask(lambda self: self.send_after(0.002, lambda _: chronicle.note("kept")))
    chronicle.wait_for("kept")

    assert chronicle == [("kept",)]


def test_a_timer_of_a_dead_incarnation_never_reaches_the_next(runtime, obedient, group, chronicle):
    supervisor = runtime.supervise(ChildSpec("top", group, ([ChildSpec("child", obedient)],)))
    child = supervisor.ask(lambda self: self.child("child"))

    def arrange_and_fail(self):
        self.send_after(0.002, lambda _: chronicle.note("stale"))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        child.ask(arrange_and_fail)
    started = Event()
    runtime.clock.call_later(0.006, started.set)
    assert started.wait(5)

    assert child.ask(lambda self: self.incarnation) == 2
    assert chronicle == []


def test_a_monitor_of_a_dead_incarnation_tells_the_next_nothing(runtime, obedient, group, chronicle, settle):
    watched = runtime.start(obedient)
    specs = [ChildSpec("watcher", Watcher, (chronicle,))]
    supervisor = runtime.supervise(ChildSpec("top", group, (specs,)))
    watcher = supervisor.ask(lambda self: self.child("watcher"))
    watcher.ask(lambda self: self.monitor(watched))
    with pytest.raises(ValueError, match="no"):
        watcher.ask(fail)
    settle()
    watched.stop()

    assert watcher.ask(lambda self: self.incarnation) == 2
    assert chronicle == []


def test_a_reference_stays_good_over_a_restart(runtime, obedient, group, settle):
    supervisor = runtime.supervise(ChildSpec("top", group, ([ChildSpec("child", obedient)],)))
    child = supervisor.ask(lambda self: self.child("child"))
    with pytest.raises(ValueError, match="no"):
        child.ask(fail)
    settle()

    assert child.is_alive()
    assert (child.incarnation, child.address) == (2, "top/child")
    assert child == runtime.ref("top/child")
    assert hash(child) == hash(runtime.ref("top/child"))


def test_a_restarting_actor_says_when_to_ask_again():
    restarting = ActorRestarting("a", 2, None, retry_after=1.5)

    assert isinstance(restarting, ActorDied)
    assert (restarting.retry_after, restarting.phase) == (1.5, Phase.QUEUED)


# pykka's way to start, and its proxies.


def test_starting_by_the_class_uses_the_processs_own_runtime(obedient):
    ref = obedient.start()
    try:
        assert Runtime.default().ref(ref.address) == ref
        assert ref.ask(lambda self: self.runtime) is Runtime.default()
    finally:
        ref.stop()


class Accountant(Actor):
    """Has something of each kind that a proxy reaches."""

    total = 0

    def __init__(self):
        self._private = "hidden"
        self.book = pykka.traversable(Book())

    def add(self, amount, *, times=1):
        self.total += amount * times
        return self.total

    def fail(self):
        raise ValueError("no")


class Book:
    title = "ledger"

    def describe(self):
        return f"the {self.title}"


@pytest.fixture
def proxy(runtime):
    return runtime.start(Accountant).proxy()


def test_a_proxy_calls_methods(proxy):
    assert proxy.add(2).get() == 2
    assert proxy.add(2, times=4).get() == 10


def test_a_proxy_gets_and_sets_fields(proxy):
    proxy.total = 40

    assert proxy.add(2).get() == 42
    assert proxy.total.get() == 42


def test_a_proxy_reaches_into_what_is_traversable(proxy):
    assert proxy.book.describe().get() == "the ledger"
    assert proxy.book.title.get() == "ledger"


def test_a_proxy_can_call_without_a_reply(proxy):
    assert proxy.add.defer(5) is None
    assert proxy.total.get() == 5


def test_a_proxy_hides_what_is_private(proxy):
    with pytest.raises(AttributeError):
        proxy._nothing  # noqa: B018 - the access is the test
    assert "_private" not in dir(proxy)
    assert "add" in dir(proxy)


def test_a_proxy_raises_what_the_method_raised(proxy):
    with pytest.raises(ValueError, match="no"):
        proxy.fail().get()


def test_a_proxy_knows_its_reference(proxy):
    assert proxy.actor_ref.actor_class is Accountant
    assert proxy == proxy.actor_ref.proxy()


def test_the_dead_have_no_proxy(runtime):
    ref = runtime.start(Accountant)
    ref.stop()

    with pytest.raises(pykka.ActorDeadError):
        ref.proxy()
