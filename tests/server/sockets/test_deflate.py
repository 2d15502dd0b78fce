"""What is agreed on of compression, and that nothing of it is kept between messages."""

import zlib

import pytest
from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Frame, Opcode

from server.sockets.deflate import LEAST_BYTES, WINDOW_BITS, BadOffers, Deflate, negotiate
from tests.server.sockets.memory import traced

NAME = "permessage-deflate"
ALONE = f"{NAME}; server_no_context_takeover; client_no_context_takeover"
TEXT = b"a long text " * 200


def compressed(data, *, fin=True, tail=b""):
    deflater = zlib.compressobj(wbits=-15)
    whole = deflater.compress(data) + deflater.flush(zlib.Z_SYNC_FLUSH)
    return Frame(Opcode.TEXT, whole.removesuffix(b"\x00\x00\xff\xff") + tail, fin, rsv1=True)


@pytest.mark.parametrize(
    ("offers", "header", "window_bits"),
    [
        (NAME, ALONE, WINDOW_BITS),
        (f"{NAME}; client_max_window_bits", ALONE, WINDOW_BITS),
        (f"{NAME}; server_max_window_bits=15", f"{ALONE}; server_max_window_bits=15", WINDOW_BITS),
        (f"{NAME}; server_max_window_bits=9", f"{ALONE}; server_max_window_bits=9", 9),
        (f"{NAME}; server_max_window_bits=8, {NAME}", ALONE, WINDOW_BITS),
        (f"x, {NAME}; y=1, {NAME}; client_max_window_bits=8", f"{ALONE}; client_max_window_bits=8", WINDOW_BITS),
    ],
)
def test_the_first_offer_that_can_be_met_is_taken(offers, header, window_bits):
    assert negotiate(offers) == (header, window_bits)


@pytest.mark.parametrize("offers", ["", "x-webkit-deflate-frame", f"{NAME}; y", f"{NAME}; server_max_window_bits=8"])
def test_where_none_can_be_met_nothing_is_agreed_on(offers):
    assert negotiate(offers) is None


@pytest.mark.parametrize("offers", [";", f"{NAME};", f"{NAME}; a=", "a b", "a=b", '"a"', "a; b=\x00"])
def test_what_cant_be_read_is_refused(offers):
    with pytest.raises(BadOffers):
        negotiate(offers)


def test_what_is_deflated_inflates_to_the_same():
    out = Deflate(WINDOW_BITS).encode(Frame(Opcode.TEXT, TEXT))
    assert out.rsv1
    assert len(out.data) < len(TEXT)
    assert Deflate(WINDOW_BITS).decode(out, max_size=len(TEXT)) == Frame(Opcode.TEXT, TEXT)


@pytest.mark.parametrize(("length", "worth_it"), [(0, False), (LEAST_BYTES - 1, False), (LEAST_BYTES, True)])
def test_short_messages_stay_as_they_are(length, worth_it):
    assert Deflate(WINDOW_BITS).encode(Frame(Opcode.TEXT, b"x" * length)).rsv1 == worth_it


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG, Opcode.CLOSE])
def test_control_frames_are_left_alone(opcode):
    frame = Frame(opcode, b"x" * 125)
    assert Deflate(WINDOW_BITS).encode(frame) is frame
    assert Deflate(WINDOW_BITS).decode(frame, max_size=1) is frame


def test_the_bound_is_exact():
    assert Deflate(WINDOW_BITS).decode(compressed(TEXT), max_size=len(TEXT)).data == TEXT
    with pytest.raises(PayloadTooBig):
        Deflate(WINDOW_BITS).decode(compressed(TEXT), max_size=len(TEXT) - 1)


def test_no_room_is_no_room():
    """To zlib, a bound of 0 is none."""
    with pytest.raises(PayloadTooBig):
        Deflate(WINDOW_BITS).decode(compressed(bytes(1 << 20)), max_size=0)


@pytest.mark.parametrize("last", [True, False])
def test_nothing_may_follow_a_final_block(last):
    deflater = zlib.compressobj(wbits=-15)
    final = deflater.compress(TEXT) + deflater.flush()
    with pytest.raises(ProtocolError):
        Deflate(WINDOW_BITS).decode(Frame(Opcode.TEXT, final + b"more", last, rsv1=True), max_size=1 << 20)


def test_between_messages_no_state_of_zlib_is_kept():
    def converse(deflate):
        for _ in range(10):
            deflate.decode(compressed(TEXT), max_size=1 << 20)
            deflate.encode(Frame(Opcode.TEXT, TEXT))

    first, second = Deflate(WINDOW_BITS), Deflate(WINDOW_BITS)
    converse(first)
    with traced() as grown:
        converse(second)
        assert grown() < 2048
    assert second._inflater is None


def test_the_first_frame_speaks_for_all_of_a_message():
    whole = compressed(TEXT).data
    deflate = Deflate(WINDOW_BITS)
    first = deflate.decode(Frame(Opcode.TEXT, whole[:20], fin=False, rsv1=True), max_size=1 << 20)
    between = deflate.decode(Frame(Opcode.PING, b"x"), max_size=1 << 20)
    last = deflate.decode(Frame(Opcode.CONT, whole[20:]), max_size=1 << 20)
    plain = deflate.decode(Frame(Opcode.TEXT, b"plain"), max_size=1 << 20)
    assert (first.data + last.data, between.data, plain.data) == (TEXT, b"x", b"plain")
