"""The JSON Schemas of an MCP server's tools: checked when they come, and what arguments are checked by.

This runs in the process beside the server: a schema is a stranger's, and its patterns may take for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN = 300  # characters


def problem(schema: Mapping[str, Any]) -> str:
    """Say why a tool can't have this schema for its arguments; empty where it can."""
    if schema.get("type") != "object":
        return "its schema isn't of type object"
    try:
        validator_for(schema, Draft202012Validator).check_schema(schema)
    except SchemaError as error:
        return f"its schema isn't one: {error.message[:SHOWN]}"
    return ""


def misfit(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """Say what is wrong with a call's arguments; empty where nothing is."""
    # With a registry of its own it never fetches what a $ref names.
    validator = validator_for(schema, Draft202012Validator)(schema, registry=Registry())
    try:
        error = best_match(validator.iter_errors(arguments))
    except Unresolvable as missing:
        return f"the tool's schema refers to what isn't in it: {missing.ref}"
    if error is None:
        return ""
    place = ".".join(map(str, error.absolute_path))
    said = str(error.message)[:SHOWN]
    return f"{place}: {said}" if place else said
