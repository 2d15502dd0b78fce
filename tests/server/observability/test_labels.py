import pytest

from server.observability.labels import KINDS, kind_of, tool_labels


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("root", "root"),
        ("session/u_1/s_1", "session"),
        ("session/u_1/s_1/emitter", "emitter"),
        ("session/u_1/s_1/tools", "tools"),
        ("session/u_1/s_1/agent", "agent"),
        ("session/u_1/s_1/tools/tc_1", "tool"),
        ("mcp/files", "mcp"),
        ("somebody-1", "other"),
        ("session/u_1/s_1/stranger", "other"),
        ("session/u_1", "other"),
    ],
)
def test_an_address_says_what_kind_of_actor_is_there(address, kind):
    assert kind_of(address) == kind
    assert kind in KINDS


def test_only_tools_that_are_offered_have_a_label_of_their_own():
    label = tool_labels({"echo"}, {"files"})

    assert [label(tool) for tool in ("echo", "files_read", "files_made_up", "echos", "", "x_y")] == [
        "echo",
        "files_*",
        "files_*",
        "other",
        "other",
        "other",
    ]
