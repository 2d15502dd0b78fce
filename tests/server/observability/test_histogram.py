"""Our histogram is the client library's, but for the price."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from prometheus_client import CollectorRegistry
from prometheus_client import Histogram as Theirs

from server.observability.histogram import Histogram

BOUNDS = (0.1, 1.0, 2.5)
NEAR_BOUNDS = some.sampled_from([0.0, 0.1, 0.1000001, 1.0, 2.5, 3.0])


@given(some.lists(some.floats(0, 10) | NEAR_BOUNDS))
def test_it_counts_as_the_client_library_does(values):
    registry = CollectorRegistry()
    ours, theirs = Histogram(*BOUNDS), Theirs("x", "y", buckets=BOUNDS, registry=registry)
    for value in values:
        ours.observe(value)
        theirs.observe(value)

    expected = [registry.get_sample_value("x_bucket", {"le": bound}) for bound in ("0.1", "1.0", "2.5", "+Inf")]
    assert list(ours.spread.counts) == expected
    assert ours.spread.sum == registry.get_sample_value("x_sum")


@given(some.lists(some.lists(some.floats(0, 10))))
def test_a_lap_is_what_was_counted_since_the_last(laps):
    histogram = Histogram(*BOUNDS)
    for values in laps:
        for value in values:
            histogram.observe(value)

        mean = sum(values) / len(values) if values else 0.0
        assert histogram.lap() == pytest.approx((mean, max(values, default=0.0)), abs=1e-9)
