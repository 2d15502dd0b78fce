"""Kill a server over and over while it works, with a progress bar; exit with 1 where that breaks a promise."""

import asyncio
import random
import shutil
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console

from scripts.drilling import Drill, Plan, Report
from server.commands.progress import advancing

LARGEST_SEED = 10**9
COUNT = click.IntRange(min=1)
SYNC = click.Choice(["normal", "full"])


@click.command()
@click.option("--rounds", default=100, show_default=True, type=COUNT, help="How often the server is killed.")
@click.option("--seed", default=None, type=int, help="What decides who does what, and when; at random where left out.")
@click.option("--sessions", default=2, show_default=True, type=COUNT, help="How many sessions each of the users has.")
@click.option("--tabs", default=2, show_default=True, type=COUNT, help="How many connections each session has.")
@click.option("--sync", default="normal", show_default=True, type=SYNC, help="The server's journal.sync.")
def main(rounds: int, seed: int | None, sessions: int, tabs: int, sync: str) -> None:
    """Kill a real server while people use it, start it again, and see whether it kept the protocol's promises."""
    chosen = random.randrange(LARGEST_SEED) if seed is None else seed  # noqa: S311 - any will do, and it is printed
    place = Path(tempfile.mkdtemp(prefix="greenroom-drill-"))
    click.echo(f"seed {chosen}, data and log in {place}")
    drill = Drill(Plan(chosen, rounds, sessions, tabs, sync), place / "data")
    try:
        report = _with_progress(drill)
    except AssertionError as broken:
        click.echo(f"seed {chosen}, {drill.stage}:\n{broken}\nthe data is kept in {place}")
        sys.exit(1)
    Console().print(report.table())
    shutil.rmtree(place)


def _with_progress(drill: Drill) -> Report:
    with advancing("killing", drill.plan.rounds) as advance:
        return asyncio.run(drill.run(advance))


if __name__ == "__main__":
    main()
