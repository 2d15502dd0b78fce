from server.client.answer import Answer


def test_pieces_make_the_whole_and_only_what_is_new_is_returned():
    answer = Answer()

    assert [answer.extend(0, "Öl"), answer.extend(2, " 🎭"), answer.extend(1, "l 🎭!")] == ["Öl", " 🎭", "!"]
    assert answer.text == "Öl 🎭!"


def test_nothing_is_put_behind_a_hole():
    answer = Answer()
    answer.extend(0, "one")

    assert answer.extend(7, "three") == ""
    assert answer.text == "one"
