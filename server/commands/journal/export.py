"""``greenroom journal export``: the logs as JSON lines."""

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

import click

from actors.session.journal import SessionRecord
from server.commands.counting import counted
from server.commands.ending import ending_quietly
from server.commands.examples import examples
from server.commands.journal.reading import chosen, reading
from server.commands.options import settings_options
from server.commands.progress import shown


@click.command(
    epilog=examples(
        "greenroom journal export --user ada --output ada.jsonl", "greenroom journal export | gzip > logs.gz"
    )
)
@click.argument("session_ids", nargs=-1, metavar="[SESSION_ID]...")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The file to write, in place of one that is there.  [default: standard output]",
)
@click.option("--user", "username", metavar="NAME", help="The sessions of this user alone.")
@settings_options
def export(
    session_ids: tuple[str, ...],
    output: Path | None,
    username: str | None,
    data_dir: Path | None,
    config_file: Path | None,
) -> None:
    """Write the logs of the sessions named, or of all of them, as JSON lines.

    For each session there is a line that tells of it, of type `session`, and then one for each of its events, as the
    protocol has them. FILE is there as a whole or not at all, and is for its owner's eyes alone: it holds what people
    have written.
    """
    with reading(data_dir, config_file) as reader, reader.snapshot() as snapshot:
        records = chosen(snapshot, session_ids, username)
        names = snapshot.usernames()
        with ending_quietly() if output is None else nullcontext(), _written(output) as write:
            for record in shown(records, "exporting", beside_output=output is None):
                write(_told(record, names.get(record.user_id)))
                for frame in snapshot.frames(record.session_id, record.first_seq - 1):
                    write(frame)
    if output is not None:
        events = sum(record.head_seq - record.first_seq + 1 for record in records)
        click.echo(f"wrote {counted(len(records), 'session')} with {counted(events, 'event')} to {output}")


def _told(record: SessionRecord, username: str | None) -> bytes:
    told = {"type": "session", **record._asdict(), "username": username}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


@contextmanager
def _written(output: Path | None) -> Iterator[Callable[[bytes], object]]:
    if output is None:
        yield lambda text: sys.stdout.buffer.write(text + b"\n")
        sys.stdout.buffer.flush()
    else:
        with _replacing(output) as file:
            yield lambda text: file.write(text + b"\n")


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """Write a draft beside the file, which takes its place when it is whole and on the disk."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"{path} can't be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink()
        raise
