import pytest
from mcp.types import Tool, ToolAnnotations

from actors.mcp.host import described, explained


@pytest.mark.parametrize(
    ("hints", "idempotent"),
    [
        (None, False),
        (ToolAnnotations(), False),
        (ToolAnnotations(read_only_hint=False, idempotent_hint=False), False),
        (ToolAnnotations(read_only_hint=True), True),
        (ToolAnnotations(idempotent_hint=True), True),
    ],
)
def test_a_tool_may_be_called_again_only_where_its_server_says_so(hints, idempotent):
    assert described(Tool(name="t", input_schema={"type": "object"}, annotations=hints)).idempotent is idempotent


def test_why_there_is_no_connection_is_said_in_one_line():
    lost = ExceptionGroup("unhandled errors", [ExceptionGroup("more", [ConnectionError("the\nend")])])

    assert explained(lost) == "ConnectionError: the end"
    assert explained(FileNotFoundError(2, "No such file", "nonesuch")) == "there is no command 'nonesuch'"
    assert explained(TimeoutError()) == "TimeoutError"
