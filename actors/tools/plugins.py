"""Plug-ins: what the settings name by dotted path, and what installed distributions offer by entry point."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from types import MappingProxyType
from typing import TypeVar

from actors.tools.errors import PluginError, Problem
from actors.tools.tool import Tool

TOOLS_GROUP = "greenroom.tools"

_PATH = re.compile(r"[\w.]+:[\w.]+")

Plugin = TypeVar("Plugin")


def load_tools(paths: Sequence[str], installed: EntryPoints | None = None) -> Mapping[str, Tool]:
    """Import every tool that the settings name or that is installed, by its name.

    Args:
        paths: ``module:name`` each.
        installed: entry points; those of this environment where left out.

    Raises:
        PluginError: with every one that doesn't load, isn't a tool, or has another's name.
    """
    return load(sources(paths, TOOLS_GROUP, installed), _as_tool, lambda tool: tool.name)


def sources(paths: Sequence[str], group: str, installed: EntryPoints | None = None) -> list[EntryPoint]:
    """List where to load from: the settings' paths, then the group's entry points, each place once."""
    offered = (entry_points() if installed is None else installed).select(group=group)
    named = [EntryPoint(name=path, value=path, group="settings") for path in paths]
    places: dict[str, EntryPoint] = {}
    for point in (*named, *offered):
        places.setdefault(point.value, point)
    return list(places.values())


def load(
    points: Iterable[EntryPoint], check: Callable[[object], Plugin], name: Callable[[Plugin], str]
) -> Mapping[str, Plugin]:
    """Import each place and map what is there by its name; runs the modules' code, and blocks as long as that does.

    Args:
        points: where to load from.
        check: returns what was found, or raises a TypeError that says why it won't do.
        name: what to call it.

    Raises:
        PluginError: with every place that gives nothing usable, whatever its import raised.
    """
    found: dict[str, Plugin] = {}
    problems: list[Problem] = []
    for point in points:
        try:
            plugin = check(_imported(point))
            _claim(found, name(plugin), plugin)
        except Exception as error:  # noqa: BLE001 - a stranger's module may raise anything; all are told of at once
            problems.append(Problem(f"{point.group} {point.value}", f"{type(error).__name__}: {error}"))
    if problems:
        raise PluginError(problems)
    return MappingProxyType(found)


def _imported(point: EntryPoint) -> object:
    if not _PATH.fullmatch(point.value):
        raise ValueError("a dotted path is written module:name")
    return point.load()


def _claim(found: dict[str, Plugin], name: str, plugin: Plugin) -> None:
    # One thing may well be named twice, under two paths; two things may not have one name.
    if found.setdefault(name, plugin) is not plugin:
        raise ValueError(f"the name {name!r} is taken by {found[name]!r}")


def _as_tool(found: object) -> Tool:
    if not isinstance(found, Tool):
        raise TypeError(f"{found!r} isn't a tool; decorate the function with @tool")
    return found
