"""Who waits for an answer runs the queue in the meantime; nobody may notice but by the clock."""

import gevent
import greenlet
import pytest

from actors.runtime import dispatcher
from actors.runtime.actor import Actor
from actors.runtime.dispatcher import ACTORS_PER_TURN
from actors.runtime.errors import AskTimeout

MANY = 2_000


class Echo(Actor):
    def on_receive(self, message):
        return message


class Relay(Actor):
    """Asks the next one."""

    def __init__(self, next_one):
        self.next_one = next_one

    def on_receive(self, message):
        return self.next_one.ask(message)


@pytest.fixture
def switches():
    """List the kinds of greenlets that control went to; a worker that the list held would end with what it ran."""
    seen = []
    before = greenlet.settrace(lambda _event, between: seen.append(type(between[1])))
    yield seen
    greenlet.settrace(before)


def test_an_ask_takes_two_switches_and_no_turn_of_the_loop(runtime, switches):
    echo = runtime.start(Echo)
    echo.ask("warm")
    gevent.sleep(0)
    switches.clear()

    echo.ask("?")
    assert len(switches) == 2
    assert type(gevent.get_hub()) not in switches


def test_the_loop_gets_its_turn_while_somebody_asks_over_and_over(runtime, switches):
    echo = runtime.start(Echo)
    switches.clear()
    for _ in range(100 * ACTORS_PER_TURN):
        echo.ask("?")

    assert switches.count(type(gevent.get_hub())) >= 100


def test_actors_that_ask_each_other_keep_their_workers_and_their_depth(runtime, monkeypatch):
    started = []

    class Worker(dispatcher._Worker):
        def __init__(self, *args):
            super().__init__(*args)
            started.append(id(self))

    monkeypatch.setattr(dispatcher, "_Worker", Worker)
    chain = runtime.start(Relay, runtime.start(Relay, runtime.start(Echo)))
    for number in range(MANY):  # A greenlet begins as deep as who starts it: a hundred generations would be too many.
        assert chain.ask(number) == number

    assert len(started) < MANY / 2


def test_what_is_raised_at_an_asker_is_not_raised_in_the_handler(runtime, obedient, gate):
    busy, echo = runtime.start(obedient), runtime.start(Echo)
    echo.ask("warm")
    with gevent.Timeout(0.005, exception=False):
        busy.ask(lambda _: gate.hold())
        pytest.fail("it was answered")
    late = busy.ask(lambda _: "next", block=False)

    assert echo.ask("still here") == "still here"
    gate.set()
    assert late.get() == "next"


def test_an_ask_gives_up_in_time_though_its_time_is_lent(runtime, obedient, gate, chronicle):
    busy, asking = runtime.start(obedient), runtime.start(obedient)
    for _ in range(2):  # There is a second worker once one was lacking.
        asking.ask(lambda _: busy.ask(lambda _: None))

    def ask(_):
        with pytest.raises(AskTimeout):
            busy.ask(lambda _: gate.hold(), timeout=0.005)
        chronicle.note("gave up")

    asking.tell(ask)
    chronicle.wait_for("gave up")


def test_an_answer_that_comes_with_much_to_run_behind_it_is_not_forgotten(runtime, obedient, gate):
    """The worker goes on with who is next, which blocks: then the asker goes on by the loop."""
    echo, busy = runtime.start(Echo), runtime.start(obedient)
    echo.ask("warm")
    first = echo.ask("?", block=False)
    busy.tell(lambda _: gate.hold())

    assert first.get(timeout=None) == "?"
    assert gate.reached.is_set()
