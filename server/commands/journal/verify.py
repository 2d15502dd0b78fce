"""``greenroom journal verify``: whether the logs keep every promise of the protocol."""

import time
from pathlib import Path

import click

from actors.session.journal import JournalUnavailable, LogPruned, SessionRecord
from server.commands.counting import counted
from server.commands.examples import examples
from server.commands.journal.reading import chosen, reading
from server.commands.options import settings_options
from server.commands.progress import shown
from server.journal.audit import Audit, Holding, Problem, audit
from server.journal.reader import Snapshot


@click.command(
    epilog=examples("greenroom journal verify", "greenroom journal verify s_48b21e62bef7befe --data-dir /srv/greenroom")
)
@click.argument("session_ids", nargs=-1, metavar="[SESSION_ID]...")
@settings_options
@click.pass_context
def verify(
    context: click.Context, session_ids: tuple[str, ...], data_dir: Path | None, config_file: Path | None
) -> None:
    """Check the logs of the sessions named, or of all of them.

    Each log is checked for every promise of the protocol: dense numbers, one end for each message, tool calls in
    pairs, one run at a time, events of its own session alone. What is kept beside it is compared with it: its record
    and owner, the index of unfinished runs, the ids of messages. The file is checked, too.

    Prints a line for each problem, and a summary. The exit status is 0 where all is well, and 1 where it isn't. Runs
    that aren't over are well: a server may be at them, or take them up again when it starts.
    """
    with reading(data_dir, config_file) as reader, reader.snapshot() as snapshot:
        records = chosen(snapshot, session_ids)
        problems = [] if session_ids else _of_file(snapshot)
        owners = snapshot.usernames()
        audits = [
            _audited(snapshot, record, has_owner=record.user_id in owners) for record in shown(records, "checking")
        ]
    problems += [str(problem) for found in audits for problem in found.problems]
    for problem in problems:
        click.echo(problem)
    click.echo(_summary(audits, len(problems)))
    context.exit(1 if problems else 0)


def _of_file(snapshot: Snapshot) -> list[str]:
    lost = [
        str(Problem(session_id, None, f"is in {table}, and there is no such session"))
        for session_id, table in snapshot.strays()
    ]
    return [*(f"the file is damaged: {text}" for text in snapshot.damage()), *lost]


def _audited(snapshot: Snapshot, record: SessionRecord, *, has_owner: bool) -> Audit:
    try:
        frames = list(snapshot.frames(record.session_id, record.first_seq - 1))
        unfinished, message_ids = snapshot.unfinished(record.session_id), snapshot.message_ids(record)
    except (JournalUnavailable, LogPruned) as unreadable:
        return Audit(0, 0, [Problem(record.session_id, None, str(unreadable))])
    return audit(Holding(record, has_owner, frames, unfinished, message_ids), round(time.time() * 1000))


def _summary(audits: list[Audit], problems: int) -> str:
    events, unfinished = sum(found.events for found in audits), sum(found.unfinished for found in audits)
    found = f"{counted(len(audits), 'session')}, {counted(events, 'event')}, {counted(unfinished, 'unfinished run')}"
    return f"{found}: {counted(problems, 'problem') if problems else 'all is well'}"
