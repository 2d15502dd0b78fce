from server.client.outbox import WINDOW, Outbox
from server.protocol import Message

LIVE = frozenset({"s"})


def message(number, session_id="s"):
    return Message(text="hello", session_id=session_id, client_msg_id=f"m{number}")


def test_what_is_due_goes_in_its_order_and_once():
    outbox = Outbox()
    first, second = outbox.add(message(1), None), outbox.add(message(2), None)

    assert outbox.next(LIVE) is first
    first.asked = True
    assert outbox.next(LIVE) is second
    second.asked = True
    assert outbox.next(LIVE) is None


def test_what_was_cut_off_is_due_again_before_what_came_later():
    outbox = Outbox()
    first = outbox.add(message(1), None)
    first.asked = True
    outbox.add(message(2), None)

    first.asked = False

    assert outbox.next(LIVE) is first


def test_nothing_goes_to_a_session_that_is_not_subscribed():
    outbox = Outbox()
    outbox.add(message(1, "elsewhere"), None)
    here = outbox.add(message(2), None)

    assert outbox.next(LIVE) is here


def test_no_more_are_under_way_than_the_window_has():
    outbox = Outbox()
    entries = [outbox.add(message(number), None) for number in range(WINDOW + 1)]
    for entry in entries[:WINDOW]:
        assert outbox.next(LIVE) is entry
        entry.asked = True

    assert outbox.next(LIVE) is None
    assert outbox.remove(entries[0])
    assert outbox.next(LIVE) is entries[WINDOW]


def test_all_under_an_id_are_found_and_a_settled_one_is_gone():
    outbox = Outbox()
    twice = [outbox.add(message(1), None), outbox.add(message(1), None)]
    outbox.add(message(2), None)

    assert outbox.named("m1") == twice
    assert outbox.remove(twice[0])
    assert not outbox.remove(twice[0])
    assert outbox.named("m1") == twice[1:]
