import pytest

from server.client.reconnecting import FIRST, LONGEST, STEADY, Ending, Step, delay, failures_after, step_after


@pytest.mark.parametrize(
    ("codes", "step"),
    [
        ((1000, 1002, 1003, 1007, 1009, 4003), Step.STOP),
        ((4001, 4008), Step.REFRESH),
        ((1001, 1006, 1011, 1012, 1013, 4010, 4011, 4029), Step.RECONNECT),
    ],
)
def test_a_close_code_says_what_comes_next(codes, step):
    assert {step_after(Ending(code)) for code in codes} == {step}


def test_a_bye_that_says_not_to_come_back_is_heeded():
    assert step_after(Ending(1012, reconnect=False)) is Step.STOP
    assert step_after(Ending(1012, reconnect=True)) is Step.RECONNECT
    assert step_after(Ending(4001, reconnect=False)) is Step.REFRESH


def test_waits_double_up_to_a_bound_and_spread_over_its_upper_half():
    bounds = [min(LONGEST, FIRST * 2**number) for number in range(12)]

    assert [delay(number + 1, 0.0) for number in range(12)] == [bound / 2 for bound in bounds]
    assert [delay(number + 1, 1.0) for number in range(12)] == bounds
    assert delay(10_000, 0.0) == LONGEST / 2


def test_what_the_server_asks_for_is_waited_and_spread_too():
    assert delay(1, 0.0, at_least=7.0) == 7.0
    assert delay(1, 1.0, at_least=7.0) == 7.0 + FIRST / 2


def test_a_connection_that_lasted_makes_the_next_failure_a_first_one():
    assert failures_after(5, Ending(1006, lasted=STEADY)) == 1
    assert failures_after(5, Ending(1006, lasted=STEADY - 0.1)) == 6
