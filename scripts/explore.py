"""Simulate many seeds with a progress bar; exit with 1 on the first that breaks a promise."""

import logging
import random
import sys

import click
import structlog

from actors.testing.simulation import Find, Scenario, explore
from server.commands.progress import advancing
from server.journal.memory import MemoryJournal

LARGEST_START = 10**9


@click.command()
@click.option("--seeds", default=1000, show_default=True, help="How many seeds to try.")
@click.option("--start", default=None, type=int, help="The first of them; at random where left out.")
@click.option("--lag", default=0.02, show_default=True, help="How many seconds a commit takes at most.")
@click.option("--calamities", default=3, show_default=True, help="How often a process or its disk fails at most.")
def main(seeds: int, start: int | None, lag: float, calamities: int) -> None:
    """Look for an interleaving that breaks a promise of the protocol."""
    # The faults are ordered; what they are logged as isn't news.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    first = random.randrange(LARGEST_START) if start is None else start  # noqa: S311 - any will do, and it is printed
    click.echo(f"seeds {first} to {first + seeds - 1}")
    scenario = Scenario(MemoryJournal, calamities=calamities, commit_lag=lag)
    find = _search(scenario, range(first, first + seeds))
    if find is not None:
        click.echo(str(find))
        sys.exit(1)
    click.echo("no promise broken")


def _search(scenario: Scenario, seeds: range) -> Find | None:
    with advancing("simulating", len(seeds)) as advance:
        return explore(scenario, seeds, lambda _: advance())


if __name__ == "__main__":
    main()
