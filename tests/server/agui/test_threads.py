from server.agui.threads import session_of_thread


def test_a_thread_is_the_same_session_for_ever_and_for_its_user_alone():
    mine = session_of_thread("u_1", "my thread")

    assert mine == session_of_thread("u_1", "my thread")
    assert mine not in {session_of_thread("u_2", "my thread"), session_of_thread("u_1", "my threads")}
    assert session_of_thread("u_1", "1x") != session_of_thread("u_11", "x")


def test_the_id_of_a_session_is_itself():
    assert session_of_thread("u_1", "s_0123456789abcdef") == "s_0123456789abcdef"
