"""``greenroom journal renew``: the logs of a backup become logs of their own."""

import sqlite3
from contextlib import closing
from pathlib import Path

import click

from actors.session.journal import JournalUnavailable
from server.commands.counting import counted
from server.commands.examples import examples
from server.commands.options import loaded, settings_options, told_plainly
from server.errors import DatabaseUnusable
from server.journal.archive import compact, replay
from server.storage.database import connect, existing
from server.storage.diagnosis import diagnosis
from server.storage.lock import Lock


@click.command(epilog=examples("greenroom journal renew --data-dir restored"))
@settings_options
def renew(data_dir: Path | None, config_file: Path | None) -> None:
    """Give every log a new epoch, once it was restored from a backup.

    Other events will get the numbers that those after the backup had. Clients that saw these are told by the epoch that
    their cursors are of another log, and get this one from its beginning. Refused beside a running server.
    """
    settings = loaded(config_file, data_dir=data_dir).settings
    with told_plainly():
        path = existing(settings.data_dir)
        lock = Lock(settings.data_dir)
        try:
            renewed = _renewed(path)
        finally:
            lock.release()
    click.echo(f"{counted(renewed, 'session')} under new epochs")


def _renewed(path: Path) -> int:
    try:
        with closing(connect(path)) as connection:
            # The commits of the last second hold epochs as well, of sessions that were new then.
            compact(connection, *replay(connection))
            return connection.execute("UPDATE sessions SET epoch = lower(hex(randomblob(8)))").rowcount
    except JournalUnavailable as error:
        raise DatabaseUnusable(str(error)) from error
    except sqlite3.Error as error:
        raise DatabaseUnusable(diagnosis(error, path)) from error
