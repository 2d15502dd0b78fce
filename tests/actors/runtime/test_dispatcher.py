import gc
import threading

import gevent
import greenlet
import pykka
import pytest
from gevent.event import Event

from actors.runtime import dispatcher
from actors.runtime.actor import Actor, receives
from actors.runtime.dispatcher import MESSAGES_PER_RUN
from actors.runtime.errors import ActorDied, Phase
from actors.runtime.reasons import ExitKind
from actors.runtime.specs import ChildSpec, MailboxSpec


class Echo(Actor):
    def on_receive(self, message):
        return message


class Leaky(Actor):
    """Starts a timeout that it never closes."""

    @receives(float)
    def _on_seconds(self, seconds):
        gevent.Timeout(seconds).start()


def greenlets():
    gc.collect()
    return sum(isinstance(thing, greenlet.greenlet) and not thing.dead for thing in gc.get_objects())


def workers(runtime):
    gc.collect()
    found = [thing for thing in gc.get_objects() if type(thing) is dispatcher._Worker and not thing.dead]
    return [worker for worker in found if worker.dispatcher is runtime.dispatcher]


def test_idle_actors_hold_no_greenlets(runtime):
    before = greenlets()
    refs = [runtime.start(Echo) for _ in range(100)]
    assert pykka.get_all([ref.ask(number, block=False) for number, ref in enumerate(refs)]) == list(range(100))

    assert greenlets() - before <= dispatcher.IDLE_WORKERS
    assert len(workers(runtime)) <= dispatcher.IDLE_WORKERS


def test_workers_that_blocked_end_with_what_they_ran(runtime, obedient, gate):
    refs = [runtime.start(obedient) for _ in range(50)]
    asks = [ref.ask(lambda _: gate.hold(), block=False) for ref in refs]
    gate.await_visitor()
    assert refs[-1].ask(lambda _: "queued behind", block=False).done is False
    gate.set()
    pykka.get_all(asks)

    assert len(workers(runtime)) <= dispatcher.IDLE_WORKERS


def test_a_blocked_handler_does_not_stop_other_actors(runtime, obedient, gate):
    blocked, free = runtime.start(obedient), runtime.start(Echo)
    held = blocked.ask(lambda _: gate.hold(), block=False)
    gate.await_visitor()

    assert free.ask("still here") == "still here"
    assert not held.done


def test_an_actor_handles_one_message_at_a_time_though_it_blocks(runtime, obedient, gate, chronicle):
    ref = runtime.start(obedient)
    ref.tell(lambda _: (gate.hold(), chronicle.note("first")))
    second = ref.ask(lambda _: chronicle.note("second"), block=False)
    gate.await_visitor()
    assert chronicle == []

    gate.set()
    second.get()
    assert chronicle == [("first",), ("second",)]


def test_a_long_queue_does_not_starve_another_actor(runtime, obedient):
    class Counting(Actor):
        count = 0

        def on_receive(self, message):
            self.count += 1
            return self.count

    # Both are filled before either runs: nothing here gives the loop control.
    flooded = runtime.supervise(ChildSpec("flooded", Counting, mailbox=MailboxSpec(20_000)))
    modest = runtime.start(obedient)
    for number in range(10_000):
        flooded.tell(number)

    assert modest.ask(lambda _: flooded._cell.actor.count) <= MESSAGES_PER_RUN
    assert flooded.ask("last") == 10_001


def test_the_loop_gets_its_turn_while_actors_keep_each_other_busy(runtime):
    class PingPong(Actor):
        other = None
        over = False

        def on_receive(self, message):
            if not self.over:
                self.other.tell(message)

    refs = [runtime.start(PingPong) for _ in range(2)]
    actors = [ref._cell.actor for ref in refs]
    actors[0].other, actors[1].other = reversed(refs)
    rung = Event()
    refs[0].tell("ball")
    timer = runtime.clock.call_later(0.01, rung.set)

    assert rung.wait(5)
    timer.cancel()
    actors[0].over = True


def test_a_leaked_timeout_never_strikes_another_actor(runtime, watch):
    """It would be thrown into whatever a pooled worker runs by then."""
    for round_ in range(60):
        leaky = runtime.start(Leaky)
        leaky.tell(0.001 + round_ % 3 * 0.001)
        bystanders = [runtime.start(Sleeper) for _ in range(dispatcher.IDLE_WORKERS * 2)]
        asks = [ref.ask(0.006, block=False) for ref in bystanders]
        assert pykka.get_all(asks) == ["slept"] * len(asks)
        assert leaky.is_alive()
        for ref in [leaky, *bystanders]:
            ref.stop()


