"""The OpenAPI description: the routes and their structs, in another form."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from config.version import VERSION
from server.api.bodies import Problem
from server.api.operations import EVENT_STREAM, Operation, operation_of

if TYPE_CHECKING:
    from flask import Flask

REF = "#/components/schemas/{name}"
JSON = "application/json"
TEXT = "text/plain"
ABOUT = "Log in, open a WebSocket at /v1/ws, send a message: /v1/asyncapi.json describes what goes over the socket."


def openapi(app: Flask) -> dict[str, Any]:
    """Describe the routes of which anything is said."""
    found = [
        (_path(rule.rule), method.lower(), rule.endpoint, operation)
        for rule in app.url_map.iter_rules()
        if (operation := operation_of(app.view_functions[rule.endpoint])) is not None
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    paths: dict[str, dict[str, Any]] = {}
    for path, method, endpoint, operation in sorted(found):
        paths.setdefault(path, {})[method] = _described(path, endpoint, operation)
    structs = {kind for *_, operation in found for kind in (operation.body, *operation.answers.values())} - {
        None,
        str,
        EVENT_STREAM,
    }
    _, schemas = msgspec.json.schema_components([*structs, Problem], ref_template=REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Greenroom", "version": VERSION, "description": ABOUT},
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _path(rule: str) -> str:
    return re.sub(r"<(\w+)>", r"{\1}", rule)


def _described(path: str, endpoint: str, operation: Operation) -> dict[str, Any]:
    refusals = (*operation.refusals, *((401,) if operation.bearer else ()))
    described: dict[str, Any] = {
        "operationId": endpoint.partition(".")[2],
        "summary": operation.summary,
        "parameters": [*_path_parameters(path), *_query_parameters(operation.query)],
        "responses": {
            **{str(status): _answer(status, kind) for status, kind in operation.answers.items()},
            **{str(status): _answer(status, Problem) for status in sorted(refusals)},
            # What any request can meet: too large, too slow, too early, or a fault of ours.
            "default": {"description": "Another error", "content": _content(Problem)},
        },
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _content(operation.body)}
    if operation.bearer:
        described["security"] = [{"bearer": []}]
    return described


def _path_parameters(path: str) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in re.findall(r"{(\w+)}", path)]


def _query_parameters(struct: Any) -> list[dict[str, Any]]:
    if struct is None:
        return []
    _, schemas = msgspec.json.schema_components([struct], ref_template=REF)
    fields = schemas[struct.__name__]["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in fields.items()]


def _answer(status: int, kind: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if kind is not None:
        described["content"] = _content(kind)
    return described


def _content(kind: Any) -> dict[str, Any]:
    if kind == EVENT_STREAM:
        return {EVENT_STREAM: {"schema": {"type": "string"}}}
    if kind is str:
        return {TEXT: {"schema": {"type": "string"}}}
    return {JSON: {"schema": {"$ref": REF.format(name=kind.__name__)}}}
