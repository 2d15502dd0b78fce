"""``greenroom agents``: what there is to talk to, what it may use, and where that came from."""

import json
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from config.settings import Settings
from server.commands.examples import examples
from server.commands.options import loaded, settings_options, told_plainly
from server.commands.tables import show


@click.command(epilog=examples("greenroom agents --demo", "greenroom agents --json"))
@settings_options
@click.option("--demo", is_flag=True, default=None, help="As a server with --demo has them.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON, with the schemas of the tools.")
def agents(data_dir: Path | None, config_file: Path | None, demo: bool | None, *, as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """List the agents that a server with these settings offers, and their tools.

    They are loaded as the server would load them. One that doesn't load is named with its error.
    """
    settings = loaded(config_file, data_dir=data_dir, demo=demo).settings
    with told_plainly():
        told = _told(settings)
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        show(_agents(told["agents"]))
        click.echo()
        show(_tools(told["tools"]))


def _told(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    # Here and not above: the agents pull in all that they need, and the other commands start without it.
    from server.offer import offered  # noqa: PLC0415 - the reason above

    return offered(settings)


def _agents(agents: list[dict[str, Any]]) -> Table:
    table = Table("agent", "from", "tools", "does", box=None)
    for agent in agents:
        name = f"{agent['name']} (default)" if agent["default"] else agent["name"]
        table.add_row(*map(Text, (name, agent["from"], " ".join(agent["tools"]), agent["description"])))
    return table


def _tools(tools: list[dict[str, Any]]) -> Table:
    table = Table("tool", "from", "arguments", "does", box=None)
    for tool in tools:
        required = tool["parameters"].get("required", ())
        arguments = [name if name in required else f"{name}?" for name in tool["parameters"]["properties"]]
        table.add_row(*map(Text, (tool["name"], tool["from"], " ".join(arguments), tool["description"])))
    return table
