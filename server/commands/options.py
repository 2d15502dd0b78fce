"""What the commands share: the options that say which settings hold, and how a wrong one is told."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from actors.session.journal import JournalUnavailable
from actors.tools.errors import PluginError
from config.errors import SettingsError
from config.loading import Loaded, load
from server.documents import documents_folder
from server.errors import ServerFault
from server.plans import fault_plan
from server.policies import restart_policies
from server.tls import tls_context

Command = TypeVar("Command", bound=Callable[..., Any])


class WrongSettings(click.ClickException):
    """End the command with status 2 and a line for everything that is wrong."""

    exit_code = 2

    def __init__(self, error: SettingsError) -> None:
        super().__init__("\n".join(f"  {problem}" for problem in error.problems))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the problems to standard error."""
        click.echo(f"These settings are wrong:\n{self.message}", file=file, err=True)


def settings_options(command: Command) -> Command:
    """Give a command `--data-dir` and `--config`, as `data_dir` and `config_file`."""
    data_dir = click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where accounts, the log and the signing key are kept.  [default: .greenroom]",
    )
    config_file = click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The TOML file with settings.  [default: greenroom.toml in the data directory, if there is one]",
    )
    return data_dir(config_file(command))


def loaded(config_file: Path | None, **flags: Any) -> Loaded:
    """Load the settings from the file, this process's environment and `flags`; blocks on the disk.

    Raises:
        WrongSettings: when any is wrong.
    """
    try:
        found = load(config_file, flags, os.environ)
        _refuse_unusable(found)
    except SettingsError as error:
        raise WrongSettings(error) from error
    return found


def _refuse_unusable(found: Loaded) -> None:
    """Make all that the server will make of the settings."""
    problems: list[str] = []
    for make in (
        lambda: restart_policies(found.settings.restart, found.origins),
        lambda: fault_plan(found.settings.faults, found.origins),
        lambda: tls_context(found.settings.tls, found.origins),
        lambda: documents_folder(found.settings, found.origins),
    ):
        try:
            make()
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(problems)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what the server refuses, plug-ins that don't load and a data directory that can't be used into status 1."""
    try:
        yield
    except (ServerFault, JournalUnavailable, PluginError, OSError, sqlite3.Error) as error:
        raise click.ClickException(str(error)) from error
