"""The private places of pykka, gevent and greenlet that the runtime stands on.

Each test fails with the name of the seam and of the file that depends on it, so that whoever raises a pin knows where
to look. The second half holds what is promised in pykka's own documentation and must hold here, too.
"""

import ast
import inspect
import sys
import threading
from contextvars import ContextVar
from importlib.metadata import version

import gevent
import greenlet
import pykka
import pytest
from gevent import get_hub
from gevent.hub import Waiter
from pykka import _actor, _future, _introspection, _ref, messages

from actors.runtime import future, ref
from actors.runtime.actor import Actor
from actors.runtime.future import Future


def moved(seam, file):
    return f"{seam} isn't what actors/runtime/{file} relies on"


def parameters(function):
    return list(inspect.signature(function).parameters)


def run_on_hub(call, *args):
    """Call where a greenlet that ends gives control back to."""
    get_hub().loop.run_callback(call, *args)
    gevent.sleep(0)


def private_names_read(function, owner):
    """Return the private attributes that ``function`` reads of the variable ``owner``."""
    tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(function)))
    reads = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    return {node.attr for node in reads if node.value.id == owner and node.attr.startswith("_")}


# pykka: what is overridden is there to be overridden, and takes what we take.


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("_handle_receive", ["self", "message"]),
        ("_create_future", []),
        ("_create_actor_inbox", []),
        ("_start_actor_loop", ["self"]),
        ("_stop", ["self"]),
        ("stop", ["self"]),
        ("on_start", ["self"]),
        ("on_stop", ["self"]),
        ("on_failure", ["self", "exception_type", "exception_value", "traceback"]),
        ("on_receive", ["self", "message"]),
    ],
)
def test_pykkas_actor_has_the_methods_that_ours_overrides_or_calls(name, takes):
    assert parameters(getattr(pykka.Actor, name)) == takes, moved(f"pykka.Actor.{name}", "actor.py")
    assert parameters(getattr(Actor, name)) == takes, moved(f"pykka.Actor.{name}", "actor.py")


def test_the_abstract_methods_of_pykkas_actor_are_those_that_ours_fills():
    expected = {"_create_actor_inbox", "_create_future", "_start_actor_loop"}

    assert pykka.Actor.__abstractmethods__ == expected, moved("pykka.Actor.__abstractmethods__", "actor.py")
    assert not Actor.__abstractmethods__


def test_pykkas_actor_sets_nothing_that_ours_does_not_give():
    """Ours doesn't run pykka's __init__: each field of an actor or a reference must be a property of ours."""
    fields = {name for name in inspect.get_annotations(pykka.Actor) if not name.startswith("_")}

    assert fields == {"actor_urn", "actor_inbox", "actor_stopped"}, moved("the fields of pykka.Actor", "actor.py")
    for name in {*fields, "actor_ref"}:
        assert isinstance(vars(Actor)[name], property), moved(f"pykka.Actor.{name}", "actor.py")


def test_pykkas_reference_has_no_field_that_ours_does_not_give():
    fields = set(inspect.get_annotations(pykka.ActorRef))
    expected = {"actor_class", "actor_urn", "actor_inbox", "actor_stopped"}

    assert fields == expected, moved("the fields of pykka.ActorRef", "ref.py")
    for name in {*fields, "_actor_weakref"}:
        assert isinstance(vars(ref.ActorRef)[name], property), moved(f"pykka.ActorRef.{name}", "ref.py")


def test_what_pykkas_reference_does_by_its_fields_ours_does_itself():
    """Else it would put pykka's envelopes into our mailbox."""
    own = {"is_alive", "tell", "ask", "stop", "__str__"}
    inherited = {name for name, member in vars(pykka.ActorRef).items() if inspect.isfunction(member)} - own

    assert own <= set(vars(ref.ActorRef))
    assert inherited == {"__init__", "__repr__", "proxy"}, moved("the methods of pykka.ActorRef", "ref.py")


@pytest.mark.parametrize("name", ["tell", "ask", "stop", "proxy", "is_alive"])
def test_our_references_take_what_pykkas_take(name):
    ours, theirs = (parameters(getattr(kind, name)) for kind in (ref.ActorRef, pykka.ActorRef))

    assert ours[: len(theirs)] == theirs, moved(f"pykka.ActorRef.{name}", "ref.py")


def test_handle_receive_sorts_pykkas_own_messages_and_gives_the_rest_to_on_receive():
    source = inspect.getsource(pykka.Actor._handle_receive)
    for name in ("_ActorStop", "ProxyCall", "ProxyGetAttr", "ProxySetAttr"):
        assert f"messages.{name}" in source, moved("pykka.Actor._handle_receive", "actor.py")
    assert "self.on_receive(message)" in source, moved("pykka.Actor._handle_receive", "actor.py")


