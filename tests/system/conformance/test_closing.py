"""Group 7 of the Autobahn cases: closes, from the client and from the server."""

import pytest

from tests.system.bare import CLOSE, CONT, PING, TEXT, Frame, close_frame, dial_bare, frame, ping_text
from tests.system.conformance.cases import (
    BAD_FRAME,
    BAD_UTF8,
    Case,
    close_frame_payload,
    echo,
    rows,
    sends,
    together,
)

pytestmark = pytest.mark.system

HELLO = ping_text(b"Hello World!")
LARGE = ping_text(size=60_000)
LONGEST = b"*" * 123
BYE = close_frame(1000)

BEHAVIOUR = {
    "7.1.1": Case(sends(frame(TEXT, HELLO), BYE), (echo(HELLO),)),
    "7.1.2": Case(sends(BYE, BYE)),
    "7.1.3": Case(sends(BYE, frame(PING))),
    "7.1.4": Case(sends(BYE, frame(TEXT, HELLO))),
    "7.1.5": Case(sends(frame(TEXT, b"fragment1", fin=False), BYE, frame(CONT, b"fragment2"))),
    # The suite's message has 256 KiB, which is more than a message of ours may have.
    "7.1.6": Case(sends(frame(TEXT, LARGE), BYE, frame(PING)), (echo(LARGE),)),
    "7.1.6-together": Case(together(frame(TEXT, LARGE), BYE, frame(PING)), (echo(LARGE),)),
}

# What a close holds, and what its answer holds: the same, or a code of the server's.
PAYLOADS = {
    "7.3.1": (b"", b""),
    "7.3.2": (b"a", BAD_FRAME),
    "7.3.3": (b"\x03\xe8", b"\x03\xe8"),
    "7.3.4": (b"\x03\xe8Hello World!", b"\x03\xe8Hello World!"),
    "7.3.5": (b"\x03\xe8" + LONGEST, b"\x03\xe8" + LONGEST),
    "7.3.6": (b"\x03\xe8" + LONGEST + b"*", BAD_FRAME),
    "7.5.1": (b"\x03\xe8\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited", BAD_UTF8),
}
GOOD_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
PAYLOADS |= {
    f"7.7.{place}": (close_frame_payload(code), close_frame_payload(code))
    for place, code in enumerate(GOOD_CODES, start=1)
}
# Registered since the suite was written.
PAYLOADS |= {f"code-{code}": (close_frame_payload(code), close_frame_payload(code)) for code in (1012, 1013, 1014)}
BAD_CODES = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)
PAYLOADS |= {f"7.9.{place}": (close_frame_payload(code), BAD_FRAME) for place, code in enumerate(BAD_CODES, start=1)}
PAYLOADS |= {f"code-{code}": (close_frame_payload(code), BAD_FRAME) for code in (1015, 1017)}
# The suite only tells what happens here: codes that nobody may send, and one of four bytes.
PAYLOADS |= {
    "7.13.1": (close_frame_payload(5000), BAD_FRAME),
    "7.13.2": ((65_536).to_bytes(4, "big"), BAD_FRAME),
    "code-65535": (b"\xff\xff", BAD_FRAME),
}


@pytest.mark.parametrize("case", rows(BEHAVIOUR))
def test_nothing_is_heard_behind_a_close_and_all_before_it(judged, case):
    with dial_bare(judged, judged.known("demo").token) as bare:
        bare.send(*case.sends)
        assert list(bare.frames()) == [*case.expects, Frame(CLOSE, close_frame_payload(1000))]


@pytest.mark.parametrize(("payload", "answer"), PAYLOADS.values(), ids=PAYLOADS)
def test_a_close_is_answered_with_what_it_holds_or_with_what_is_wrong_with_it(judged, payload, answer):
    with dial_bare(judged, judged.known("demo").token) as bare:
        bare.send(frame(CLOSE, payload))
        (got,) = bare.frames()
    assert (got.code if isinstance(answer, int) else got.payload) == answer


def test_a_close_of_the_server_has_its_code_and_reason_and_waits_for_the_answer(judged):
    login = judged.login("demo2")
    with dial_bare(judged, login.token) as bare:
        judged.call("POST", "/v1/logout", token=login.token)
        bye, close = bare.next(2)
        bare.send(frame(PING, b"not closed yet"))
        late = bare.read()
        bare.send(frame(CLOSE, close.payload))
        end = bare.read()

    assert b'"code":4001' in bye.payload
    assert close == Frame(CLOSE, close_frame_payload(4001, b"the login was revoked"))
    assert late.payload == b"not closed yet"
    assert end is None


def test_two_closes_that_cross_are_each_others_answer(judged):
    login = judged.login("demo2")
    with dial_bare(judged, login.token) as bare:
        judged.call("POST", "/v1/logout", token=login.token)
        bare.send(close_frame(1001))
        *_, close = bare.frames()

    assert close.code == 4001
