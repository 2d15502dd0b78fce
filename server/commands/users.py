"""``greenroom users``: the accounts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.table import Table

from server.commands.examples import examples
from server.commands.options import loaded, settings_options, told_plainly
from server.commands.passwords import read_password
from server.commands.tables import show
from server.identity.accounts import Account, Accounts
from server.storage.database import existing, open_database


@click.group()
def users() -> None:
    """Add, change and list the accounts.

    Passwords come from a prompt, or from the first line of standard input where that isn't a terminal; never
    from an argument, which everybody on the machine can read. A running server heeds every change from the next
    request on.
    """


@users.command(
    epilog=examples("greenroom users add ada --role operator", "generate-password | greenroom users add ada")
)
@click.argument("name")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="Give a role, such as operator; may be repeated.")
@settings_options
def add(name: str, roles: tuple[str, ...], data_dir: Path | None, config_file: Path | None) -> None:
    """Add an account named NAME."""
    with _accounts(data_dir, config_file, made=True) as accounts:
        account = accounts.add(name, read_password(confirm=True), roles)
    click.echo(f"added {account.username} ({account.user_id})")


@users.command(epilog=examples("greenroom users passwd ada"))
@click.argument("name")
@settings_options
def passwd(name: str, data_dir: Path | None, config_file: Path | None) -> None:
    """Set a new password for NAME; every login made with the old one ends."""
    with _accounts(data_dir, config_file) as accounts:
        accounts.set_password(name, read_password(confirm=True))
    click.echo(f"the password of {name} is changed")


@users.command(epilog=examples("greenroom users disable ada"))
@click.argument("name")
@settings_options
def disable(name: str, data_dir: Path | None, config_file: Path | None) -> None:
    """Refuse NAME's logins and tokens from now on; a running server closes NAME's sockets within seconds."""
    with _accounts(data_dir, config_file) as accounts:
        accounts.disable(name)
    click.echo(f"{name} is disabled")


@users.command(epilog=examples("greenroom users enable ada"))
@click.argument("name")
@settings_options
def enable(name: str, data_dir: Path | None, config_file: Path | None) -> None:
    """Let NAME, who was disabled, log in again."""
    with _accounts(data_dir, config_file) as accounts:
        accounts.enable(name)
    click.echo(f"{name} is enabled")


@users.command("list", epilog=examples("greenroom users list --data-dir /srv/greenroom"))
@settings_options
def list_(data_dir: Path | None, config_file: Path | None) -> None:
    """List the accounts by name."""
    with _accounts(data_dir, config_file) as accounts:
        show(_table(accounts.list()))


@contextmanager
def _accounts(data_dir: Path | None, config_file: Path | None, *, made: bool = False) -> Iterator[Accounts]:
    settings = loaded(config_file, data_dir=data_dir).settings
    with told_plainly():
        if not made:
            existing(settings.data_dir)
        database = open_database(settings.data_dir)
        try:
            yield Accounts(database)
        finally:
            database.close()


def _table(accounts: tuple[Account, ...]) -> Table:
    table = Table("name", "user id", "roles", "state", box=None)
    for account in accounts:
        state = "disabled" if account.disabled else "active"
        table.add_row(account.username, account.user_id, " ".join(account.roles), state)
    return table
