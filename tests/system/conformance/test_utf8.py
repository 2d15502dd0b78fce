"""Group 6 of the Autobahn cases: UTF-8, whole, in fragments, and failing at the first byte that no text can go on with.

The sequences are those of Markus Kuhn's UTF-8 decoder stress test.
"""

import pytest

from tests.system.bare import CLOSE, CONT, PING, TEXT, Frame, dial_bare, fragments, frame, pieces, ping_text
from tests.system.conformance.cases import BAD_UTF8, CLEAN, Case, echo, play, pong, rows, sends

pytestmark = pytest.mark.system

KOSME = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"
GREETING = "Hello-µ@ßöäüàá-UTF-8!!".encode()
BAD_TEXT = ping_text(KOSME + b"\xed\xa0\x80edited")
WHOLE = ping_text(b"middle frame payload")

FRAGMENTED = {
    "6.1.3": Case(sends(fragments(TEXT, [b"", WHOLE, b""])), (echo(WHOLE),)),
    "6.2.1": Case(sends(frame(TEXT, ping_text(GREETING))), (echo(ping_text(GREETING)),)),
    "6.2.2": Case(sends(fragments(TEXT, ping_text(GREETING).partition("ß".encode()))), (echo(ping_text(GREETING)),)),
    "6.2.3": Case(sends(fragments(TEXT, pieces(ping_text(GREETING), 1))), (echo(ping_text(GREETING)),)),
    "6.2.4": Case(sends(fragments(TEXT, pieces(ping_text(KOSME), 1))), (echo(ping_text(KOSME)),)),
    "6.3.1": Case(sends(frame(TEXT, BAD_TEXT)), (), BAD_UTF8),
    "6.3.2": Case(sends(fragments(TEXT, pieces(BAD_TEXT, 1))), (), BAD_UTF8),
    # Within a frame it is told at the frame's end; the suite has that as good, and as not strict.
    "6.4.3": Case(sends(*pieces(frame(TEXT, ping_text(KOSME + b"\xf4\x90\x80\x80edited")), 30)), (), BAD_UTF8),
    "6.4.4": Case(sends(*pieces(frame(TEXT, ping_text(KOSME + b"\xf4\x90\x80\x80edited")), 37)), (), BAD_UTF8),
}

