"""What the load answers to pings, which it looks for among frames that it doesn't read."""

from scripts.bench.wire import pongs

TEXT = b'\x81\x7e\x00\x89{"type":"agent_started"}'  # Of 137 bytes, which is the first byte of a ping.


def test_a_ping_without_anything_in_it_is_answered():
    assert pongs(TEXT + b"\x89\x00" + TEXT) == b"\x8a\x80\0\0\0\0"


def test_a_ping_is_answered_with_what_it_holds_even_where_that_looks_like_another():
    assert pongs(b"\x89\x04\x89\x02ab" + TEXT + b"\x89\x01x") == b"\x8a\x84\0\0\0\0\x89\x02ab" + b"\x8a\x81\0\0\0\0x"


def test_no_text_is_taken_for_a_ping():
    assert pongs(TEXT * 3) == b""
    assert pongs(b"") == b""
