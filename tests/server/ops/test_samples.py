from server.ops.samples import KEPT, Count, Gauge, Ring, sample


def test_a_sample_is_what_happened_a_second_and_how_it_is_now():
    one = sample(Count(events=10, crashes=1), Count(events=15, crashes=1), Gauge(actors=4, hub_worst_ms=1.239), 2.0)

    assert (one["events"], one["crashes"], one["actors"], one["hub_worst_ms"]) == (2.5, 0.0, 4, 1.24)


def filled(count):
    ring = Ring()
    for number in range(1, count + 1):
        ring.add(sample(Count(), Count(), Gauge(actors=number), 1.0))
    return ring


def test_a_ring_gives_what_is_behind_a_number_oldest_first():
    ring = filled(5)

    assert (ring.last, ring.after(3)["actors"], ring.after(5)["actors"]) == (5, [4, 5], [])
    assert ring.after(0)["actors"] == [1, 2, 3, 4, 5]


def test_a_ring_keeps_the_last_ones():
    ring = filled(KEPT + 10)

    assert ring.last == KEPT + 10
    assert ring.after(0)["actors"] == list(range(11, KEPT + 11))
    assert ring.after(5)["actors"] == ring.after(0)["actors"]


def test_a_number_of_another_life_counts_for_nothing():
    assert filled(2).after(100)["actors"] == [1, 2]
