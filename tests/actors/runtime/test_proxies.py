"""pykka's way to start, and its proxies."""

import pykka
import pytest

from actors.runtime.actor import Actor
from actors.runtime.runtime import Runtime

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
