"""A server that is killed at any moment keeps every promise; ``scripts/drill`` goes on with it for longer."""

import pytest

from scripts.drilling import Drill, Plan

pytestmark = pytest.mark.system


async def test_a_server_that_is_killed_over_and_over_breaks_no_promise(tmp_path):
    report = await Drill(Plan(seed=2, rounds=4), tmp_path).run()

    # What was cut off unanswered runs, too.
    assert 0 < report.acked <= sum(report.ends.values())
    assert report.resumed > 0
