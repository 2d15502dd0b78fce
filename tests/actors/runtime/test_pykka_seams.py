"""The private places of pykka that the runtime stands on.

What is overridden is there to be overridden, and takes what we take.
"""

import ast
import inspect
from importlib.metadata import version

import pykka
import pytest
from pykka import _actor, _future, _introspection, messages

from actors.runtime import future, ref
from actors.runtime.actor import Actor
from actors.runtime.future import Future
from tests.actors.runtime.seams import moved


def parameters(function):
    return list(inspect.signature(function).parameters)


def private_names_read(function, owner):
    """Return the private attributes that ``function`` reads of the variable ``owner``."""
    tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(function)))
    reads = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    return {node.attr for node in reads if node.value.id == owner and node.attr.startswith("_")}


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
