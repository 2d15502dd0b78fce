"""Names that are due at a time."""

from server.sockets.wheel import SLOT, Wheel

NOW = 1000.0


def test_a_name_is_due_once_and_not_before_its_time():
    wheel = Wheel(NOW)
    wheel.put("a", NOW + 5.1)

    assert wheel.turn(NOW + 5.0) == []
    assert wheel.turn(NOW + 5.1 + SLOT) == ["a"]
    assert wheel.turn(NOW + 99.0) == []


def test_the_earliest_comes_first_however_long_nobody_turned():
    wheel = Wheel(NOW)
    for name, at in (("late", 60.0), ("early", 1.0), ("between", 30.0)):
        wheel.put(name, NOW + at)

    assert wheel.turn(NOW + 61.0) == ["early", "between", "late"]


def test_what_was_due_in_the_past_is_due_with_the_next_turn():
    wheel = Wheel(NOW)
    wheel.turn(NOW + 10.0)
    wheel.put("a", NOW)

    assert wheel.turn(NOW + 10.0 + SLOT) == ["a"]


def test_a_name_that_is_put_twice_is_due_twice():
    wheel = Wheel(NOW)
    wheel.put("a", NOW + 30.0)
    wheel.put("a", NOW + 1.0)

    assert wheel.turn(NOW + 2.0) == ["a"]
    assert wheel.turn(NOW + 31.0) == ["a"]
