"""The names of the settings: dotted paths, flags and environment variables."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.settings import Settings

PREFIX = "GREENROOM_"

NO_SETTINGS = frozenset({"GREENROOM_PASSWORD"})
"""Variables that begin so and are for clients, which may be started where a server is."""


def leaves(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every setting below `model` with its dotted path, in the order of declaration."""
    for name, field in model.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            yield from leaves(group, f"{above}{name}.")
        else:
            yield f"{above}{name}", field


FIELDS: Mapping[str, FieldInfo] = dict(leaves(Settings))
"""Every setting by its dotted path."""

TABLES = frozenset(path for path, field in FIELDS.items() if get_origin(field.annotation) is Mapping)
"""Every setting that is a table of named entries: `mcp`."""

GROUPS = frozenset(path[: dot.start()] for path in FIELDS for dot in re.finditer(r"\.", path))
"""Every name that holds settings and is none itself: `limits`, `restart`, `restart.agent`."""


def variable(path: str) -> str:
    """Return the environment variable of the setting at `path`."""
    return PREFIX + path.replace(".", "__").upper()


def flag(path: str) -> str:
    """Return the command line's flag of the setting at `path`."""
    return "--" + path.replace("_", "-")


def is_secret(path: str) -> bool:
    """Tell whether the setting at `path` must never be shown."""
    annotation = FIELDS[path].annotation
    held = (part for part in get_args(annotation) if isinstance(part, type) and issubclass(part, BaseModel))
    return "SecretStr" in str(annotation) or any(
        "SecretStr" in str(field.annotation) for group in held for _, field in leaves(group)
    )


def nearest(name: str, among: Iterable[str]) -> str:
    """Return the end of a sentence that offers the closest valid name, or nothing where none is close."""
    close = difflib.get_close_matches(name, list(among), n=1)
    return f"; did you mean {close[0]}?" if close else "; `greenroom config` lists the names there are"


def value_at(settings: BaseModel, path: str) -> Any:
    """Return the value of the setting at `path`, secrets still wrapped."""
    found: Any = settings
    for name in path.split("."):
        found = getattr(found, name)
    return found
