"""A probe stands where an actor is expected."""

import gevent
import pytest

from actors.testing import Probe


def test_a_probe_keeps_what_comes_in_order(runtime):
    probe = Probe(runtime)
    probe.ref.tell("one")
    probe.ref.tell(2)
    assert [probe.expect(str), probe.expect(int)] == ["one", 2]


def test_another_message_than_expected_is_a_failure(runtime):
    probe = Probe(runtime)
    probe.ref.tell("one")
    with pytest.raises(AssertionError, match="expected int, got 'one'"):
        probe.expect(int)


def test_no_message_is_a_failure_after_the_time_that_was_given(runtime, clock):
    with pytest.raises(AssertionError, match="no str came within 3 s"):
        Probe(runtime).expect(str, within=3)
    assert clock.monotonic() == 3.0


def test_nothing_expected_and_something_come_is_a_failure(runtime):
    probe = Probe(runtime)
    probe.expect_nothing()
    probe.ref.tell("one")
    with pytest.raises(AssertionError, match="got 'one'"):
        probe.expect_nothing()


def test_an_ask_is_answered_by_hand(runtime):
    probe = Probe(runtime)
    asking = gevent.spawn(probe.ref.ask, "how much?")
    probe.expect(str)
    probe.reply(42)
    assert asking.get() == 42


def test_an_exception_as_the_reply_is_raised_at_the_asker(runtime):
    probe = Probe(runtime)
    asking = probe.ref.ask("how much?", block=False)
    probe.expect(str)
    probe.reply(LookupError("nobody knows"))
    with pytest.raises(LookupError):
        asking.get()


def test_a_tell_cannot_be_replied_to(runtime):
    probe = Probe(runtime)
    probe.ref.tell("one")
    probe.expect(str)
    with pytest.raises(AssertionError, match="told, not asked"):
        probe.reply(1)
