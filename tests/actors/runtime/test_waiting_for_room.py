"""Senders that wait for room."""

import pytest
from gevent.event import Event

from actors.runtime.errors import MailboxFull
from actors.runtime.specs import ChildSpec, MailboxSpec, Overflow
from actors.runtime.telemetry import Rejected


@pytest.fixture
def crowded(runtime, obedient, gate, request):
    """An actor that is busy, with one message in a mailbox that holds one and makes others wait."""
    spec = MailboxSpec(1, Overflow.BLOCK, timeout=getattr(request, "param", 60))
    ref = runtime.supervise(ChildSpec("crowded", obedient, mailbox=spec))
    ref.tell(lambda _: gate.hold())
    gate.await_visitor()
    ref.tell(lambda _: None)
    return ref


def test_a_sender_waits_for_room_and_senders_are_let_in_in_order(runtime, obedient, crowded, gate, chronicle):
    def send(number):
        def tell(_):
            crowded.tell(lambda _: chronicle.note("handled", number))
            chronicle.note("sent", number)

        return tell

    for number in range(3):
        runtime.start(obedient).ask(send(number), block=False)
    runtime.start(obedient).ask(lambda _: None)
    assert chronicle == []
    gate.set()
    for number in range(3):
        chronicle.wait_for("sent", number)
        chronicle.wait_for("handled", number)

    assert chronicle.about("handled") == [("handled", number) for number in range(3)]


@pytest.mark.parametrize("crowded", [0.01], indirect=True)
@pytest.mark.parametrize("send", ["tell", "ask"])
def test_a_sender_that_waited_long_enough_is_rejected_and_its_message_never_runs(runtime, crowded, send, gate):
    ran = []
    with pytest.raises(MailboxFull):
        getattr(crowded, send)(lambda _: ran.append(1))
    gate.set()
    for _ in range(2):
        crowded.ask(lambda _: None)

    assert ran == []
    assert runtime.telemetry.counts[Rejected] == 1


def test_who_waits_for_room_at_an_actor_that_dies_is_told(runtime, obedient, crowded, gate, watch):
    sender = runtime.start(obedient)
    end = watch(sender)
    sender.tell(lambda _: crowded.tell("anything"))
    runtime.start(obedient).ask(lambda _: None)
    crowded.kill()

    assert type(end.down().reason.error).__name__ == "ActorDied"


def test_who_can_not_wait_is_rejected_at_once(runtime, crowded, gate):
    refused = Event()

    def tell_from_the_loop():
        with pytest.raises(MailboxFull):
            crowded.tell("anything")
        refused.set()

    runtime.call_soon(tell_from_the_loop)

    assert refused.wait(5)


def test_an_actor_does_not_wait_for_room_at_itself(runtime, obedient):
    spec = MailboxSpec(1, Overflow.BLOCK, timeout=60)
    ref = runtime.supervise(ChildSpec("self", obedient, mailbox=spec))

    def tell_oneself(self):
        self.actor_ref.tell(lambda _: None)
        with pytest.raises(MailboxFull):
            self.actor_ref.tell(lambda _: None)
        return "went on"

    assert ref.ask(tell_oneself) == "went on"
