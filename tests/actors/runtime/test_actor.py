"""Handlers, their failures, and the last hooks."""

import gevent
import pykka
import pytest

from actors.runtime.actor import Actor, receives
from actors.runtime.errors import ActorDied, Phase
from actors.runtime.reasons import KILLED, NORMAL, ExitKind, ExitReason
from actors.runtime.specs import ChildSpec
from tests.actors.runtime.failing import fail
from tests.actors.runtime.witnesses import Hooked, Watcher


class Refused(Exception):
    """What a handler may raise as its answer."""


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


def test_a_subclass_that_sorts_its_messages_itself_gets_them_before_the_handlers_of_its_base(runtime):
    class Handles(Actor):
        @receives(str)
        def _on_text(self, message):
            return message

    class Sorts(Handles):
        def _handle_receive(self, message):
            return f"sorted: {super()._handle_receive(message)}"

    assert runtime.start(Handles).ask("a") == "a"
    assert runtime.start(Sorts).ask("a") == "sorted: a"
