"""Groups 9 and 10 of the Autobahn cases: sizes, chops and round trips, within what a message of ours may have.

The suite goes up to 16 MiB. Here a message ends at 64 KiB: what is longer must be refused as soon as it is declared.
"""

import pytest

from tests.system.bare import BINARY, TEXT, dial_bare, fragments, frame, pieces, ping_text
from tests.system.conformance.cases import BINARY_FRAME, TOO_BIG, Case, echo, play, rows, sends, together

pytestmark = pytest.mark.system

KIB, MIB = 1024, 1024 * 1024
LIMIT = 64 * KIB
FULL = ping_text(size=LIMIT)
BYTES = b"\xfe" * LIMIT
SIZES = (64 * KIB, 256 * KIB, 1 * MIB, 4 * MIB, 8 * MIB, 16 * MIB)
FRAGMENTS = (64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, 1 * MIB, 4 * MIB)
CHOPS = (64, 128, 256, 512, 1024, 2048)
ROUND_TRIPS = 1000
ROUND_SIZES = (0, 16, 64, 256, 1024, 4096)


def text_in(size: int) -> Case:
    if size <= LIMIT:
        return Case(sends(frame(TEXT, ping_text(size=size))), (echo(ping_text(size=size)),))
    return Case(sends(frame(TEXT, declared=size)), (), TOO_BIG)


def text_by(size: int) -> Case:
    if size <= LIMIT:
        return Case(together(*fragments(TEXT, pieces(FULL, size))), (echo(FULL),))
    return Case(sends(frame(TEXT, declared=size, fin=False)), (), TOO_BIG)


def binary_by(size: int) -> Case:
    code = BINARY_FRAME if size <= LIMIT else TOO_BIG
    return Case(sends(frame(BINARY, BYTES[:size], declared=size, fin=size >= LIMIT)), (), code)


CASES = {f"9.1.{place}": text_in(size) for place, size in enumerate(SIZES, start=1)}
CASES |= {f"9.2.{place}": binary_by(size) for place, size in enumerate(SIZES, start=1)}
CASES |= {f"9.3.{place}": text_by(size) for place, size in enumerate(FRAGMENTS, start=1)}
CASES |= {f"9.4.{place}": binary_by(size) for place, size in enumerate(FRAGMENTS, start=1)}
CASES |= {
    f"9.5.{place}": Case(sends(frame(TEXT, FULL), chop=chop), (echo(FULL),))
    for place, chop in enumerate(CHOPS, start=1)
}
CASES |= {
    f"9.6.{place}": Case(sends(frame(BINARY, BYTES), chop=chop), (), BINARY_FRAME)
    for place, chop in enumerate(CHOPS, start=1)
}
CASES["10.1.1"] = Case(sends(fragments(TEXT, pieces(FULL, 1300))), (echo(FULL),))
CASES["whole-16-MiB"] = Case(sends(frame(TEXT, b"x" * 16 * MIB)), (), TOO_BIG)


@pytest.mark.parametrize("case", rows(CASES))
def test_a_message_is_heard_up_to_the_limit_and_refused_beyond(judged, case):
    play(dial_bare(judged, judged.known("demo").token), case)


@pytest.mark.parametrize("size", ROUND_SIZES, ids=[f"9.7.{place}" for place in range(1, 7)])
def test_a_thousand_messages_go_there_and_back(judged, size):
    text = ping_text(b"*" * size)
    with dial_bare(judged, judged.known("demo").token) as bare:
        for _ in range(ROUND_TRIPS):
            bare.send(frame(TEXT, text))
            assert bare.next(1) == [echo(text)]


@pytest.mark.parametrize("size", ROUND_SIZES, ids=[f"9.8.{place}" for place in range(1, 7)])
def test_the_first_of_a_thousand_binary_messages_is_the_last(judged, size):
    chunks = frame(BINARY, b"\xfe" * size) * ROUND_TRIPS
    play(dial_bare(judged, judged.known("demo").token), Case(together(chunks), (), BINARY_FRAME))
