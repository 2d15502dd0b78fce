"""Groups 1 to 5 of the Autobahn cases: framing, pings and pongs, reserved bits, opcodes, fragmentation."""

import os

import pytest

from tests.system.bare import (
    BINARY,
    CLOSE,
    CONT,
    PING,
    PONG,
    TEXT,
    close_frame,
    dial_bare,
    fragments,
    frame,
    ping_text,
)
from tests.system.conformance.cases import (
    BAD_FRAME,
    BINARY_FRAME,
    TOO_BIG,
    Case,
    echo,
    play,
    pong,
    rows,
    sends,
    together,
)

pytestmark = pytest.mark.system

HELLO = ping_text(b"Hello, world!")
HALVES = (HELLO[:20], HELLO[20:])
LIMIT = 65_536

FRAMING = {
    f"1.1.{number}": Case(sends(frame(TEXT, text)), (echo(text),))
    for number, text in enumerate(
        [ping_text(), *(ping_text(size=size) for size in (125, 126, 127, 128, 65_535, LIMIT))], start=1
    )
}
FRAMING["1.1.8"] = Case(sends(frame(TEXT, ping_text(size=LIMIT)), chop=997), (echo(ping_text(size=LIMIT)),))
FRAMING |= {
    f"1.2.{number}": Case(sends(frame(BINARY, b"\xfe" * size)), (), BINARY_FRAME)
    for number, size in enumerate((0, 125, 126, 127, 128, 65_535, LIMIT), start=1)
}
FRAMING["1.2.8"] = Case(sends(frame(BINARY, b"\xfe" * LIMIT), chop=997), (), BINARY_FRAME)

BYTES = bytes([0x00, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0x00, 0xFF])
FULL = b"\xfe" * 125
TEN = [f"payload-{number}".encode() for number in range(10)]

PINGS = {
    "2.1": Case(sends(frame(PING)), (pong(b""),)),
    "2.2": Case(sends(frame(PING, b"Hello, world!")), (pong(b"Hello, world!"),)),
    "2.3": Case(sends(frame(PING, BYTES)), (pong(BYTES),)),
    "2.4": Case(sends(frame(PING, FULL)), (pong(FULL),)),
    "2.5": Case(sends(frame(PING, b"\xfe" * 126)), (), BAD_FRAME),
    "2.6": Case(sends(frame(PING, FULL), chop=1), (pong(FULL),)),
    "2.7": Case(sends(frame(PONG))),
    "2.8": Case(sends(frame(PONG, b"unsolicited pong"))),
    "2.9": Case(sends(frame(PONG, b"unsolicited pong"), frame(PING, b"our ping")), (pong(b"our ping"),)),
    "2.10": Case(sends([frame(PING, payload) for payload in TEN]), tuple(map(pong, TEN))),
    "2.11": Case(sends([frame(PING, payload) for payload in TEN], chop=1), tuple(map(pong, TEN))),
}

TWICE = (frame(TEXT, HELLO), frame(PING))


def between(bad: bytes) -> tuple[bytes, ...]:
    """Return a good text, the bad frame, and a ping that mustn't be answered."""
    return (TWICE[0], bad, TWICE[1])


RESERVED = {
    "3.1": Case(sends(frame(TEXT, HELLO, rsv=1)), (), BAD_FRAME),
    "3.2": Case(together(*between(frame(TEXT, HELLO, rsv=2))), (echo(HELLO),), BAD_FRAME),
    "3.3": Case(between(frame(TEXT, HELLO, rsv=3)), (echo(HELLO),), BAD_FRAME),
    "3.4": Case(sends(*between(frame(TEXT, HELLO, rsv=4)), chop=1), (echo(HELLO),), BAD_FRAME),
    "3.5": Case(sends(frame(BINARY, BYTES, rsv=5)), (), BAD_FRAME),
    "3.6": Case(sends(frame(PING, b"Hello", rsv=6)), (), BAD_FRAME),
    "3.7": Case(sends(frame(CLOSE, b"\x03\xe8", rsv=7)), (), BAD_FRAME),
}

OPCODES = {
    f"4.{group}.{place}": (
        Case(sends(frame(opcode, payload)), (), BAD_FRAME)
        if place < 3
        else Case(together(*between(frame(opcode, payload))), (echo(HELLO),), BAD_FRAME)
    )
    for group, first in ((1, 3), (2, 11))
    for place, opcode, payload in (
        (place, first + place - 1, b"reserved opcode payload" if place in (2, 4, 5) else b"") for place in range(1, 6)
    )
}

PINGED = [fragments(TEXT, HALVES)[0], frame(PING, b"ping payload"), fragments(TEXT, HALVES)[1]]
PINGED_GETS = (pong(b"ping payload"), echo(HELLO))
STRAY = frame(CONT, b"non-continuation payload")
STRAY_OPEN = frame(CONT, b"non-continuation payload", fin=False)
FIVE = fragments(TEXT, [HELLO[start : start + 8] for start in range(0, 40, 8)])
LONG = [FIVE[0], FIVE[1], frame(PING, b"pongme 1!"), FIVE[2], FIVE[3], frame(PING, b"pongme 2!"), FIVE[4]]
LONG_GETS = (pong(b"pongme 1!"), pong(b"pongme 2!"), echo(HELLO))
ROUND = [STRAY_OPEN, *fragments(TEXT, HALVES)]

