"""Loading the settings: defaults < TOML file < environment < flags, with all that is wrong said at once."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.errors import SettingsError
from config.layers import Given, Layer, from_environment, from_file, from_flags, merged
from config.names import FIELDS, TABLES, is_secret
from config.settings import Settings

DEFAULT = "default"
FILE_NAME = "greenroom.toml"


class Loaded(NamedTuple):
    """The settings, and for each dotted path the place that its value came from.

    Attributes:
        settings: what holds.
        origins: `default`, a file's path, a variable's name, or a flag; every setting is in it.
    """

    settings: Settings
    origins: Mapping[str, str]


def load(config_file: Path | None, flags: Mapping[str, Any], environ: Mapping[str, str]) -> Loaded:
    """Load the settings; blocks on the disk for the file.

    Args:
        config_file: the TOML file to read; without one, `greenroom.toml` in the data directory if it is there.
        flags: values from the command line, by dotted path; None stands for a flag that wasn't given.
        environ: the process's environment, of which only names that begin with GREENROOM_ count.

    Raises:
        SettingsError: with a line for each thing that is wrong, wherever it was given.
    """
    above = [from_environment(environ), from_flags(flags)]
    layers = [_file(config_file, merged(above)), *above]
    given = merged(layers)
    problems = [problem for layer in layers for problem in layer.problems]
    settings, invalid = _validated(given)
    if settings is None or problems:
        raise SettingsError([*problems, *invalid])
    return Loaded(settings, {path: given[path].origin if path in given else DEFAULT for path in FIELDS})


def _file(config_file: Path | None, above: Mapping[str, Given]) -> Layer:
    if config_file:
        return from_file(config_file)
    data_dir = above["data_dir"].value if "data_dir" in above else FIELDS["data_dir"].default
    found = Path(data_dir) / FILE_NAME
    return _beside_data(from_file(found), found) if found.exists() else Layer()


def _beside_data(layer: Layer, found: Path) -> Layer:
    """Refuse a file that was found by the data directory and names another one: it would be neither's."""
    if "data_dir" not in layer.given:
        return layer
    problem = f"data_dir ({found}): can't be set in the file that lies in it; use --data-dir, or --config {found}"
    given = {path: value for path, value in layer.given.items() if path != "data_dir"}
    return Layer(given, (*layer.problems, problem))


def _validated(given: Mapping[str, Given]) -> tuple[Settings | None, list[str]]:
    try:
        return Settings(**_nested(given)), []
    except ValidationError as error:
        return None, [_problem(details, given) for details in error.errors()]


def _nested(given: Mapping[str, Given]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, (value, _) in given.items():
        *groups, name = path.split(".")
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[name] = value
    return tree


def _problem(details: ErrorDetails, given: Mapping[str, Given]) -> str:
    path = _path(details["loc"])
    origin = given[path].origin if path in given else DEFAULT
    shown = "" if is_secret(path) else f" = {details['input']!r}"
    place = ".".join(map(str, details["loc"])) if path in TABLES else path
    return f"{place}{shown} ({origin}): {_said(details)}"


def _path(loc: tuple[int | str, ...]) -> str:
    """Return the dotted path of the setting that an error lies in, perhaps deep inside its value."""
    ends = range(len(loc), 0, -1)
    paths = (".".join(map(str, loc[:end])) for end in ends)
    return next(path for path in paths if path in FIELDS)


def _said(details: ErrorDetails) -> str:
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    said = re.sub(r"^\w+ should", "must", details["msg"])
    return said.replace("a valid tuple", "a list")
