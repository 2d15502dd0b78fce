"""Actors that ask each other in a circle: the last ask raises, where all of them would wait for ever."""

import pytest

from actors.runtime.actor import Actor
from actors.runtime.errors import AskDeadlock


def test_an_ask_to_oneself_raises_instead_of_hanging(runtime, obedient):
    ref = runtime.start(obedient)

    with pytest.raises(AskDeadlock, match=ref.address):
        ref.ask(lambda self: self.actor_ref.ask("me"))


def test_asking_oneself_in_on_start_raises_too(runtime, watch):
    class Introvert(Actor):
        def on_start(self):
            self.actor_ref.ask("me")

    assert isinstance(watch(runtime.start(Introvert)).down().reason.error, AskDeadlock)


def test_an_ask_around_a_circle_raises_instead_of_hanging(runtime, obedient):
    first, second = runtime.start(obedient), runtime.start(obedient)

    with pytest.raises(AskDeadlock, match=second.address):
        first.ask(lambda _: second.ask(lambda _: first.ask(lambda _: "never")))


def test_an_ask_around_a_long_circle_raises_too(runtime, obedient):
    a, b, c, d = (runtime.start(obedient) for _ in range(4))

    with pytest.raises(AskDeadlock):
        a.ask(lambda _: b.ask(lambda _: c.ask(lambda _: d.ask(lambda _: b.ask("never")))))


def test_a_future_that_is_got_later_finds_the_circle_too(runtime, obedient):
    first, second = runtime.start(obedient), runtime.start(obedient)

    def ask_without_blocking(_):
        return second.ask(lambda _: first.ask(lambda _: "never", block=False).get(), block=False).get()

    with pytest.raises(AskDeadlock):
        first.ask(ask_without_blocking)


def test_stopping_oneself_and_waiting_for_it_raises_and_stops(runtime, obedient, watch):
    ref = runtime.start(obedient)
    end = watch(ref)

    def stop_and_wait(self):
        with pytest.raises(AskDeadlock):
            self.actor_ref.stop()

    ref.tell(stop_and_wait)
    assert end.down().reason.clean


def test_a_chain_without_a_circle_is_no_deadlock(runtime, obedient):
    a, b, c = (runtime.start(obedient) for _ in range(3))

    assert a.ask(lambda _: b.ask(lambda _: c.ask(lambda _: "end"))) == "end"


def test_one_who_has_the_answer_already_waits_no_longer(runtime, obedient, chronicle):
    """The asker goes on in the loop's next turn; until then the one it asked may ask it without a circle."""
    asking, asked = runtime.start(obedient), runtime.start(obedient)

    def ask_back(_):
        chronicle.note("answer", asking.ask(lambda _: "back"))

    def ask(_):
        future = asked.ask(lambda _: "forth", block=False)
        asked.tell(ask_back)
        return future.get()

    assert asking.ask(ask) == "forth"
    chronicle.wait_for("answer", "back")
