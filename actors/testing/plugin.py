"""The pytest plugin: a world of actors for each test, which must leave nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.runtime.clock import Clock
    from actors.runtime.runtime import Runtime


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    config.addinivalue_line("markers", "real_time: the runtime fixture goes by the hub's time, not by a ManualClock")
    config.addinivalue_line("markers", "dead_letters: the test makes dead letters on purpose")


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> Clock:
    """Make the time of the test: a `ManualClock`, or the hub's for a test that is marked ``real_time``."""
    # Imported here: a run of tests that has no actors shouldn't load gevent.
    from actors.runtime.dispatcher import HubClock  # noqa: PLC0415
    from actors.testing.clock import ManualClock  # noqa: PLC0415

    return HubClock() if request.node.get_closest_marker("real_time") else ManualClock()


@pytest.fixture
def runtime(clock: Clock, request: pytest.FixtureRequest) -> Iterator[Runtime]:
    """Make a world of its own for the test; fails it on a leaked actor, greenlet or unexpected dead letter."""
    from actors.testing.leaks import clean_runtime  # noqa: PLC0415 - as above

    expected = request.node.get_closest_marker("dead_letters") is not None
    with clean_runtime(clock, dead_letters_expected=expected) as runtime:
        yield runtime
