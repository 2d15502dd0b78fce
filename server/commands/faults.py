"""``greenroom faults``: faults by plan, in a running server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from actors.runtime import ledger
from actors.runtime.errors import FaultPlanInvalid
from actors.runtime.faultplan import FaultPlan
from server.commands.examples import examples
from server.commands.remote import Denied, Remote, logged_in, remote_options
from server.commands.tables import show as show_table

PATH = "/v1/faults"
NOT_FOUND = 404
COLUMNS = ("number", "address", "incarnation", "message", "delivery", "rule", "action", "seconds")

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


class WrongPlan(click.ClickException):
    """End the command with status 2 and a line for everything that is wrong."""

    exit_code = 2


@click.group()
def faults() -> None:
    """Inject faults into a running server, by plan.

    The server must have the setting faults.enabled, and --user the role operator. The password comes from a prompt,
    or from the first line of standard input where that isn't a terminal.
    """


@faults.command(epilog=examples("greenroom faults load plan.toml --user operator"))
@click.argument("file", type=FILE)
@remote_options
def load(file: Path, url: str, user: str) -> None:
    """Load the plan in FILE, TOML, in place of the one that is loaded."""
    with _told_plainly(file):
        plan = FaultPlan.from_toml(file.read_text("utf-8"))
    _load(plan, url, user)


@faults.command(epilog=examples("greenroom faults replay ledger.json"))
@click.argument("file", type=FILE)
@remote_options
def replay(file: Path, url: str, user: str) -> None:
    """Load a plan that injects again what is in FILE, the ledger as `show --json` wrote it."""
    with _told_plainly(file):
        plan = FaultPlan.from_ledger(ledger.from_json(file.read_text("utf-8")))
    _load(plan, url, user)


@faults.command(epilog=examples("greenroom faults show --json > ledger.json"))
@click.option("--json", "as_json", is_flag=True, help="Write the ledger as JSON, for `replay`.")
@remote_options
def show(url: str, user: str, *, as_json: bool) -> None:
    """Show what was injected since the plan was loaded, and how much of its budget is left."""
    with _operated(url, user) as remote:
        state = remote.call("GET", PATH)
    if as_json:
        click.echo(json.dumps(state["ledger"]))
    elif state["plan"] is None:
        click.echo("no plan is loaded")
    else:
        show_table(_table(state["ledger"]))
        click.echo(f"{len(state['plan']['rules'])} rules, {state['left']} of {state['plan']['budget']} injections left")


@faults.command(epilog=examples("greenroom faults clear"))
@remote_options
def clear(url: str, user: str) -> None:
    """Drop the plan and its ledger: nothing is injected any more."""
    with _operated(url, user) as remote:
        remote.call("DELETE", PATH)
    click.echo("no plan is loaded any more")


def _load(plan: FaultPlan, url: str, user: str) -> None:
    with _operated(url, user) as remote:
        remote.call("PUT", PATH, plan.to_dict())
    click.echo(f"loaded {len(plan.rules)} rules, {plan.budget} injections at most")


@contextmanager
def _operated(url: str, user: str) -> Iterator[Remote]:
    try:
        with logged_in(url, user) as remote:
            yield remote
    except Denied as denied:
        if denied.status == NOT_FOUND:
            raise click.ClickException(
                f"{url} takes no fault plans; start it with GREENROOM_FAULTS__ENABLED=true"
            ) from denied
        raise


@contextmanager
def _told_plainly(file: Path) -> Iterator[None]:
    try:
        yield
    except FaultPlanInvalid as invalid:
        raise WrongPlan(f"{file} is no plan:\n" + "\n".join(f"  {line}" for line in invalid.problems)) from invalid
    except (OSError, UnicodeDecodeError) as error:
        raise WrongPlan(f"{file} can't be read: {error}") from error


def _table(entries: list[dict[str, Any]]) -> Table:
    table = Table(*COLUMNS, box=None)
    for entry in entries:
        table.add_row(*("-" if entry[column] is None else str(entry[column]) for column in COLUMNS))
    return table
