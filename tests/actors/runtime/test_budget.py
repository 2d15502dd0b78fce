"""An ask, a spawn with its stop and an idle actor take no more than was recorded; see `scripts.bench.budget`."""

from scripts.bench.budget import count, excesses, recorded


def test_actors_take_no_more_than_was_recorded():
    found = count("actors")
    over = excesses(found, recorded("actors"))

    assert not over, "\n".join(over)
    assert found["bytes_idle"] > 0
    assert found["python_calls_ask"] > 0
