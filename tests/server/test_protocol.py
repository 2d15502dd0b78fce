"""Frames: what clients may say, and what is said of what they may not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import protocol
from server.protocol import BadFrame, decode


def test_a_message_has_its_defaults():
    frame = decode(b'{"type":"message","text":"hi","unknown":1}')
    assert (frame.id, frame.session_id, frame.on_busy, frame.queue) == (None, None, "enqueue", "keep")


@pytest.mark.parametrize(
    ("data", "code", "re"),
    [
        (b"", "bad_request", None),
        (b"{", "bad_request", None),
        (b"[]", "bad_request", None),
        (b'"x"', "bad_request", None),
        (b"{}", "bad_request", None),
        (b'{"id":"a"}', "bad_request", "a"),
        (b'{"type":1,"id":"a"}', "bad_request", "a"),
        (b'{"type":"nope","id":"a"}', "unknown_type", "a"),
        (b'{"type":"nope","id":7}', "unknown_type", None),
        (b'{"type":"message","id":"a"}', "bad_request", "a"),
        (b'{"type":"message","id":"a","text":7}', "bad_request", "a"),
        (b'{"type":"message","id":"a","text":""}', "bad_request", "a"),
        (b'{"type":"message","id":"a","text":"x","on_busy":"wait"}', "bad_request", "a"),
        (b'{"type":"message","id":"a","text":"x","client_msg_id":""}', "bad_request", "a"),
        (b'{"type":"dequeue","id":"a"}', "bad_request", "a"),
        (b'{"type":"subscribe","id":"a","after":{"epoch":"e"}}', "bad_request", "a"),
        (b'{"type":"subscribe","id":"a","after":{"epoch":"e","seq":1.5}}', "bad_request", "a"),
        (json.dumps({"type": "ping", "id": "x" * 65}).encode(), "bad_request", None),
        (b"[" * 100_000, "bad_request", None),
        (b'{"type":"ping","t":' + b"[" * 5000 + b"]" * 5000 + b"}", "bad_request", None),
    ],
)
def test_a_bad_frame_is_named_with_its_id_where_it_has_one(data, code, re):
    with pytest.raises(BadFrame) as caught:
        decode(data)
    assert (caught.value.code, caught.value.re) == (code, re)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_a_bad_one(data):
    try:
        assert isinstance(decode(data), protocol.ClientFrame)
    except BadFrame as bad:
        assert bad.code in ("bad_request", "unknown_type")  # noqa: PT017 - either outcome is right


def test_an_id_of_64_characters_is_taken():
    assert decode(json.dumps({"type": "ping", "id": "é" * 64}).encode()).id == "é" * 64


def test_an_error_without_a_frame_id_has_no_re():
    error = protocol.Error(code="bad_request", message="x", temporary=False)
    assert json.loads(protocol.encode(error)).keys() == {"type", "code", "message", "temporary"}


def test_an_ack_is_flat():
    assert json.loads(protocol.encode_ack("a", {"run_id": None})) == {"type": "ack", "re": "a", "run_id": None}
