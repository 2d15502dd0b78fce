"""What pykka's own documentation promises of actors, references and futures: it holds here, too."""

import pykka
import pytest
from pykka import _ref

from actors.runtime.actor import Actor


class Recorder(Actor):
    def __init__(self, greeting="hello"):
        super().__init__()
        self.greeting = greeting
        self.received = []

    def on_receive(self, message):
        self.received.append(message)
        if message == "fail":
            raise KeyError(message)
        return {"greeting": self.greeting, "of": message}


@pytest.fixture
def recorder(runtime):
    return runtime.start(Recorder, greeting="good day")


def test_start_hands_its_arguments_to_the_constructor(recorder):
    assert recorder.ask("x") == {"greeting": "good day", "of": "x"}


def test_a_constructor_may_call_pykkas(recorder):
    assert recorder.proxy().greeting.get() == "good day"


def test_a_reference_shows_the_class_and_the_urn(recorder):
    assert recorder.actor_class is Recorder
    assert str(recorder) == f"Recorder ({recorder.actor_urn})"
    assert repr(recorder) == f"<ActorRef for {recorder}>"


def test_an_actor_shows_the_class_and_the_urn(recorder):
    assert str(recorder._cell.actor) == f"Recorder ({recorder.actor_urn})"


def test_each_actor_has_a_urn_of_its_own(runtime):
    assert len({runtime.start(Recorder).actor_urn for _ in range(20)}) == 20


def test_tell_returns_nothing_and_keeps_the_order(recorder):
    assert [recorder.tell(number) for number in range(3)] == [None] * 3
    assert recorder.proxy().received.get() == [0, 1, 2]


def test_ask_waits_for_the_reply_or_gives_a_future(recorder):
    assert isinstance(recorder.ask("x"), dict)
    pending = recorder.ask("x", block=False)
    assert isinstance(pending, pykka.Future)
    assert pending.get() == recorder.ask("x")


def test_ask_raises_the_handlers_exception(recorder):
    with pytest.raises(KeyError):
        recorder.ask("fail")


def test_the_future_of_an_ask_raises_it_each_time(recorder):
    pending = recorder.ask("fail", block=False)
    for _ in range(2):
        with pytest.raises(KeyError):
            pending.get()


def test_an_ask_that_takes_too_long_raises_pykkas_timeout(runtime, obedient, gate):
    with pytest.raises(pykka.Timeout):
        runtime.start(obedient).ask(lambda _: gate.hold(), timeout=0)


def test_stop_tells_whether_the_actor_was_alive(recorder):
    assert recorder.is_alive()
    assert recorder.stop() is True
    assert not recorder.is_alive()
    assert recorder.stop() is False


def test_stop_without_waiting_gives_a_future_of_the_same(recorder):
    pending = recorder.stop(block=False)

    assert isinstance(pending, pykka.Future)
    assert pending.get() is True
    assert recorder.stop(block=False).get() is False


def test_an_asked_stop_message_stops(recorder):
    recorder.ask(_ref._ActorStop())

    assert not recorder.is_alive()


def test_the_dead_can_be_told_and_asked_nothing(recorder):
    recorder.stop()

    with pytest.raises(pykka.ActorDeadError):
        recorder.tell("x")
    with pytest.raises(pykka.ActorDeadError):
        recorder.ask("x")
    with pytest.raises(pykka.ActorDeadError):
        recorder.ask("x", block=False).get()
    with pytest.raises(pykka.ActorDeadError):
        recorder.proxy()


def test_pykkas_registry_knows_nothing_of_our_actors(recorder):
    assert recorder not in pykka.ActorRegistry.get_all()


def test_an_actor_without_on_receive_takes_a_message_with_a_warning(runtime, caplog):
    assert runtime.start(Actor).ask("surprise") is None
    assert "Unexpected message received by Actor" in caplog.text


def test_a_callable_proxy_can_be_kept(recorder):
    on_receive = recorder.proxy().on_receive

    assert isinstance(on_receive, pykka.CallableProxy)
    assert on_receive("x").get() == {"greeting": "good day", "of": "x"}


def test_a_field_that_is_set_by_proxy_is_set_when_the_assignment_returns(recorder):
    recorder.proxy().greeting = "farewell"

    assert recorder._cell.actor.greeting == "farewell"


def test_an_actor_may_keep_a_proxy_to_itself_and_call_it_for_later(runtime, chronicle):
    class Patient(Actor):
        def on_start(self):
            self._later = self.actor_ref.proxy()

        def begin(self):
            self._later.go_on.defer()
            chronicle.note("begun")

        def go_on(self):
            chronicle.note("gone on")

    runtime.start(Patient).proxy().begin().get()
    chronicle.wait_for("gone on")
    assert chronicle == [("begun",), ("gone on",)]


def test_get_all_collects_what_proxies_return(runtime):
    proxies = [runtime.start(Recorder, greeting=number).proxy() for number in range(5)]

    assert pykka.get_all([proxy.greeting for proxy in proxies]) == list(range(5))