class Sleeper(Actor):
    @receives(float)
    def _on_seconds(self, seconds):
        gevent.sleep(seconds)
        return "slept"


def test_a_worker_that_somebody_can_throw_into_is_not_used_again(runtime):
    leaky, echo = runtime.start(Leaky), runtime.start(Echo)
    echo.ask("warm")
    leaky.ask(30.0)

    reached = [worker for worker in workers(runtime) if worker in runtime.dispatcher._idle]
    assert len(reached) == len(workers(runtime))
    assert len(reached) <= 1


def test_a_worker_that_ran_harmless_handlers_is_used_again(runtime, obedient):
    ref = runtime.start(obedient)
    ids = {ref.ask(lambda _: id(gevent.getcurrent())) for _ in range(50)}

    assert len(ids) == 1


def test_a_timeout_that_comes_when_its_worker_is_idle_is_nobodys(runtime):
    worker = runtime.start(Echo).ask("warm") and runtime.dispatcher._idle[-1]

    assert worker.throw(gevent.Timeout(1)) is None
    assert runtime.start(Echo).ask("fine") == "fine"


@pytest.mark.parametrize("escape", [SystemExit, KeyboardInterrupt, gevent.GreenletExit, gevent.Timeout, GeneratorExit])
def test_what_is_no_exception_ends_its_actor_and_nobody_else(runtime, obedient, watch, escape):
    def fail(_):
        raise escape

    raising, bystander = runtime.start(obedient), runtime.start(Echo)
    end = watch(raising)
    raising.tell(fail)

    reason = end.down().reason
    assert (reason.kind, type(reason.error)) == (ExitKind.ERROR, escape)
    assert not raising.is_alive()
    assert bystander.ask("still here") == "still here"


@pytest.mark.parametrize("escape", [SystemExit, KeyboardInterrupt, gevent.GreenletExit, gevent.Timeout])
def test_what_is_no_exception_does_not_escape_into_the_asker(runtime, obedient, escape):
    def fail(_):
        raise escape

    raising, asking = runtime.start(obedient), runtime.start(obedient)

    def ask(_):
        with pytest.raises(ActorDied) as caught:
            raising.ask(fail)
        return caught.value

    died = asking.ask(ask)
    assert died.phase is Phase.IN_FLIGHT
    assert type(died.reason.error) is escape
    assert asking.is_alive()


def test_a_gevent_timeout_around_a_blocking_call_works_in_a_handler(runtime, obedient, gate):
    def impatient(_):
        with gevent.Timeout(0.005, exception=False):
            gate.hold()
            return "came through"
        return "gave up"

    assert runtime.start(obedient).ask(impatient) == "gave up"


def test_another_thread_gets_in_by_call_soon(runtime):
    ref, answered = runtime.start(Echo), Event()
    answers = []

    def on_the_hub(message):
        answers.append((threading.get_ident(), ref.ask(message, block=False)))
        answered.set()

    home = threading.get_ident()
    thread = threading.Thread(target=runtime.call_soon, args=(on_the_hub, "from afar"))
    thread.start()
    assert answered.wait(5)
    thread.join()
    [(ident, future)] = answers
    assert (ident, future.get()) == (home, "from afar")


def test_the_dispatcher_knows_whose_handler_is_calling(runtime, obedient):
    ref = runtime.start(obedient)

    assert ref.ask(lambda self: self.runtime.dispatcher.current().address) == ref.address
    assert runtime.dispatcher.current() is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_subscriber_that_raises_does_not_stop_the_dispatcher(runtime, obedient, monkeypatch, capsys):
    def broken(*_):
        raise RuntimeError("a subscriber's defect")

    victim, bystander = runtime.start(obedient), runtime.start(Echo)
    bystander.ask("warm")
    unsubscribe = runtime.telemetry.subscribe(broken)
    stopped = victim.stop(block=False)
    assert bystander.ask("still here") == "still here"

    unsubscribe()
    assert not stopped.done
    assert "a subscriber's defect" in capsys.readouterr().err
    runtime.forget(victim._cell)  # What raised in the middle of an end leaves the end undone.


def test_a_timer_calls_on_the_hub_and_a_cancelled_one_does_not(runtime):
    rung, calls = Event(), []
    runtime.clock.call_later(0.001, lambda: calls.append("cancelled")).cancel()
    runtime.clock.call_later(0.003, rung.set)

    assert rung.wait(5)
    assert calls == []


def test_cancelling_a_timer_that_has_fired_is_harmless(runtime):
    rung = Event()
    timer = runtime.clock.call_later(-1, rung.set)
    assert rung.wait(5)

    timer.cancel()
    timer.cancel()