def test_the_stop_message_is_an_empty_tuple_of_its_own_type():
    assert messages._ActorStop() == (), moved("pykka.messages._ActorStop", "ref.py")
    assert ref._ActorStop is messages._ActorStop, moved("pykka.messages._ActorStop", "ref.py")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("ProxyCall", ("attr_path", "args", "kwargs")),
        ("ProxyGetAttr", ("attr_path",)),
        ("ProxySetAttr", ("attr_path", "value")),
    ],
)
def test_proxies_send_the_messages_that_handle_receive_knows(kind, fields):
    assert getattr(messages, kind)._fields == fields, moved(f"pykka.messages.{kind}", "actor.py")


def test_a_proxy_reads_of_a_reference_only_what_ours_gives():
    reads = private_names_read(pykka.ActorProxy.__init__, "actor_ref")

    assert reads == {"_actor_weakref"}, moved("what pykka.ActorProxy reads of a reference", "ref.py")


def test_a_proxy_finds_a_dead_actor_by_the_weak_references_none(runtime):
    class Unborn:
        def is_alive(self):
            return True

        def _actor_weakref(self):
            return None

    with pytest.raises(pykka.ActorDeadError):
        pykka.ActorProxy(actor_ref=Unborn())


def test_introspection_looks_at_an_actor_without_running_its_properties(runtime):
    class Guarded(Actor):
        @property
        def costly(self):
            raise AssertionError(moved("pykka._introspection", "actor.py"))

    reference = runtime.start(Guarded)
    known = reference.proxy()._known_attrs

    assert {("actor_urn",), ("address",), ("costly",), ("stop",)} <= set(known)
    assert not any(path[0].startswith("_") for path in known)
    assert known["stop",].callable


def test_introspection_reaches_attributes_by_their_path():
    path = ("__class__", "__name__")

    assert _introspection.get_attr_directly(Actor(), path) == "Actor", moved("pykka._introspection", "actor.py")
    assert _actor.get_attr_directly is _introspection.get_attr_directly, moved("pykka._introspection", "actor.py")


def test_pykkas_future_begins_with_an_open_hook():
    plain = pykka.Future()

    assert vars(plain).keys() == {"_get_hook", "_get_hook_result"}, moved("the fields of pykka.Future", "future.py")
    assert plain._get_hook is None, moved("pykka.Future._get_hook", "future.py")
    assert isinstance(plain._get_hook_result, _future._Unset), moved("pykka._future._Unset", "future.py")
    assert isinstance(future._NO_HOOK_RESULT, _future._Unset), moved("pykka._future._Unset", "future.py")


def test_pykkas_future_computes_by_the_hook_once():
    timeouts = []
    plain = pykka.Future()
    plain.set_get_hook(lambda timeout: timeouts.append(timeout) or "computed")

    assert [plain.get(timeout=2), plain.get()] == ["computed"] * 2, moved("pykka.Future.get", "future.py")
    assert timeouts == [2], moved("pykka.Future.get", "future.py")


def test_the_mark_of_no_result_can_be_shared_between_futures():
    first, second = Future(), Future()
    first.set_get_hook(lambda _: "first")
    first.get()
    second.set_get_hook(lambda _: "second")

    assert second.get() == "second", moved("pykka.Future._get_hook_result", "future.py")


@pytest.mark.parametrize("name", ["map", "filter", "reduce", "join"])
def test_pykka_derives_futures_by_the_class_without_arguments_and_a_hook(name):
    source = inspect.getsource(getattr(pykka.Future, name))

    assert "self.__class__()" in source, moved(f"pykka.Future.{name}", "future.py")
    assert "set_get_hook(" in source, moved(f"pykka.Future.{name}", "future.py")


def test_our_future_overrides_all_that_pykkas_leaves_open():
    left_open = {
        name
        for name, member in vars(pykka.Future).items()
        if inspect.isfunction(member) and "NotImplementedError" in inspect.getsource(member)
    }

    assert left_open == {"get", "set", "set_exception"}, moved("pykka.Future", "future.py")
    assert left_open <= set(vars(Future))


def test_our_errors_are_caught_by_pykkas_names():
    assert issubclass(ref.ActorRef, pykka.ActorRef)
    assert pykka.ActorDeadError.__bases__ == (Exception,), moved("pykka.ActorDeadError", "errors.py")
    assert pykka.Timeout.__bases__ == (Exception,), moved("pykka.Timeout", "errors.py")


def test_pykka_is_of_the_pinned_series():
    assert version("pykka").startswith("4.5."), moved("pykka 4.5", "*.py")


# gevent and greenlet.


