"""permessage-deflate beyond the suite: what RFC 7692 says of offers and frames, and what somebody may try with it."""

import zlib
from pathlib import Path

import pytest

from tests.system.bare import CLOSE, CONT, PING, TEXT, close_frame, fragments, frame, ping_text, pong_text
from tests.system.conformance.cases import BAD_FRAME, BAD_UTF8, TOO_BIG, Case, echo, play, pong, rows, sends, together
from tests.system.conformance.deflating import ALONE, OFFER, RSV1, Agreed, deflated, dial_deflating, text_frames

pytestmark = pytest.mark.system

LIMIT = 65_536
PLAIN = f"{OFFER}; {ALONE}"
HELLO = ping_text(b"Hello, world!")
LONG = ping_text(size=5000)
FULL = ping_text(size=LIMIT)

OFFERS = {
    "just the name": (OFFER, PLAIN),
    "all that a browser says": (f"{OFFER}; client_max_window_bits", PLAIN),
    "a number for the client": (f"{OFFER}; client_max_window_bits=10", f"{PLAIN}; client_max_window_bits=10"),
    "a number in quotes": (f'{OFFER}; server_max_window_bits="10"', f"{PLAIN}; server_max_window_bits=10"),
    "another extension first": (f"x-webkit-deflate-frame, {OFFER}", PLAIN),
    "another extension alone": ("x-webkit-deflate-frame", ""),
    "an unknown parameter": (f"{OFFER}; colour=blue", ""),
    "an unknown parameter, then a good offer": (f"{OFFER}; colour=blue, {OFFER}", PLAIN),
    "a parameter twice": (f"{OFFER}; client_max_window_bits; client_max_window_bits", ""),
    "a flag with a value": (f"{OFFER}; server_no_context_takeover=1", ""),
    "a server's window without a number": (f"{OFFER}; server_max_window_bits", ""),
    "a window too narrow": (f"{OFFER}; server_max_window_bits=7", ""),
    "a window too wide": (f"{OFFER}; server_max_window_bits=16", ""),
    "a number with a nought": (f"{OFFER}; server_max_window_bits=09", ""),
    "no number": (f"{OFFER}; client_max_window_bits=x", ""),
    "the same offer twice": (f"{OFFER}, {OFFER}", PLAIN),
    "empty items": (f",, {OFFER} ,,", PLAIN),
    "no offer at all": ("", ""),
}


@pytest.mark.parametrize(("offer", "answer"), OFFERS.values(), ids=OFFERS)
def test_an_offer_is_met_or_passed_over(judged, offer, answer):
    with dial_deflating(judged, offer) as bare:
        bare.send(frame(TEXT, HELLO))
        assert (bare.head.status, bare.extensions) == (101, answer)
        assert bare.read() == echo(HELLO)


@pytest.mark.parametrize("offer", [";", "permessage-deflate;", "permessage-deflate; =1", "a b", '"quoted"', ",", "ä"])
def test_what_isnt_a_list_of_extensions_is_a_bad_request(judged, offer):
    with dial_deflating(judged, offer) as bare:
        assert bare.head.status == 400


# Written by hand: the examples of RFC 7692, 7.2.3, are of these shapes.
def stored(data: bytes) -> bytes:
    """Compress without compressing."""
    return b"\x00" + len(data).to_bytes(2, "little") + (len(data) ^ 0xFFFF).to_bytes(2, "little") + data + b"\x00"


def final(data: bytes) -> bytes:
    """Compress into a final block, with the beginning of an empty one behind it."""
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(data) + deflater.flush() + b"\x00"


