import pytest

from actors.mcp.schemas import misfit, problem

OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (OBJECT, ""),
        ({}, "its schema isn't of type object"),
        ({"type": "object", "properties": 3}, "its schema isn't one: 3 is not of type 'object'"),
        ({"type": "object", "required": "a"}, "its schema isn't one: 'a' is not of type 'array'"),
    ],
)
def test_a_schema_is_checked_when_it_comes(schema, said):
    assert problem(schema) == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"a": 1}, ""),
        ({}, "'a' is a required property"),
        ({"a": "1"}, "a: '1' is not of type 'integer'"),
        ({"a": 1, "b": 2}, "Additional properties are not allowed ('b' was unexpected)"),
    ],
)
def test_arguments_are_checked_by_the_schema(arguments, said):
    assert misfit(OBJECT, arguments) == said


def test_what_a_schema_refers_to_is_never_fetched():
    schema = {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:1/schema.json"}}}

    assert misfit(schema, {"a": 1}).startswith("the tool's schema refers to what isn't in it")
