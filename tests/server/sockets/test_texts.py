"""The short way of texts of one frame, beside the library's own: nobody can tell which one was taken."""

from itertools import pairwise
from struct import pack

from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode, apply_mask
from websockets.protocol import Protocol

from server.sockets.frames import Frames
from server.sockets.texts import framed, read_whole

MOST = 300


class ByTheLibrary(Frames):
    """Frames that never take the short way."""

    receive_data = Protocol.receive_data


class Ear(list):
    """What is heard, and the answers, after each piece that came."""

    def __init__(self, kind):
        super().__init__()
        self.frames = kind(MOST, None, self.append)

    def feed(self, piece):
        self.frames.receive_data(piece)
        frames = self.frames
        closes = frames.close_sent, frames.close_rcvd, frames.close_rcvd_then_sent
        self.append((b"".join(frames.data_to_send()), frames.state, frames.count, frames.eof_sent, closes))


def sent(head, data, *, form=None, masked=True, mask=b"\x01\x80\xfe\x7f"):
    """Return a frame as a client may send it, or mustn't; ``form`` is what stands in its length's own byte."""
    length = len(data)
    form = form or min(length, 126)
    further = {126: pack("!H", length), 127: pack("!Q", length)}.get(form, b"")
    body = mask + apply_mask(data, mask) if masked else data
    return bytes((head, form | (0x80 if masked else 0))) + further + body


TEXTS = st.text(max_size=40).map(str.encode) | st.sampled_from([b"x" * 125, b"x" * 126, b"x" * MOST, b"x" * (MOST + 1)])
PAYLOADS = st.one_of(TEXTS, st.binary(max_size=20), st.sampled_from([b"\x03\xe8", b"caf\xc3", b"\xed\xa0\x80"]))
MASKS = st.binary(min_size=4, max_size=4)
ORDINARY = st.builds(sent, st.just(0x81), TEXTS, mask=MASKS)
HEADS = st.sampled_from([0x81, 0x01, 0x00, 0x80, 0x82, 0x88, 0x89, 0x8A]) | st.integers(0, 255)
ANY = st.builds(sent, HEADS, PAYLOADS, form=st.sampled_from([None, None, 126, 127]), masked=st.booleans(), mask=MASKS)


@st.composite
def pieces(draw):
    """Frames as they come out of a socket: mostly one at a time, some in parts, some with the next."""
    stream = draw(st.lists(ORDINARY | ANY, min_size=1, max_size=8))
    ends = [sum(map(len, stream[: number + 1])) for number in range(len(stream))]
    dropped = draw(st.sets(st.sampled_from(ends)))
    cuts = draw(st.sets(st.integers(1, max(ends[-1] - 1, 1)), max_size=4))
    bytes_ = b"".join(stream)
    places = sorted({0, ends[-1]} | set(ends) - dropped | cuts)
    return [bytes_[begin:end] for begin, end in pairwise(places) if begin < end]


@given(pieces())
@example([sent(0x01, b"a"), sent(0x81, b"b")])
@example([sent(0x81, b"a")[:2], sent(0x81, b"b")])
@example([sent(0x88, b"\x03\xe8"), sent(0x81, b"a")])
@example([sent(0x81, b"x" * 119, form=127, mask=bytes(4))])  # As long as one of 127 bytes with a short length.
@example([sent(0xC1, b"a")])
@example([sent(0x81, b"a") + b"\x81", sent(0x81, b"b")])
def test_a_client_is_heard_and_answered_as_by_the_library_alone(came):
    short, long = Ear(Frames), Ear(ByTheLibrary)
    for piece in came:
        short.feed(piece)
        long.feed(piece)
        assert short == long


def test_an_ordinary_text_takes_the_short_way():
    for text in (b"", b"a", b"x" * 125, b"x" * 126, b"x" * MOST):
        assert read_whole(sent(0x81, text), MOST) == text


def test_what_is_written_is_what_the_library_writes():
    texts = [b"x" * length for length in (0, 1, 125, 126, 0xFFFF, 0x10000)]
    assert b"".join(framed(texts)) == b"".join(Frame(Opcode.TEXT, text).serialize(mask=False) for text in texts)