def test_a_timeout_throws_by_the_throw_attribute_of_the_greenlet_that_started_it():
    """Looked up when it strikes: a worker's own throw can stand in the way."""
    thrown = []

    class Catching(greenlet.greenlet):
        def run(self):
            self.timeout = gevent.Timeout(0.001)
            self.timeout.start()

        def throw(self, *error):
            thrown.append(error)

    catching = Catching(parent=get_hub())
    run_on_hub(catching.switch)
    waiter = Waiter()
    timer = get_hub().loop.timer(0.005)
    timer.start(waiter.switch, None, update=True)
    waiter.get()
    timer.close()

    assert thrown == [(catching.timeout,)], moved("gevent.Timeout's throw", "dispatcher.py")


def test_a_pending_timeout_refers_to_the_greenlet_that_started_it():
    """By that reference a worker learns that somebody can still throw into it."""
    seen = []

    class Counting(greenlet.greenlet):
        def run(self):
            before = sys.getrefcount(self)
            timeout = gevent.Timeout(30)
            timeout.start()
            during = sys.getrefcount(self)
            timeout.close()
            seen.extend([during - before, sys.getrefcount(self) - before])

    run_on_hub(Counting(parent=get_hub()).switch)

    assert seen[0] >= 1, moved("the reference of a pending gevent.Timeout", "dispatcher.py")
    assert seen[1] == 0, moved("the reference of a closed gevent.Timeout", "dispatcher.py")


def test_a_kill_by_gevent_reaches_a_greenlet_by_its_throw_attribute():
    thrown = []

    class Catching(greenlet.greenlet):
        def run(self):
            get_hub().switch()

        def throw(self, *error):
            thrown.append(error)

    catching = Catching(parent=get_hub())
    run_on_hub(catching.switch)
    gevent.kill(catching, KeyError)
    gevent.sleep(0)

    assert thrown == [(KeyError,)], moved("gevent.kill's throw", "dispatcher.py")
    run_on_hub(greenlet.greenlet.throw, catching)


def test_callbacks_run_on_the_hub_in_the_order_they_were_asked_for():
    seen = []
    loop = get_hub().loop
    for number in range(3):
        loop.run_callback(lambda number=number: seen.append((number, gevent.getcurrent() is get_hub())))
    gevent.sleep(0)

    assert seen == [(0, True), (1, True), (2, True)], moved("gevent's loop.run_callback", "dispatcher.py")


def test_a_callback_from_another_thread_wakes_the_loop():
    waiter = Waiter()
    loop = get_hub().loop
    thread = threading.Thread(target=loop.run_callback_threadsafe, args=(waiter.switch, "woken"))
    with gevent.Timeout(5):
        thread.start()
        assert waiter.get() == "woken", moved("gevent's loop.run_callback_threadsafe", "dispatcher.py")
    thread.join()


def test_a_timer_counts_from_now_when_told_to_update():
    """Without it, it would count from when the loop last looked at the clock."""
    waiter = Waiter()
    timer = get_hub().loop.timer(0.001)
    timer.start(waiter.switch, "due", update=True)

    assert waiter.get() == "due", moved("gevent's loop.timer().start(update=True)", "dispatcher.py")
    timer.close()
    timer.close()


def test_a_timer_that_nobody_holds_still_calls():
    waiter = Waiter()
    get_hub().loop.timer(0.001).start(waiter.switch, "due", update=True)

    assert waiter.get() == "due", moved("gevent's loop.timer", "dispatcher.py")


def test_a_waiter_that_is_switched_before_it_waits_does_not_wait():
    waiter = Waiter()
    waiter.switch("early")

    assert waiter.get() == "early", moved("gevent.hub.Waiter", "future.py")


def test_a_waiter_that_is_switched_again_after_it_waited_harms_nobody():
    waiter = Waiter()
    loop = get_hub().loop
    loop.run_callback(waiter.switch, "first")
    loop.run_callback(waiter.switch, "second")
    first = waiter.get()
    gevent.sleep(0)

    assert first == "first", moved("gevent.hub.Waiter", "future.py")


def test_a_greenlet_whose_parent_is_the_hub_gives_control_back_by_its_end():
    ran = []
    run_on_hub(greenlet.greenlet(lambda: ran.append(True), get_hub()).switch)

    assert ran == [True], moved("greenlet's parent", "dispatcher.py")


def test_each_greenlet_has_a_context_of_its_own():
    variable = ContextVar("variable", default="unset")
    run_on_hub(greenlet.greenlet(lambda: variable.set("elsewhere"), get_hub()).switch)

    assert variable.get() == "unset", moved("greenlet's contexts", "cell.py")


# What pykka's documentation promises of actors, references and futures.


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
