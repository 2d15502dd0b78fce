"""``greenroom journal prune``: what is past its keep goes."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from server.commands.counting import counted
from server.commands.examples import examples
from server.commands.options import loaded, settings_options, told_plainly
from server.commands.progress import shown
from server.errors import DatabaseUnusable
from server.journal import retention
from server.journal.retention import Dropped, Keep
from server.storage.database import connect, existing
from server.storage.diagnosis import diagnosis


@click.command(epilog=examples("greenroom journal prune --days 7 --dry-run"))
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True),
    help="Keep what is younger.  [default: the setting journal.keep_days]",
)
@click.option(
    "--events",
    type=click.IntRange(min=1),
    help="Keep so many of each session.  [default: the setting journal.keep_events]",
)
@click.option("--dry-run", is_flag=True, help="Say what would be dropped, and leave it.")
@settings_options
def prune(
    days: float | None, events: int | None, data_dir: Path | None, config_file: Path | None, *, dry_run: bool
) -> None:
    """Drop events that are too old, or behind too many newer ones of their session.

    What belongs to a run that isn't over stays, and so does what came after it. Events are dropped by the segment, a
    few hundred at most, so that a little more than what must be kept may be left. Safe beside a running server, which
    does the same every hour.
    """
    settings = loaded(config_file, data_dir=data_dir).settings
    keep = Keep(days or settings.journal.keep_days, events or settings.journal.keep_events)
    with told_plainly(), _connected(settings.data_dir) as connection:
        dropped = list(_pruned(connection, keep, dry_run=dry_run))
        ids = _pruned_ids(connection, keep, dry_run=dry_run)
    for each in dropped:
        click.echo(f"{each.session_id}: {counted(each.events, 'event')}, kept from seq {each.first_seq} on")
    all_events = counted(sum(each.events for each in dropped), "event")
    total = f"{all_events} of {counted(len(dropped), 'session')}, {counted(ids, 'message id')}"
    click.echo(f"{'would drop' if dry_run else 'dropped'} {total}")


def _pruned(connection: sqlite3.Connection, keep: Keep, *, dry_run: bool) -> Iterator[Dropped]:
    now_ms = round(time.time() * 1000)
    drop = retention.prospect if dry_run else retention.prune
    for session_id in shown(retention.prunable(connection, keep, now_ms), "pruning"):
        dropped = drop(connection, session_id, keep, now_ms)
        if dropped is not None:
            yield dropped


def _pruned_ids(connection: sqlite3.Connection, keep: Keep, *, dry_run: bool) -> int:
    now_ms = round(time.time() * 1000)
    if dry_run:
        return len(retention.aged_message_ids(connection, keep, now_ms))
    return retention.prune_message_ids(connection, keep, now_ms)


@contextmanager
def _connected(data_dir: Path) -> Iterator[sqlite3.Connection]:
    path = existing(data_dir)
    with closing(connect(path)) as connection:
        try:
            yield connection
        except sqlite3.Error as error:
            raise DatabaseUnusable(diagnosis(error, path)) from error
