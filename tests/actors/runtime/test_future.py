import functools
import operator
import queue
from pathlib import Path

import gevent
import pykka
import pytest

from actors.runtime import future as future_module
from actors.runtime.actor import Actor, receives
from actors.runtime.errors import ActorDied, AskTimeout, Phase
from actors.runtime.future import Future
from actors.runtime.specs import ChildSpec


class Clerk(Actor):
    """Defers each reply until it is told."""

    def __init__(self):
        self.replies = []

    @receives(str)
    def _on_ask(self, message):
        self.replies.append(self.defer())
        return "the handler's return"

    @receives(int)
    def _on_number(self, number):
        self.replies.pop(0).set(number)

    @receives(ValueError)
    def _on_error(self, error):
        self.replies.pop(0).fail(error)


def resolved(value):
    future = Future()
    future.set(value)
    return future


# A future of one's own.


def test_a_future_gives_its_value_as_often_as_asked():
    future = resolved("value")

    assert [future.get(), future.get(timeout=0)] == ["value", "value"]


def test_a_future_raises_what_was_set_as_its_exception():
    future = Future()
    try:
        Path("/nowhere/at/all").read_text()
    except OSError:
        future.set_exception()

    with pytest.raises(FileNotFoundError):
        future.get()


def test_an_exception_can_be_set_from_its_triple():
    future, error = Future(), ValueError("no")
    future.set_exception((ValueError, error, None))

    with pytest.raises(ValueError, match="no"):
        future.get()


@pytest.mark.parametrize("again", [lambda f: f.set(2), lambda f: f.set_exception((None, OSError(), None))])
def test_a_future_is_resolved_once(again):
    future = resolved(1)

    with pytest.raises(queue.Full):
        again(future)
    assert future.get() == 1


def test_a_future_of_ones_own_waits_as_long_as_it_is_told():
    with pytest.raises(AskTimeout, match=r"within 0\.001 s") as caught:
        Future().get(timeout=0.001)
    assert isinstance(caught.value, pykka.Timeout)


def test_a_waiter_goes_on_when_the_value_comes():
    future = Future()
    waiting = [gevent.spawn(future.get) for _ in range(3)]
    gevent.spawn(future.set, "value")

    assert [waiter.get(timeout=5) for waiter in waiting] == ["value"] * 3


def test_a_value_is_none_unless_said():
    future = Future()
    future.set()

    assert future.get() is None


# pykka's ways to make futures of futures.


def test_map_applies_to_the_value():
    assert resolved(30).map(lambda x: x + 10).get() == 40


def test_filter_keeps_the_items_that_pass():
    assert resolved(range(5, 15)).filter(lambda x: x > 10).get() == [11, 12, 13, 14]


def test_reduce_folds_the_items():
    assert resolved([1, 2, 3]).reduce(operator.add).get() == 6
    assert resolved([]).reduce(operator.add, 5).get() == 5


def test_join_collects_the_values_in_order():
    assert resolved("abc").join(resolved(123), resolved(None)).get() == ["abc", 123, None]


def test_get_all_collects_the_values_in_order():
    assert pykka.get_all([resolved(1), resolved(2)], timeout=1) == [1, 2]


def test_derived_futures_can_be_chained():
    chain = resolved(range(4)).filter(lambda x: x % 2).map(sum).join(resolved(1)).reduce(operator.mul)

    assert chain.get() == 4


def test_a_hook_computes_once_and_gets_the_timeout():
    calls = []
    future = Future()
    future.set_get_hook(lambda timeout: calls.append(timeout) or "computed")

    assert [future.get(timeout=3), future.get()] == ["computed", "computed"]
    assert calls == [3]


def test_a_future_with_a_hook_takes_no_value():
    future = Future()
    future.set_get_hook(lambda _: 1)

    with pytest.raises(queue.Full):
        future.set(2)


def test_a_future_with_a_value_takes_no_hook():
    with pytest.raises(queue.Full):
        resolved(1).set_get_hook(lambda _: 2)


def test_a_future_can_be_awaited():
    async def wait():
        return await resolved("value")

    coroutine = wait()
    coroutine.send(None)
    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)
    assert stopped.value.value == "value"


# The future of an ask.


def test_an_ask_waits_five_seconds_unless_told(runtime, obedient, gate):
    assert future_module.ASK_TIMEOUT == 5.0
    future = runtime.start(obedient).ask(lambda _: gate.hold(), block=False)

    assert future._default_timeout == 5.0
    assert runtime.start(obedient).ask(lambda _: None, block=False, timeout=None)._default_timeout is None


@pytest.mark.parametrize(
    "derive",
    [
        lambda f: f.map(str),
        lambda f: f.filter(bool),
        lambda f: f.join(f),
        lambda f: f.reduce(functools.partial),
        lambda f: f.map(str).map(str),
    ],
    ids=["map", "filter", "join", "reduce", "chain"],
)
def test_what_is_derived_from_an_ask_waits_no_longer_than_the_ask(runtime, obedient, gate, derive):
    ask = runtime.start(obedient).ask(lambda _: gate.hold(), block=False, timeout=0.001)

    with pytest.raises(AskTimeout):
        derive(ask).get()


