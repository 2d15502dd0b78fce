"""The parameters of a request's query."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec.inspect import IntType, StructType, type_info

from server.http.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

Q = TypeVar("Q", bound=msgspec.Struct)


def read_query(kind: type[Q], given: Mapping[str, str]) -> Q:
    """Read the parameters that ``kind`` has; others are ignored, so that a client may be newer than its server.

    Raises:
        Refused: one isn't as it must be; the message says which.
    """
    described = type_info(kind)
    assert isinstance(described, StructType)
    wanted = {field.name: given[field.name] for field in described.fields if field.name in given}
    for field in described.fields:
        text = wanted.get(field.name, "0")
        # What else Python takes for a number, signs and spaces say, isn't one of JSON's.
        if isinstance(field.type, IntType) and not (text.isascii() and text.isdigit()):
            raise Refused(400, "bad_request", f"{field.name} is a whole number.")
    try:
        return msgspec.convert(wanted, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(400, "bad_request", f"The query isn't as it must be: {error}") from error