def two_blocks(data: bytes) -> bytes:
    """Compress into two blocks."""
    deflater = zlib.compressobj(wbits=-15)
    first = deflater.compress(data[:9]) + deflater.flush(zlib.Z_FULL_FLUSH)
    return (first + deflater.compress(data[9:]) + deflater.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


def compressed(payload: bytes) -> bytes:
    return frame(TEXT, payload, rsv=RSV1)


def context() -> tuple[bytes, bytes]:
    """Return two messages, the second of which refers to the first, though nobody keeps that."""
    deflater = zlib.compressobj(wbits=-15)
    first, second = (deflater.compress(HELLO) + deflater.flush(zlib.Z_SYNC_FLUSH) for _ in range(2))
    return compressed(first[:-4]), compressed(second[:-4])


START, END = deflated(HELLO)[:9], deflated(HELLO)[9:]

CASES = {
    "a block": Case(sends(compressed(deflated(HELLO))), (echo(HELLO),)),
    "a stored block": Case(sends(compressed(stored(HELLO))), (echo(HELLO),)),
    "a final block": Case(sends(compressed(final(HELLO))), (echo(HELLO),)),
    "a final block without more": Case(sends(compressed(final(HELLO)[:-1])), (echo(HELLO),)),
    "two blocks": Case(sends(compressed(two_blocks(HELLO))), (echo(HELLO),)),
    "no compression at level 0": Case(sends(compressed(deflated(HELLO, level=0))), (echo(HELLO),)),
    "byte by byte": Case(sends(text_frames(HELLO, 1), chop=1), (echo(HELLO),)),
    "mixed": Case(
        sends(compressed(deflated(HELLO)), frame(TEXT, HELLO), compressed(deflated(HELLO))), (echo(HELLO),) * 3
    ),
    "a plain message in fragments": Case(sends(fragments(TEXT, [HELLO[:9], HELLO[9:]])), (echo(HELLO),)),
    "the bit on a ping": Case(sends(frame(PING, b"x", rsv=RSV1)), (), BAD_FRAME),
    "the bit on a close": Case(sends(frame(CLOSE, b"\x03\xe8", rsv=RSV1)), (), BAD_FRAME),
    "the bit on a later frame": Case(
        sends(frame(TEXT, START, fin=False, rsv=RSV1), frame(CONT, END, rsv=RSV1)), (), BAD_FRAME
    ),
    "the bit only on a later frame": Case(
        sends(frame(TEXT, HELLO[:9], fin=False), frame(CONT, HELLO[9:], rsv=RSV1)), (), BAD_FRAME
    ),
    "another bit beside it": Case(sends(frame(TEXT, deflated(HELLO), rsv=RSV1 | 1)), (), BAD_FRAME),
    "the bit out of turn": Case(
        sends(frame(TEXT, START, fin=False, rsv=RSV1), compressed(deflated(HELLO))), (), BAD_FRAME
    ),
    "garbage": Case(sends(compressed(b"\xff\xff\xff\xff")), (), BAD_FRAME),
    "what isn't compressed": Case(sends(compressed(HELLO)), (), BAD_FRAME),
    "a reference to the message before": Case(sends(*context()), (echo(HELLO),), BAD_FRAME),
    "not UTF-8": Case(sends(compressed(deflated(b'"\xff"'))), (), BAD_UTF8),
    "not UTF-8 in the first fragment": Case(sends(frame(TEXT, stored(b"\xf4\x90"), fin=False, rsv=RSV1)), (), BAD_UTF8),
    "one byte too many, not compressed": Case(sends(frame(TEXT, FULL + b" ")), (), TOO_BIG),
    "one byte too many": Case(sends(compressed(deflated(b"x" * (LIMIT + 1)))), (), TOO_BIG),
    "one byte too many in fragments": Case(sends(text_frames(b"x" * (LIMIT + 1), 10)), (), TOO_BIG),
    "more behind a final block": Case(sends(compressed(final(HELLO) + b"x" * 1000)), (), BAD_FRAME),
    "fragments behind a final block": Case(
        together(frame(TEXT, final(HELLO), fin=False, rsv=RSV1), frame(CONT, b"x" * 1000, fin=False)), (), BAD_FRAME
    ),
    "a ping between fragments": Case(
        sends(
            frame(TEXT, deflated(HELLO)[:9], fin=False, rsv=RSV1), frame(PING, b"x"), frame(CONT, deflated(HELLO)[9:])
        ),
        (pong(b"x"), echo(HELLO)),
    ),
    "a close between fragments": Case(sends(frame(TEXT, START, fin=False, rsv=RSV1))),
}


@pytest.mark.parametrize("case", rows(CASES))
def test_a_case_of_compression_ends_as_it_must(judged, case):
    play(dial_deflating(judged), case)


@pytest.mark.parametrize("size", [1023, 1024, 1025, LIMIT - 1, LIMIT])
def test_messages_are_compressed_from_a_kibibyte_on(judged, size):
    text = ping_text(size=size)
    with dial_deflating(judged) as bare:
        bare.send(*text_frames(text))
        got = bare.read()
        assert got.compressed == (size >= 1024)
        assert Agreed.of(bare).inflated(got) == pong_text(text)
        bare.send(frame(TEXT, HELLO))
        assert bare.read() == echo(HELLO)


def test_a_message_of_just_the_size_may_be_longer_on_the_wire(judged):
    longer = deflated(FULL, level=0)
    with dial_deflating(judged) as bare:
        bare.send(frame(TEXT, longer, rsv=RSV1))
        assert len(longer) > LIMIT
        assert Agreed.of(bare).inflated(bare.read()) == pong_text(FULL)


RFC_EXAMPLES = {
    "7.2.3.1": bytes.fromhex("f248cdc9c90700"),
    "7.2.3.3": bytes.fromhex("000500faff48656c6c6f00"),
    "7.2.3.4": bytes.fromhex("f348cdc9c9070000"),
    "7.2.3.5": bytes.fromhex("f248050000 00ffffcac9c90700".replace(" ", "")),
}


@pytest.mark.parametrize("example", RFC_EXAMPLES.values(), ids=RFC_EXAMPLES)
def test_the_examples_of_the_rfc_are_read(judged, example):
    """Each says Hello, which is a message and no JSON."""
    with dial_deflating(judged) as bare:
        bare.send(frame(TEXT, example, rsv=RSV1), frame(PING, b"still there"))
        refused, alive = bare.next(2)
    assert b'"bad_request"' in refused.payload
    assert alive == pong(b"still there")


def test_an_empty_message_may_be_compressed(judged):
    with dial_deflating(judged) as bare:
        bare.send(frame(TEXT, b"\x00", rsv=RSV1), frame(PING))
        refused, alive = bare.next(2)
    assert b'"bad_request"' in refused.payload
    assert alive == pong(b"")


# Bombs.


def resident(server) -> int:
    """Return the server's resident memory in KiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def bomb(size: int) -> bytes:
    """Return so many noughts, compressed by a thousand."""
    deflater = zlib.compressobj(9, wbits=-15)
    blocks = [deflater.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join(blocks) + deflater.flush(zlib.Z_SYNC_FLUSH)[:-4]


def busy(server) -> float:
    """Return the processor time that the server has used, in seconds."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_a_bomb_is_refused_for_little_memory_and_little_time(judged):
    data = bomb(60 << 20)
    assert len(data) <= LIMIT
    before, spent = resident(judged), busy(judged)
    for _ in range(50):
        play(dial_deflating(judged), Case(sends(frame(TEXT, data, rsv=RSV1)), (), TOO_BIG))
    assert resident(judged) - before < 4 * 1024
    assert busy(judged) - spent < 2


def test_a_bomb_in_many_fragments_is_refused_too(judged):
    data = bomb(60 << 20)
    chunks = fragments(TEXT, [data[at : at + 16] for at in range(0, len(data), 16)], rsv=RSV1)
    before = resident(judged)
    for _ in range(20):
        play(dial_deflating(judged), Case(together(*chunks), (), TOO_BIG))
    assert resident(judged) - before < 4 * 1024


def test_what_is_behind_a_final_block_is_kept_nowhere(judged):
    """Zlib would keep it all: megabytes of it, which count as no byte of the message."""
    before, spent = resident(judged), busy(judged)
    first = frame(TEXT, final(HELLO), fin=False, rsv=RSV1)
    with dial_deflating(judged) as bare:
        bare.send(first, *[frame(CONT, b"x" * 60_000, fin=False)] * 1000)
        assert [end.code for end in bare.frames()] == [BAD_FRAME]
    assert resident(judged) - before < 4 * 1024
    assert busy(judged) - spent < 2


def test_blocks_that_come_to_nothing_cost_no_memory(judged):
    before = resident(judged)
    empty = b"\x00\x00\x00\xff\xff" * 12_000
    with dial_deflating(judged) as bare:
        bare.send(frame(TEXT, fin=False, rsv=RSV1), *[frame(CONT, empty, fin=False)] * 100, frame(PING))
        assert bare.next(1) == [pong(b"")]
        bare.send(frame(CONT, deflated(HELLO)), close_frame(1000))
        assert next(bare.frames()) == echo(HELLO)
    assert resident(judged) - before < 4 * 1024
