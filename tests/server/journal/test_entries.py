"""What a commit is made of, and that it comes back as it was."""

import msgspec
import pytest

from actors.session.events import MessageDequeued
from server.journal.entries import Begun, Created, Deleted, Logged, decode, encode, logged
from tests.server.journal.logs import COMPLETED, STARTED, accepted, frames, recorded


def test_a_commit_comes_back_as_it_was():
    entries = [
        Created("s1", "u1", "Früh am Morgen", "0badcafe", 1_760_000_000_000),
        Logged("s1", "u1", 1, 1_760_000_000_001, [b'{"a":1}', b"\x00\xff"], [Begun("r1", 1, "m1")], ["r0"]),
        Deleted("s1"),
    ]
    assert decode(encode(entries)) == entries
    assert decode(encode([])) == []


def test_the_frames_are_taken_as_they_are():
    entries = [recorded(5, accepted()), recorded(6, STARTED)]
    entry = logged("u1", entries)
    assert entry.frames == frames(entries)
    assert all(kept is made.frame for kept, made in zip(entry.frames, entries, strict=True))
    assert (entry.session_id, entry.user_id, entry.first_seq, entry.at) == ("s1", "u1", 5, 1006)


def test_it_is_noted_which_runs_begin_and_end():
    entry = logged(
        "u1",
        [
            recorded(1, accepted("m1"), "r1"),
            recorded(2, STARTED, "r1"),
            recorded(3, accepted(None), "r2"),
            recorded(4, COMPLETED, "r1"),
            recorded(5, MessageDequeued("cancelled"), "r2"),
        ],
    )
    assert entry.begun == [Begun("r1", 1, "m1"), Begun("r2", 3, None)]
    assert entry.ended == ["r1", "r2"]


@pytest.mark.parametrize("damaged", [b"", b"\xc1", b"\x91\x92\x09\xa1x", encode([Deleted("s1")])[:-1]])
def test_what_is_no_commit_is_refused(damaged):
    with pytest.raises(msgspec.MsgspecError):
        decode(damaged)
