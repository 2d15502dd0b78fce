from contextvars import Context, ContextVar

import pykka
import pytest

from actors.runtime.errors import MailboxFull
from actors.runtime.mailbox import Envelope, Mailbox
from actors.runtime.specs import ChildSpec, MailboxSpec, Overflow

trace = ContextVar("trace", default="none")


def letter(message, reply_to=None):
    return Envelope(message, reply_to, Context())


def waiting(mailbox):
    return [envelope.message for envelope in mailbox.drain()]


def filled(overflow, capacity=2):
    mailbox = Mailbox(MailboxSpec(capacity, overflow))
    for number in range(capacity):
        assert mailbox.put(letter(number))
    return mailbox


def test_messages_come_out_in_the_order_they_went_in():
    mailbox = filled(Overflow.REJECT)

    assert [mailbox.get().message, mailbox.get().message, mailbox.get()] == [0, 1, None]
    assert mailbox.empty()


def test_a_full_mailbox_rejects_the_next_message():
    mailbox = filled(Overflow.REJECT)

    assert not mailbox.put(letter("more"))
    assert mailbox.displace(letter("more")) is None
    assert waiting(mailbox) == [0, 1]


def test_a_full_mailbox_can_drop_the_oldest():
    mailbox = filled(Overflow.DROP_OLDEST)

    assert not mailbox.put(letter("more"))
    assert mailbox.displace(letter("more")).message == 0
    assert waiting(mailbox) == [1, "more"]


def test_a_full_mailbox_can_drop_the_newest():
    mailbox = filled(Overflow.DROP_NEWEST)

    assert not mailbox.put(letter("more"))
    assert mailbox.displace(letter("more")).message == "more"
    assert waiting(mailbox) == [0, 1]


def test_a_mailbox_of_one_holds_one():
    mailbox = filled(Overflow.REJECT, capacity=1)

    assert not mailbox.put(letter("more"))
    assert mailbox.displace(letter("more")) is None


def test_the_system_lane_is_not_bounded():
    mailbox = filled(Overflow.REJECT)
    for number in range(5000):
        mailbox.put_system(number)

    assert [mailbox.get_system() for _ in range(5001)] == [*range(5000), None]


def test_what_cannot_wait_goes_to_the_front_of_the_system_lane():
    mailbox = Mailbox(MailboxSpec())
    mailbox.put_system("stop")
    mailbox.put_system("kill", first=True)

    assert [mailbox.get_system(), mailbox.get_system()] == ["kill", "stop"]


def test_only_user_messages_are_counted_but_either_lane_is_work():
    mailbox = Mailbox(MailboxSpec())
    assert not mailbox

    mailbox.put_system("stop")
    assert mailbox
    assert mailbox.system is not None
    assert len(mailbox) == 0
    assert mailbox.empty()


def test_a_system_message_can_be_taken_back():
    mailbox = Mailbox(MailboxSpec())
    mailbox.put_system("down")

    assert mailbox.forget_system("down")
    assert not mailbox.forget_system("down")
    assert not mailbox


def test_draining_leaves_the_system_lane_alone():
    mailbox = filled(Overflow.REJECT)
    mailbox.put_system("stop")

    assert waiting(mailbox) == [0, 1]
    assert mailbox.get_system() == "stop"


# The same at an actor.


def held_actor(runtime, obedient, gate, overflow):
    """Start an actor whose mailbox holds 2, and which is busy."""
    ref = runtime.supervise(ChildSpec("busy", obedient, mailbox=MailboxSpec(2, overflow)))
    ref.tell(lambda _: gate.hold())
    gate.await_visitor()
    return ref


def test_a_tell_to_a_full_mailbox_raises_at_the_sender(runtime, obedient, gate):
    ref = held_actor(runtime, obedient, gate, Overflow.REJECT)
    ref.tell(lambda _: None)
    ref.tell(lambda _: None)

    with pytest.raises(MailboxFull, match="busy is full"):
        ref.tell(lambda _: None)


def test_an_ask_to_a_full_mailbox_is_refused_at_once(runtime, obedient, gate):
    ref = held_actor(runtime, obedient, gate, Overflow.REJECT)
    first, second = (ref.ask(lambda _: "done", block=False) for _ in range(2))

    with pytest.raises(MailboxFull):
        ref.ask(lambda _: None)
    gate.set()
    assert pykka.get_all([first, second]) == ["done", "done"]


@pytest.mark.parametrize("overflow", [Overflow.DROP_OLDEST, Overflow.DROP_NEWEST])
def test_an_ask_that_is_dropped_for_lack_of_room_says_so(runtime, obedient, gate, overflow):
    ref = held_actor(runtime, obedient, gate, overflow)
    asks = [ref.ask(lambda _: "done", block=False) for _ in range(3)]
    dropped = asks.pop(0 if overflow is Overflow.DROP_OLDEST else 2)

    with pytest.raises(MailboxFull):
        dropped.get()
    gate.set()
    assert pykka.get_all(asks) == ["done", "done"]


def test_a_tell_that_is_dropped_for_lack_of_room_is_a_dead_letter(runtime, obedient, gate):
    ref = held_actor(runtime, obedient, gate, Overflow.DROP_OLDEST)
    messages = [lambda _: None for _ in range(3)]
    for message in messages:
        ref.tell(message)

    assert [(letter.address, letter.message) for letter in runtime.dead_letters.ring] == [("busy", messages[0])]
    assert runtime.dead_letters.counts == {("busy", "function"): 1}


def test_a_stop_comes_through_to_a_full_mailbox(runtime, obedient, gate, watch):
    ref = held_actor(runtime, obedient, gate, Overflow.REJECT)
    ref.tell(lambda _: None)
    ref.tell(lambda _: None)
    end = watch(ref)

    stopped = ref.stop(block=False)
    gate.set()

    assert stopped.get()
    assert end.down().reason.clean
    assert len(runtime.dead_letters.ring) == 2


def test_a_handler_sees_the_context_of_the_message_and_leaves_it_alone(runtime, obedient):
    ref = runtime.start(obedient)
    token = trace.set("of the sender")
    try:
        assert ref.ask(lambda _: (trace.get(), trace.set("of the handler"))[0]) == "of the sender"
        assert trace.get() == "of the sender"
    finally:
        trace.reset(token)
    assert ref.ask(lambda _: trace.get()) == "none"
