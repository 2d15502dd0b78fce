"""Monitors, timers and references over the lives of an actor."""

import pytest
from gevent.event import Event

from actors.runtime.errors import ActorDied, ActorRestarting, Phase
from actors.runtime.messages import Down
from actors.runtime.reasons import NORMAL, ExitKind
from actors.runtime.specs import ChildSpec
from tests.actors.runtime.failing import fail
from tests.actors.runtime.witnesses import Watcher

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
