import pytest

from actors.mcp.naming import local_name, local_names


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        ("read", "files_read"),
        ("read.file/now", "files_read_file_now"),
        ("größe", "files_gr__e"),
        ("x" * 99, "files_" + "x" * 58),
    ],
)
def test_a_tool_is_called_by_its_server_and_in_letters_that_models_take(tool, name):
    assert local_name("files", tool) == name


def test_of_two_tools_that_come_out_the_same_the_first_stays():
    assert local_names("files", ["a.b", "a/b", "c"]) == {"files_a_b": "a.b", "files_c": "c"}
