from server.observability.times import Lap, Times


def test_a_lap_is_what_was_noted_since_the_last():
    times = Times()
    for seconds in (1.0, 3.0):
        times.note(seconds)
    lap = times.lap()

    assert (lap, lap.mean) == (Lap(2, 4.0, 3.0), 2.0)
    assert (times.lap(), Lap().mean) == (Lap(0, 0.0, 0.0), 0.0)
