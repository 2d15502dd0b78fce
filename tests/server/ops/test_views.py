from actors.runtime.deadletters import DeadLetters
from actors.testing.clock import ManualClock
from server.ops.shapes import Counted, LetterRow
from server.ops.views import letter_rows


def test_of_dead_letters_the_last_are_shown_and_all_are_counted():
    clock = ManualClock()
    letters = DeadLetters(clock)
    for address, message in (("a", "x"), ("b", 1), ("c", "y")):
        clock.advance(1.0)
        letters.add(address, message)
    now = clock.epoch_ms()
    shown = letter_rows(letters, 2)

    assert shown.letters == (LetterRow(now, "c", "str"), LetterRow(now - 1000, "b", "int"))
    assert (shown.total, shown.by_type) == (3, (Counted("str", 2), Counted("int", 1)))
