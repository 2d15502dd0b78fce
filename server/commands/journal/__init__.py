"""``greenroom journal``: the logs, looked at and looked after from outside."""

import click

from server.commands.journal.export import export
from server.commands.journal.prune import prune
from server.commands.journal.renew import renew
from server.commands.journal.tail import tail
from server.commands.journal.verify import verify


@click.group()
def journal() -> None:
    """Check, follow, write out and prune the logs of the sessions.

    Each command works on the files in the data directory, beside a running server or without one;
    `renew` without one.
    """


journal.add_command(verify)
journal.add_command(tail)
journal.add_command(export)
journal.add_command(prune)
journal.add_command(renew)
