"""A client's frames without a socket: what is heard of them, when, and what ends them."""

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from server.sockets.frames import MOST_FRAGMENTS, Frames
from tests.server.sockets.memory import traced


class Heard(list):
    """Frames that tell what they hear, and in which state they were."""

    def __init__(self, max_size=1000):
        super().__init__()
        self.frames = Frames(max_size, None, self.hear)

    def hear(self, data):
        self.append((data, self.frames.state))

    def feed(self, *frames):
        self.frames.receive_data(b"".join(frame.serialize(mask=True) for frame in frames))
        return self

    @property
    def code(self):
        return self.frames.close_sent and self.frames.close_sent.code


def text(data, *, fin=True):
    return Frame(Opcode.TEXT, data, fin)


def more(data, *, fin=False):
    return Frame(Opcode.CONT, data, fin)


@pytest.mark.parametrize(
    "last", [Frame(Opcode.CLOSE, b"\x03\xe8"), Frame(Opcode.BINARY, b""), text(b"\xff"), more(b"")]
)
def test_what_came_before_the_end_is_heard_while_it_is_open(last):
    heard = Heard().feed(text(b"a"), text(b"b"), last, text(b"c"))
    assert heard == [(b"a", State.OPEN), (b"b", State.OPEN)]
    assert heard.code in (1000, 1002, 1003, 1007)


def test_what_comes_after_our_own_close_isnt_heard():
    heard = Heard()
    heard.frames.send_close(1000)
    assert heard.feed(text(b"a")).feed(text(b"b", fin=False), more(b"c", fin=True)) == []
    assert heard.frames.count == 3


def test_bad_utf8_ends_it_at_the_first_fragment_that_no_text_goes_on_with():
    heard = Heard().feed(text(b"caf\xc3", fin=False))
    assert heard.code is None
    heard.feed(more(b"\xa9"), more(b"\xf4\x90"))
    assert heard.code == 1007


def test_a_close_between_fragments_is_answered():
    assert Heard().feed(text(b"a", fin=False), Frame(Opcode.CLOSE, b"\x03\xe9")).code == 1001


def test_a_full_message_leaves_room_for_a_ping():
    heard = Heard(max_size=1024).feed(text(b"x" * 1024, fin=False), Frame(Opcode.PING, b"y" * 125), more(b"", fin=True))
    assert heard == [(b"x" * 1024, State.OPEN)]


@pytest.mark.parametrize("sizes", [(1025,), (1024, 1), (1, 1024), (900, 125)])
def test_the_bound_is_on_the_whole_message(sizes):
    first, *rest = sizes
    heard = Heard(max_size=1024).feed(text(b"x" * first, fin=not rest), *(more(b"x" * size) for size in rest))
    assert (list(heard), heard.code) == ([], 1009)
    assert heard.frames.close_sent.reason == "a message may have 1024 bytes"


def test_empty_fragments_are_counted():
    heard = Heard().feed(text(b"", fin=False), *[more(b"")] * (MOST_FRAGMENTS - 1))
    assert heard.code is None
    assert heard.feed(more(b"")).code == 1009


def test_each_message_is_counted_anew():
    heard = Heard()
    for _ in range(3):
        heard.feed(text(b"a", fin=False), *[more(b"")] * (MOST_FRAGMENTS - 2), more(b"b", fin=True))
    assert [data for data, _ in heard] == [b"ab"] * 3


def test_what_was_heard_is_kept_no_longer():
    message = text(b"x" * 90_000).serialize(mask=True)
    first, second = (Frames(100_000, None, lambda _data: None) for _ in range(2))
    first.receive_data(message)
    with traced() as grown:
        second.receive_data(message)
        assert grown() < 2048
