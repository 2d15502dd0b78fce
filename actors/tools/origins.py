"""Where a plug-in came from, in words for an operator. Pure."""

from importlib.metadata import EntryPoint

BUILT_IN = "built-in"
_OWN = ("actors.", "server.")


def origin(point: EntryPoint) -> str:
    """Say who offers what is loaded from there: Greenroom itself, the settings, or an installed distribution."""
    if point.dist is not None:
        return f"entry point {point.name} of {point.dist.name} {point.dist.version}"
    if point.value.startswith(_OWN):
        return BUILT_IN
    return f"settings {point.value}"
