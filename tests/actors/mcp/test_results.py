from mcp.types import CallToolResult, EmbeddedResource, ImageContent, ResourceLink, TextContent, TextResourceContents

from actors.mcp.results import error_of, value_of


def text(said):
    return TextContent(type="text", text=said)


def test_structured_content_is_the_result_where_there_is_some():
    assert value_of(CallToolResult(content=[text("3")], structured_content={"result": 3})) == {"result": 3}


def test_texts_are_joined_and_what_is_none_is_named():
    content = [
        text("one"),
        ImageContent(type="image", data="AAAA", mime_type="image/png"),
        ResourceLink(type="resource_link", name="readme", uri="file:///readme"),
        EmbeddedResource(type="resource", resource=TextResourceContents(uri="file:///a", text="inside")),
    ]

    assert value_of(CallToolResult(content=content)) == "one\n[image/png]\n[file:///readme]\ninside"


def test_an_error_is_what_the_tool_says_of_it_at_a_bounded_length():
    assert error_of(CallToolResult(content=[text("x" * 5_000)], is_error=True)) == "x" * 2_000
    assert error_of(CallToolResult(content=[], is_error=True)) == "The tool failed without a word."
