"""``greenroom config``: what is set, and who set it."""

import json
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, SecretStr
from rich.table import Table
from rich.text import Text

from config.loading import DEFAULT, Loaded
from config.names import value_at
from server.commands.examples import examples
from server.commands.options import loaded, settings_options
from server.commands.tables import show


@click.command(epilog=examples("greenroom config --data-dir /srv/greenroom"))
@settings_options
def config(data_dir: Path | None, config_file: Path | None) -> None:
    """Show every setting, its value, and where the value came from.

    Secrets are masked. A setting limits.message_bytes is GREENROOM_LIMITS__MESSAGE_BYTES in the environment, and
    message_bytes below [limits] in the TOML file.
    """
    show(_table(loaded(config_file, data_dir=data_dir)))


def _table(loaded: Loaded) -> Table:
    table = Table("setting", "value", "from", box=None)
    for path, origin in loaded.origins.items():
        style = "dim" if origin == DEFAULT else ""
        table.add_row(path, Text(_shown(value_at(loaded.settings, path))), Text(origin), style=style)
    return table


def _shown(value: Any) -> str:
    match value:
        case None:
            return "-"
        case Path() | SecretStr():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    # What was left out of an entry says nothing. A secret masks itself.
    return value.model_dump(exclude_defaults=True) if isinstance(value, BaseModel) else str(value)
