from server.sockets.dues import Dues


def test_a_frame_is_owed_one_answer():
    dues = Dues()
    dues.owe("a")

    assert [dues.settle("a"), dues.settle("a")] == [True, False]


def test_an_id_that_comes_twice_is_owed_two():
    dues = Dues()
    dues.owe("a")
    dues.owe("a")
    dues.owe("b")

    assert [dues.settle(frame_id) for frame_id in ("a", "b", "a", "a")] == [True, True, True, False]


def test_a_frame_without_an_id_is_owed_none():
    dues = Dues()
    dues.owe(None)

    assert not dues.settle("a")
