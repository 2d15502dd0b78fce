"""Frames lie in segments that follow each other, and come out as they went in."""

from hypothesis import given
from hypothesis import strategies as st

from server.journal.segments import MOST_BYTES, MOST_FRAMES, cut, split

frame = st.integers(2, MOST_BYTES + 10).map(lambda size: b"x" * size)


@given(st.integers(1, 10**9), st.lists(frame, max_size=8))
def test_frames_come_out_as_they_went_in(first_seq, frames):
    segments = list(cut(first_seq, frames))
    assert [frame for segment in segments for frame in split(segment.joined)] == frames
    seq = first_seq
    for segment in segments:
        assert segment.first_seq == seq
        seq += len(split(segment.joined))
        assert segment.last_seq == seq - 1


@given(st.integers(0, 3 * MOST_FRAMES))
def test_a_segment_has_so_many_frames_at_most(count):
    sizes = [last_seq - first_seq + 1 for first_seq, last_seq, _ in cut(1, [b"{}"] * count)]
    assert sizes == [MOST_FRAMES] * (count // MOST_FRAMES) + [count % MOST_FRAMES] * bool(count % MOST_FRAMES)


def test_a_segment_has_so_many_bytes_at_most_or_one_frame():
    frames = [b"x" * size for size in (100, MOST_BYTES + 1, 100, MOST_BYTES - 200, 50, 50)]
    sizes = [(last_seq - first_seq + 1, len(joined)) for first_seq, last_seq, joined in cut(1, frames)]
    assert sizes == [(1, 100), (1, MOST_BYTES + 1), (3, MOST_BYTES - 48), (1, 50)]
