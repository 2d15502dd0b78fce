"""What the commands share that read the logs: opening them, and finding the sessions that are meant."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from actors.session.journal import LogPruned, SessionRecord
from server.commands.options import loaded, told_plainly
from server.journal.reader import Reader, Snapshot, open_reader


@contextmanager
def reading(data_dir: Path | None, config_file: Path | None) -> Iterator[Reader]:
    """Open the logs of the data directory that the options name; what can't be read becomes status 1."""
    settings = loaded(config_file, data_dir=data_dir).settings
    with told_plainly(), open_reader(settings.data_dir) as reader:
        try:
            yield reader
        except LogPruned as error:
            raise click.ClickException(str(error)) from error


def chosen(snapshot: Snapshot, session_ids: Sequence[str], username: str | None = None) -> list[SessionRecord]:
    """Return the sessions of these ids and of that user; all of them where none are named.

    Raises:
        click.ClickException: there is no such session of that user, or no such user.
    """
    owner = None if username is None else _user_id(snapshot, username)
    named = [_found(snapshot, session_id) for session_id in dict.fromkeys(session_ids)]
    records = named if session_ids else snapshot.sessions()
    if owner is None:
        return records
    others = [record.session_id for record in records if record.user_id != owner]
    if session_ids and others:
        raise click.ClickException(f"{', '.join(others)}: not of user {username}")
    return [record for record in records if record.user_id == owner]


def _user_id(snapshot: Snapshot, username: str) -> str:
    for user_id, name in snapshot.usernames().items():
        if name == username:
            return user_id
    raise click.ClickException(f"there is no account named {username!r}; `greenroom users list` lists them")


def _found(snapshot: Snapshot, session_id: str) -> SessionRecord:
    record = snapshot.find(session_id)
    if record is None:
        raise click.ClickException(f"there is no session {session_id!r}; `greenroom journal export` has them all")
    return record