FRAGMENTS = {
    "5.1": Case(sends(frame(PING, b"frag", fin=False), frame(CONT, b"ment")), (), BAD_FRAME),
    "5.2": Case(sends(frame(PONG, b"frag", fin=False), frame(CONT, b"ment")), (), BAD_FRAME),
    "5.3": Case(together(*fragments(TEXT, HALVES)), (echo(HELLO),)),
    "5.4": Case(sends(fragments(TEXT, HALVES)), (echo(HELLO),)),
    "5.5": Case(sends(fragments(TEXT, HALVES), chop=1), (echo(HELLO),)),
    "5.6": Case(together(*PINGED), PINGED_GETS),
    "5.7": Case(sends(PINGED), PINGED_GETS),
    "5.8": Case(sends(PINGED, chop=1), PINGED_GETS),
    "5.9": Case(together(STRAY, frame(TEXT, HELLO)), (), BAD_FRAME),
    "5.10": Case(sends(STRAY, frame(TEXT, HELLO)), (), BAD_FRAME),
    "5.11": Case(sends(STRAY, frame(TEXT, HELLO), chop=1), (), BAD_FRAME),
    "5.12": Case(together(STRAY_OPEN, frame(TEXT, HELLO)), (), BAD_FRAME),
    "5.13": Case(sends(STRAY_OPEN, frame(TEXT, HELLO)), (), BAD_FRAME),
    "5.14": Case(sends(STRAY_OPEN, frame(TEXT, HELLO), chop=1), (), BAD_FRAME),
    "5.15": Case(together(*fragments(TEXT, HALVES), STRAY_OPEN, frame(TEXT, HELLO)), (echo(HELLO),), BAD_FRAME),
    "5.16": Case(sends(ROUND, ROUND), (), BAD_FRAME),
    "5.17": Case(sends(STRAY, *fragments(TEXT, HALVES), STRAY, *fragments(TEXT, HALVES)), (), BAD_FRAME),
    "5.18": Case(sends(frame(TEXT, HALVES[0], fin=False), frame(TEXT, HALVES[1])), (), BAD_FRAME),
    "5.19": Case(sends(LONG), LONG_GETS),
    "5.20": Case(together(*LONG), LONG_GETS),
}

# What the suite leaves out.
ODD_MASK = b"\x00\xff\x00\x01"
BEYOND = {
    "unmasked-text": Case(sends(frame(TEXT, HELLO, mask=None)), (), BAD_FRAME),
    "unmasked-empty": Case(sends(frame(TEXT, mask=None)), (), BAD_FRAME),
    "unmasked-ping": Case(sends(frame(PING, b"x", mask=None)), (), BAD_FRAME),
    "unmasked-close": Case(sends(frame(CLOSE, b"\x03\xe8", mask=None)), (), BAD_FRAME),
    "unmasked-second": Case(together(TWICE[0], frame(TEXT, HELLO, mask=None)), (echo(HELLO),), BAD_FRAME),
    "zero-mask": Case(sends(frame(TEXT, HELLO, mask=bytes(4))), (echo(HELLO),)),
    "odd-mask": Case(sends(frame(TEXT, HELLO, mask=ODD_MASK)), (echo(HELLO),)),
    "declared-one-too-many": Case(sends(frame(TEXT, declared=LIMIT + 1)), (), TOO_BIG),
    "declared-most": Case(sends(frame(TEXT, declared=(1 << 63) - 1)), (), TOO_BIG),
    "declared-top-bit": Case(sends(frame(TEXT, declared=1 << 63)), (), TOO_BIG),
    "declared-all-bits": Case(sends(frame(TEXT, declared=(1 << 64) - 1)), (), TOO_BIG),
    "declared-beyond-what-is-left": Case(
        sends(frame(TEXT, b"x" * (LIMIT - 1000), fin=False), frame(CONT, declared=1200)), (), TOO_BIG
    ),
    "fragments-one-too-many": Case(sends(fragments(TEXT, [b"x" * LIMIT, b"x"])), (), TOO_BIG),
    "ping-when-a-message-is-full": Case(
        sends(frame(TEXT, ping_text(size=LIMIT), fin=False), frame(PING, FULL), frame(CONT)),
        (pong(FULL), echo(ping_text(size=LIMIT))),
    ),
    "empty-fragments": Case(
        sends(frame(TEXT, fin=False), [frame(CONT, fin=False)] * 100, frame(CONT, HELLO)), (echo(HELLO),)
    ),
    "too-many-fragments": Case(
        together(frame(TEXT, fin=False), frame(CONT, fin=False) * 5000),
        (),
        TOO_BIG,
    ),
    "text-then-close": Case(together(frame(TEXT, HELLO) * 3, close_frame(1001)), (echo(HELLO),) * 3, 1001),
    "texts-then-binary": Case(together(frame(TEXT, HELLO) * 3, frame(BINARY)), (echo(HELLO),) * 3, BINARY_FRAME),
}


@pytest.mark.parametrize("case", rows(FRAMING | PINGS | RESERVED | OPCODES | FRAGMENTS | BEYOND))
def test_a_case_of_framing_ends_as_it_must(judged, case):
    play(dial_bare(judged, judged.known("demo").token), case)


def test_every_byte_of_a_long_ping_comes_back_under_any_mask(judged):
    with dial_bare(judged, judged.known("demo").token) as bare:
        for length in range(126):
            payload = os.urandom(length)
            bare.send(frame(PING, payload, mask=os.urandom(4)))
            assert bare.next(1) == [pong(payload)]