def test_an_ask_that_was_given_up_before_it_began_never_runs(runtime, obedient, gate, chronicle):
    ref = runtime.start(obedient)
    ref.tell(lambda _: gate.hold())
    with pytest.raises(AskTimeout, match=ref.address):
        ref.ask(lambda _: chronicle.note("ran"), timeout=0.001)
    gate.set()

    assert ref.ask(lambda _: "after") == "after"
    assert chronicle == []
    assert runtime.late_replies == 0


@pytest.mark.parametrize("outcome", [lambda: "reply", lambda: 1 / 0], ids=["reply", "error"])
def test_a_reply_that_comes_too_late_is_dropped_and_counted(runtime, obedient, gate, outcome, watch):
    ref = runtime.start(obedient)
    end = watch(ref)
    with pytest.raises(AskTimeout):
        ref.ask(lambda _: (gate.hold(), outcome()), timeout=0.001)
    gate.set()
    ref.stop()

    end.down()
    assert runtime.late_replies == 1


def test_one_who_is_patient_gets_the_reply_though_another_gave_up(runtime, obedient, gate):
    ask = runtime.start(obedient).ask(lambda _: (gate.hold(), "reply")[1], block=False)
    patient = gevent.spawn(ask.get)
    with pytest.raises(AskTimeout):
        ask.get(timeout=0.001)
    gate.set()

    assert patient.get(timeout=2) == "reply"
    assert runtime.late_replies == 1


def test_an_asker_that_resolves_the_future_itself_harms_nobody(runtime, obedient):
    ref = runtime.start(obedient)
    set_by_asker = ref.ask(lambda _: "reply", block=False)
    set_by_asker.set("mine")
    hooked = ref.ask(lambda _: "reply", block=False)
    hooked.set_get_hook(lambda _: "computed")

    assert ref.ask(lambda _: "fine") == "fine"
    assert [set_by_asker.get(), hooked.get()] == ["mine", "computed"]


# Deferred replies.


def test_a_deferred_reply_comes_when_it_is_set(runtime):
    ref = runtime.start(Clerk)
    asks = [ref.ask(name, block=False) for name in ("first", "second")]
    ref.tell(1)
    ref.tell(2)

    assert pykka.get_all(asks) == [1, 2]


def test_a_deferred_reply_may_be_an_error_and_the_actor_lives_on(runtime):
    ref = runtime.start(Clerk)
    ask = ref.ask("first", block=False)
    ref.tell(ValueError("no"))

    with pytest.raises(ValueError, match="no"):
        ask.get()
    assert ref.is_alive()


def test_a_deferred_reply_may_be_set_before_the_handler_returns(runtime, obedient):
    def answer(self):
        self.defer().set("deferred")
        return "returned"

    ref = runtime.start(obedient)
    assert ref.ask(answer) == "deferred"
    assert ref.ask(lambda _: "next") == "next"


def test_a_second_deferred_answer_does_nothing(runtime, obedient):
    def answer_twice(self):
        reply = self.defer()
        reply.set("first")
        reply.set("second")
        reply.fail(ValueError("third"))

    ref = runtime.start(obedient)
    assert ref.ask(answer_twice) == "first"
    assert ref.is_alive()
    assert runtime.late_replies == 0


def test_nobody_waits_for_the_reply_to_a_tell(runtime, obedient, chronicle):
    runtime.start(obedient).tell(lambda self: chronicle.note("reply", self.defer()))

    chronicle.wait_for("reply", None)


def test_a_deferred_reply_fails_when_the_actor_dies(runtime, settle):
    ref = runtime.start(Clerk)
    ask = ref.ask("first", block=False)
    settle()
    ref.stop()

    with pytest.raises(ActorDied) as caught:
        ask.get()
    assert caught.value.phase is Phase.IN_FLIGHT


def test_a_deferred_reply_that_is_set_after_the_end_does_nothing(runtime, obedient, settle):
    replies = []
    ref = runtime.start(obedient)
    ask = ref.ask(lambda self: replies.append(self.defer()), block=False)
    settle()
    ref.stop()
    replies[0].set("too late")

    with pytest.raises(ActorDied):
        ask.get()


def test_a_deferred_reply_that_nobody_waits_for_any_more_is_late(runtime, settle):
    ref = runtime.start(Clerk)
    with pytest.raises(AskTimeout):
        ref.ask("first", timeout=0.001)
    ref.tell(1)
    settle()

    assert runtime.late_replies == 1


def test_an_expected_error_after_deferring_is_the_answer_and_the_reply_is_void(runtime, obedient):
    replies = []

    def defer_and_fail(self):
        replies.append(self.defer())
        raise LookupError("none")

    ref = runtime.supervise(ChildSpec("clerk", obedient, expected=(LookupError,)))
    with pytest.raises(LookupError):
        ref.ask(defer_and_fail)
    ref.ask(lambda _: replies[0].set("too late"))
    assert ref.is_alive()
