"""Where settings come from: each source as one flat layer of given values, with its own problems."""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_settings import EnvSettingsSource
from pydantic_settings.exceptions import SettingsError as UndecodableError

from config.names import FIELDS, GROUPS, NO_SETTINGS, PREFIX, TABLES, flag, nearest, variable
from config.settings import Settings


class Given(NamedTuple):
    """A value and the place that it was given in: a file's path, a variable's name, or a flag."""

    value: Any
    origin: str


class Layer(NamedTuple):
    """What one source gave, by dotted path, and what is wrong with the source itself."""

    given: Mapping[str, Given] = {}
    problems: tuple[str, ...] = ()


def from_flags(flags: Mapping[str, Any]) -> Layer:
    """Lay out the command line's flags, by dotted path; one that is None wasn't given."""
    return Layer({path: Given(value, flag(path)) for path, value in flags.items() if value is not None})


def from_environment(environ: Mapping[str, str]) -> Layer:
    """Lay out the variables that begin with GREENROOM_; one that names no setting is a problem."""
    named = {name: value for name, value in environ.items() if name.startswith(PREFIX) and name not in NO_SETTINGS}
    layers = [_from_variable(name, value) for name, value in named.items()]
    return _joined(layers)


def from_file(path: Path) -> Layer:
    """Read and lay out a TOML file; blocks on the disk. A file that can't be read or parsed is a problem."""
    try:
        tree = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        return Layer(problems=(f"{path}: can't be read ({error.strerror}); check --config",))
    except UnicodeDecodeError:
        return Layer(problems=(f"{path}: isn't UTF-8 text; settings are written in TOML",))
    except tomllib.TOMLDecodeError as error:
        return Layer(problems=(f"{path}: isn't valid TOML: {error}",))
    return _joined([_from_entry(name, value, path) for name, value in _flat(tree)])


def merged(layers: Iterable[Layer]) -> dict[str, Given]:
    """Lay layers over each other: a later one's value counts, and in a table each entry's own."""
    given: dict[str, Given] = {}
    for layer in layers:
        for path, above in layer.given.items():
            given[path] = _over(given[path], above) if path in TABLES and path in given else above
    return given


def _over(below: Given, above: Given) -> Given:
    return Given(_deep(below.value, above.value), f"{below.origin}, {above.origin}")


def _deep(below: Any, above: Any) -> Any:
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    return {**below, **{name: _deep(below.get(name), value) for name, value in above.items()}}


def _from_entry(name: str, value: Any, file: Path) -> Layer:
    if name in FIELDS:
        return Layer({name: Given(value, str(file))})
    if name in GROUPS:
        return Layer(problems=(f"{name} ({file}): holds settings; write [{name}] and the settings below it",))
    return Layer(problems=(f"{name} ({file}): there is no such setting{nearest(name, FIELDS)}",))


def _from_variable(name: str, text: str) -> Layer:
    # One variable at a time through pydantic-settings' own reader: a value that it can't decode spoils nothing else,
    # and what comes out is known to come from this variable.
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): text}
    try:
        found = dict(_flat(source()))
    except UndecodableError:
        return Layer(problems=(f"{name}: must be JSON, such as {_sample(name)}",))
    unknown = found.keys() - FIELDS.keys()
    if unknown or not found:
        return Layer(problems=(_misnamed(name, unknown),))
    return Layer({path: Given(value, name) for path, value in found.items()})


def _misnamed(name: str, unknown: set[str]) -> str:
    groups = {variable(path) for path in GROUPS}
    if name in groups and unknown <= GROUPS:
        return f"{name}: holds settings; set one of them, such as {_first_below(name)}"
    if name in groups:
        return "; ".join(
            f"{name}: there is no such setting as {path}{nearest(path, FIELDS)}" for path in sorted(unknown)
        )
    return f"{name}: there is no such setting{nearest(name, map(variable, FIELDS))}"


def _first_below(name: str) -> str:
    return next(variable(path) for path in FIELDS if variable(path).startswith(f"{name}__"))


def _sample(name: str) -> str:
    defaults = {variable(path): field.default for path, field in FIELDS.items()}
    return json.dumps(defaults.get(name) or ["…"], ensure_ascii=False)


def _flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping) and f"{above}{name}" not in FIELDS:
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _joined(layers: list[Layer]) -> Layer:
    return Layer(merged(layers), tuple(problem for layer in layers for problem in layer.problems))