OVERLONG = b"\xc0 \xe0\x80 \xf0\x80\x80 \xf8\x80\x80\x80 \xfc\x80\x80\x80\x80".split()
MISSING = OVERLONG + b"\xdf \xef\xbf \xf7\xbf\xbf \xfb\xbf\xbf\xbf \xfd\xbf\xbf\xbf\xbf".split()
LONELY = ((0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD))
HIGH, LOW = (b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xae\x80", b"\xed\xaf\xbf"), (b"\xed\xb0\x80", b"\xed\xbf\xbf")
LAST_OF_PLANES = [chr(plane << 16 | 0xFFFE | odd).encode() for plane in range(1, 17) for odd in (0, 1)]
NONCHARACTERS = [b"\xef\xbf\xbe", b"\xef\xbf\xbf", *LAST_OF_PLANES]

# The sub-group, its sequences, and which of them are UTF-8: all, none, or those whose places are listed.
SEQUENCES = {
    5: (["hello$world", "hello¢world", "hello€world", "hello\U00024b62world", KOSME.decode()], True),
    6: ([KOSME[:length] for length in range(1, 12)], {1, 4, 6, 8, 10}),
    7: ([b"\x00", b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80"], True),
    8: ([b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80"], False),
    9: ([b"\x7f", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf"], True),
    10: ([b"\xf7\xbf\xbf\xbf", b"\xfb\xbf\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf\xbf"], False),
    11: ([b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbd", b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80"], {0, 1, 2, 3}),
    12: (
        [b"\x80", b"\xbf", *((b"\x80\xbf" * 3)[:length] for length in range(2, 7)), bytes(range(0x80, 0xBF))],
        False,
    ),
    13: ([b"".join(bytes([byte, 0x20]) for byte in range(*ends)) for ends in LONELY], False),
    14: (MISSING, False),
    15: ([b"".join(MISSING)], False),
    16: ([b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"], False),
    17: ([start + b"\xaf" for start in OVERLONG], False),
    18: (
        [b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xf8\x87\xbf\xbf\xbf", b"\xfc\x83\xbf\xbf\xbf\xbf"],
        False,
    ),
    19: ([start + b"\x80" for start in OVERLONG], False),
    20: ([*HIGH, b"\xed\xb0\x80", b"\xed\xbe\x80", b"\xed\xbf\xbf"], False),
    21: ([high + low for high in HIGH for low in LOW], False),
    22: (NONCHARACTERS, True),
    23: ([chr(point).encode() for point in range(0xFFF9, 0x10000)], True),
}

ALL = {
    f"6.{group}.{place + 1}": (
        sequence.encode() if isinstance(sequence, str) else sequence,
        good if isinstance(good, bool) else place in good,
    )
    for group, (sequences, good) in SEQUENCES.items()
    for place, sequence in enumerate(sequences)
}


@pytest.mark.parametrize("case", rows(FRAGMENTED))
def test_text_is_utf8_over_all_its_fragments(judged, case):
    play(dial_bare(judged, judged.known("demo").token), case)


@pytest.mark.parametrize("empty", [[b""], [b"", b"", b""]], ids=["6.1.1", "6.1.2"])
def test_an_empty_text_is_a_message(judged, empty):
    """It is no JSON, so the application answers with an error."""
    with dial_bare(judged, judged.known("demo").token) as bare:
        bare.send(*fragments(TEXT, empty), frame(PING, b"still there"))
        refused, alive = bare.next(2)
    assert b'"bad_request"' in refused.payload
    assert alive == pong(b"still there")


@pytest.mark.parametrize("chop", [0, 1], ids=["whole", "in-fragments-of-a-byte"])
@pytest.mark.parametrize(("sequence", "good"), ALL.values(), ids=ALL)
def test_a_sequence_is_utf8_or_it_isnt(judged, sequence, good, chop):
    text = ping_text(sequence)
    chunks = fragments(TEXT, pieces(text, chop)) if chop else [frame(TEXT, text)]
    bare = dial_bare(judged, judged.known("demo").token)
    if good and sequence >= b" ":
        play(bare, Case(sends(*chunks), (echo(text),)))
    elif not good:
        play(bare, Case(sends(*chunks), (), BAD_UTF8))
    else:
        # A control character is good UTF-8 and no good in JSON.
        with bare:
            bare.send(*chunks)
            assert b'"bad_request"' in bare.read().payload


@pytest.mark.parametrize("bad", [b"\xf4\x90\x80\x80", b"\xf4\x90"], ids=["6.4.1", "6.4.2"])
def test_a_text_that_can_no_longer_be_utf8_is_refused_before_it_ends(judged, bad):
    with dial_bare(judged, judged.known("demo").token) as bare:
        bare.send(frame(TEXT, ping_text()[:-2] + KOSME, fin=False), frame(PING, b"accepted"))
        assert bare.next(1) == [pong(b"accepted")]
        bare.send(frame(CONT, bad, fin=False))
        assert [got.code for got in bare.frames()] == [BAD_UTF8]


def test_a_character_that_is_cut_by_the_end_is_refused(judged):
    play(
        dial_bare(judged, judged.known("demo").token),
        Case(sends(frame(TEXT, b"\xce", fin=False), frame(CONT)), (), BAD_UTF8),
    )


def test_a_ping_may_cut_a_character(judged):
    text = ping_text(KOSME)
    first, second = fragments(TEXT, [text[:21], text[21:]])
    play(
        dial_bare(judged, judged.known("demo").token),
        Case(sends(first, frame(PING, b"\xff"), second), (pong(b"\xff"), echo(text))),
    )


def test_the_clean_end_is_the_echo_of_the_close(judged):
    got = play(dial_bare(judged, judged.known("demo").token), Case(()))
    assert got == Frame(CLOSE, CLEAN.to_bytes(2, "big"))
