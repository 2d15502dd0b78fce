"""What a tool is lent beside its arguments: the caller, and what the server keeps for tools. No schema shows it."""

import abc
from collections.abc import Mapping
from typing import NamedTuple


class ToolUser(NamedTuple):
    """The person for whom a tool is called."""

    user_id: str
    roles: tuple[str, ...] = ()


class Resource(abc.ABC):  # noqa: B024 - a mark: what a resource can do is its own class's business
    """The root of what a server lends its tools; a tool asks for one by a parameter of its class."""


Resources = Mapping[type[Resource], Resource]


def is_lent(annotation: object) -> bool:
    """Tell whether a parameter of this annotation is filled in by the server and not by the caller."""
    return annotation is ToolUser or (isinstance(annotation, type) and issubclass(annotation, Resource))
