"""``greenroom journal tail``: the last events, and those that come."""

import heapq
import json
import sys
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path

import click

from actors.session.journal import SessionRecord
from server.commands.ending import ending_quietly, on_ctrl_c
from server.commands.examples import examples
from server.commands.journal.lines import line
from server.commands.journal.reading import chosen, reading
from server.commands.options import settings_options
from server.journal.reader import Reader, Snapshot

POLL_SECONDS = 0.25

Entry = tuple[int, bytes]
"""When it was, and its frame."""


class Follower:
    """What was shown of which log."""

    def __init__(self, session_id: str | None, username: str | None) -> None:
        """Follow one session, or one user's, or all."""
        self._session_id = session_id
        self._username = username
        self._shown: dict[tuple[str, str], int] = {}

    def last(self, snapshot: Snapshot, count: int) -> list[Entry]:
        """Return the last ``count`` events, and take everything up to them as shown."""
        records = self._records(snapshot)
        for record in records:
            self._shown[record.session_id, record.epoch] = record.head_seq
        # An event that is among the last of all is among the last of its own session, and of those that changed last.
        begun = [record for record in records if record.head_seq >= record.first_seq]
        newest = heapq.nlargest(count, begun, key=lambda record: record.updated_at)
        return _merged(_entries(snapshot, record, record.head_seq - count) for record in newest)[-count:]

    def more(self, snapshot: Snapshot) -> list[Entry]:
        """Return what has come since."""
        logs = []
        for record in self._records(snapshot):
            key = record.session_id, record.epoch
            logs.append(_entries(snapshot, record, self._shown.get(key, 0)))
            self._shown[key] = record.head_seq
        return _merged(logs)

    def _records(self, snapshot: Snapshot) -> list[SessionRecord]:
        return chosen(snapshot, [] if self._session_id is None else [self._session_id], self._username)


@click.command(epilog=examples("greenroom journal tail --follow --user ada"))
@click.argument("session_id", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--lines", "-n", type=click.IntRange(min=0), default=10, show_default=True, help="Begin with so many.")
@click.option("--user", "username", metavar="NAME", help="The sessions of this user alone.")
@click.option("--json", "as_json", is_flag=True, help="Print the events as they are kept, in JSON.")
@settings_options
def tail(
    session_id: str | None,
    username: str | None,
    lines: int,
    data_dir: Path | None,
    config_file: Path | None,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Print the last events of SESSION_ID, or of all sessions, each on one line.

    With --follow it goes on with what a running server adds.
    """
    with reading(data_dir, config_file) as reader, ending_quietly():
        ended = on_ctrl_c() if follow else None
        follower = Follower(session_id, username)
        reader.changed()
        with reader.snapshot() as snapshot:
            _show(follower.last(snapshot, lines), as_json=as_json)
        while ended is not None and not ended.wait(POLL_SECONDS):
            _show(_more(reader, follower), as_json=as_json)


def _more(reader: Reader, follower: Follower) -> list[Entry]:
    if not reader.changed():
        return []
    with reader.snapshot() as snapshot:
        return follower.more(snapshot)


def _entries(snapshot: Snapshot, record: SessionRecord, after: int) -> Iterator[Entry]:
    for frame in snapshot.frames(record.session_id, max(after, record.first_seq - 1)):
        yield json.loads(frame)["ts"], frame


def _merged(logs: Iterable[Iterator[Entry]]) -> list[Entry]:
    """Put the events of several logs in the order of time; each log keeps its own, whatever its clock did."""
    return list(heapq.merge(*logs, key=itemgetter(0)))


def _show(entries: list[Entry], *, as_json: bool) -> None:
    for frame in map(itemgetter(1), entries):
        click.echo(frame if as_json else line(json.loads(frame)))
    sys.stdout.flush()
