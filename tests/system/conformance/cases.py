"""One case: what a client sends, what it must get before the end, and which close ends it.

The cases are those of the Autobahn test suite, by its numbers. It judges an echo server. Ours echoes by the
application's ``ping``, whose ``t`` comes back as it went: a text case's payload is the string of a ``t``. Ours takes no
binary frame: where the suite waits for the echo of one, a close with 1003 is expected.
"""

from collections.abc import Iterable
from typing import NamedTuple

import pytest

from tests.system.bare import CLOSE, PONG, TEXT, Bare, Frame, close_frame, pong_text

CLEAN = 1000
"""The client closes, and the server answers with the same."""
BAD_FRAME, BINARY_FRAME, BAD_UTF8, TOO_BIG = 1002, 1003, 1007, 1009


class Case(NamedTuple):
    """``sends`` leave by one system call each. ``code`` is the close of the server."""

    sends: tuple[bytes, ...]
    expects: tuple[Frame, ...] = ()
    code: int = CLEAN


def sends(*chunks: bytes | list[bytes], chop: int = 0) -> tuple[bytes, ...]:
    """Return chunks to send as they are, or all together chopped into this many bytes."""
    flat = [part for chunk in chunks for part in ([chunk] if isinstance(chunk, bytes) else chunk)]
    if not chop:
        return tuple(flat)
    whole = b"".join(flat)
    return tuple(whole[start : start + chop] for start in range(0, len(whole), chop))


def together(*chunks: bytes) -> tuple[bytes, ...]:
    """Return chunks to send in one."""
    return (b"".join(chunks),)


def pong(payload: bytes) -> Frame:
    """Expect the answer to a control ping."""
    return Frame(PONG, payload)


def echo(text: bytes) -> Frame:
    """Expect the answer to an application's ping."""
    return Frame(TEXT, pong_text(text))


def rows(cases: dict[str, Case]) -> Iterable[object]:
    """Return a table's cases with their numbers as ids."""
    return [pytest.param(case, id=number) for number, case in cases.items()]


def play(bare: Bare, case: Case) -> Frame:
    """Play a case and return the server's close.

    Raises:
        AssertionError: it went otherwise.
    """
    with bare:
        bare.send(*case.sends)
        if case.code == CLEAN:
            assert bare.next(len(case.expects)) == list(case.expects)
            bare.send(close_frame(CLEAN))
            got = list(bare.frames())
            assert got == [Frame(CLOSE, close_frame_payload(CLEAN))]
        else:
            got = list(bare.frames())
            assert tuple(got[:-1]) == case.expects
            assert got[-1].code == case.code
        return got[-1]


def close_frame_payload(code: int, reason: bytes = b"") -> bytes:
    """Return what is inside a close."""
    return code.to_bytes(2, "big") + reason
