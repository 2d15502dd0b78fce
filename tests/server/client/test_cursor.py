from server.client.cursor import Cursor
from server.protocol import Cursor as Wire


def test_the_first_subscription_without_a_place_begins_now():
    cursor = Cursor()

    assert cursor.after is None
    assert not cursor.subscribed("e", 7, recovered=False)
    assert cursor.after == Wire(7, "e")


def test_each_event_is_admitted_once():
    cursor = Cursor(3, "e")

    assert [cursor.admit(seq) for seq in (3, 4, 4, 2, 5)] == [False, True, False, False, True]
    assert cursor.after == Wire(5, "e")


def test_a_resume_that_misses_nothing_goes_on():
    cursor = Cursor(3, "e")

    assert not cursor.subscribed("e", 9, recovered=True)
    assert cursor.after == Wire(3, "e")


def test_another_log_is_read_from_its_beginning():
    cursor = Cursor(30, "old")

    assert cursor.subscribed("new", 2, recovered=False)
    assert [cursor.admit(seq) for seq in (1, 2)] == [True, True]


def test_what_was_pruned_is_missed_and_nothing_comes_twice():
    cursor = Cursor(30, "e")

    assert cursor.subscribed("e", 90, recovered=False)
    assert [cursor.admit(seq) for seq in (29, 30, 60)] == [False, False, True]
