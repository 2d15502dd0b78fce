import pytest

from actors.agents.assistant.retries import FIRST_SECONDS, LONGEST_SECONDS, asked_to_wait, backoff

NOON = 1_767_268_800.0  # 2026-01-01 12:00:00 UTC


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Thu, 01 Jan 99999999 12:00:00 GMT"}, None),
    ],
)
def test_an_endpoint_says_how_long_to_wait_in_several_ways(headers, seconds):
    assert asked_to_wait(headers, NOON) == seconds


def test_waits_grow_up_to_a_bound():
    assert [backoff(failures, jitter=1) for failures in (1, 2, 3)] == [FIRST_SECONDS, 1.0, 2.0]
    assert backoff(1000, jitter=1) == LONGEST_SECONDS


def test_half_of_a_wait_is_chance():
    assert backoff(1, jitter=0) == FIRST_SECONDS / 2
