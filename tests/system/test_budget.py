"""A turn and an idle session take no more than was recorded: calls, switches, system calls, statements, bytes.

Counts, not seconds: they are the same on a busy machine. See `scripts.bench.budget` for how to record them anew.
"""

import pytest

from scripts.bench.budget import count, excesses, recorded

pytestmark = pytest.mark.system

ESSENTIAL = {"turns": ("socket_reads_alone", "socket_sends_alone", "commits_alone"), "sessions": ("bytes_idle",)}


@pytest.mark.parametrize("kind", ["turns", "sessions"])
def test_it_takes_no_more_than_was_recorded(kind):
    found = count(kind)
    over = excesses(found, recorded(kind))

    assert not over, "\n".join(over)
    # Something was counted: a turn that reads, writes and records nothing is none.
    assert all(found[name] > 0 for name in ESSENTIAL[kind]), found
