"""Groups 12 and 13 of the Autobahn cases: kinds of payload, sizes, fragments, and parameters of permessage-deflate.

As many sizes as the suite has, and fewer messages of each. Sizes beyond a message's 64 KiB must be refused.
"""

import json
import random
from pathlib import Path

import pytest

from tests.system.bare import BINARY, CLOSE, TEXT, close_frame, frame, ping_text, pong_text
from tests.system.conformance.cases import BAD_FRAME, BINARY_FRAME, TOO_BIG
from tests.system.conformance.deflating import ALONE, RSV1, Agreed, deflated, dial_deflating, text_frames

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]
LIMIT = 65_536
MESSAGES = 5
# What a message has inflated, and the fragments that its compressed bytes come in: 0 is a single frame.
SIZES = [(size, 0) for size in (16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072)]
SIZES += [(size, 256) for size in (8192, 16384, 32768, 65536, 131072)]
SIZES += [(131072, size) for size in (1024, 4096, 32768)]


def prose() -> bytes:
    return "".join(path.read_text() for path in sorted((ROOT / "docs").rglob("*.md"))).encode()


def page() -> bytes:
    return b"".join(path.read_bytes() for path in sorted((ROOT / "server" / "static").glob("*.*")))


def records() -> bytes:
    chance = random.Random(12)
    return json.dumps([{"id": place, "weight": chance.random(), "tags": ["a", "b"]} for place in range(3000)]).encode()


def plain(data: bytes) -> str:
    """Return text that may stand inside a JSON string as it is."""
    return data.decode().translate({ord('"'): "'", ord("\\"): "/"} | dict.fromkeys(range(32), " "))


# The suite's kinds: prose, a bitmap, a PDF, JSON, HTML. The second and the third go as binary.
KINDS = {1: prose, 2: None, 3: None, 4: records, 5: page}


def texts(kind: bytes, size: int) -> list[bytes]:
    """Return application pings of a size, each filled with another part of a kind of text."""
    filling = plain(kind) * (2 + size // len(kind))
    room = max(0, size - len(ping_text()))
    return [ping_text(cut(filling[place * 97 :], room)) for place in range(MESSAGES)]


def cut(text: str, room: int) -> bytes:
    """Return exactly so many bytes of UTF-8."""
    data = text.encode()[:room].decode(errors="ignore").encode()
    return data + b"." * (room - len(data))


def exchange(bare, agreed, size, fragment, kind) -> None:
    """Send texts and have them back, or have the first one refused where it is too long."""
    for text in texts(kind, size):
        bare.send(*text_frames(text, fragment))
        got = bare.read()
        if len(text) > LIMIT:
            assert (got.opcode, got.code) == (CLOSE, TOO_BIG)
            return
        assert agreed.inflated(got) == pong_text(text)
        assert got.compressed == (len(text) >= 1024)
    bare.send(close_frame(1000))
    assert [end.code for end in bare.frames()] == [1000]


GROUP_12 = [
    pytest.param(kind, size, fragment, id=f"12.{group}.{place}")
    for group, kind in KINDS.items()
    for place, (size, fragment) in enumerate(SIZES, start=1)
]


@pytest.mark.parametrize(("kind", "size", "fragment"), GROUP_12)
def test_compressed_messages_go_there_and_back(judged, kind, size, fragment):
    with dial_deflating(judged) as bare:
        if kind is not None:
            exchange(bare, Agreed.of(bare), size, fragment, kind())
            return
        data = random.Random(size).randbytes(size)
        code = TOO_BIG if size > LIMIT else BINARY_FRAME
        bare.send(frame(BINARY, deflated(data), rsv=RSV1))
        assert [end.code for end in bare.frames()] == [code]


BOTH = "permessage-deflate; client_no_context_takeover; client_max_window_bits"
NARROW = f"{BOTH}; server_max_window_bits=8"
# What is offered, and what is agreed on; None is no compression. No deflater has a window of 8 bits.
OFFERS = {
    1: (BOTH, f"permessage-deflate; {ALONE}"),
    2: (f"{BOTH}; server_no_context_takeover", f"permessage-deflate; {ALONE}"),
    3: (NARROW, None),
    4: (f"{BOTH}; server_max_window_bits=15", f"permessage-deflate; {ALONE}; server_max_window_bits=15"),
    5: (f"{NARROW}; server_no_context_takeover", None),
    6: (
        f"{BOTH}; server_no_context_takeover; server_max_window_bits=15",
        f"permessage-deflate; {ALONE}; server_max_window_bits=15",
    ),
    7: (
        f"{NARROW}; server_no_context_takeover, {BOTH}; server_no_context_takeover, {BOTH}",
        f"permessage-deflate; {ALONE}",
    ),
    # Narrower windows than the suite asks for, and than the server takes by itself.
    "narrow": (f"{BOTH}; server_max_window_bits=9", f"permessage-deflate; {ALONE}; server_max_window_bits=9"),
}
GROUP_13 = [
    pytest.param(offer, answer, size, fragment, id=f"13.{group}.{place}")
    for group, (offer, answer) in OFFERS.items()
    for place, (size, fragment) in enumerate(SIZES, start=1)
]


@pytest.mark.parametrize(("offer", "answer", "size", "fragment"), GROUP_13)
def test_parameters_are_agreed_on_and_kept_to(judged, offer, answer, size, fragment):
    with dial_deflating(judged, offer) as bare:
        assert bare.extensions == (answer or "")
        if answer is not None:
            exchange(bare, Agreed.of(bare), size, fragment, records())
            return
        text = ping_text(size=min(max(size, 32), LIMIT))
        bare.send(frame(TEXT, text))
        assert bare.read().payload == pong_text(text)
        bare.send(*text_frames(text, fragment))
        assert [end.code for end in bare.frames()] == [BAD_FRAME]


def test_a_client_that_offers_nothing_gets_nothing(judged):
    with dial_deflating(judged, None) as bare:
        bare.send(frame(TEXT, ping_text(size=LIMIT)))
        assert bare.extensions == ""
        assert bare.read().payload == pong_text(ping_text(size=LIMIT))
