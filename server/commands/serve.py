"""``greenroom serve``: the server itself."""

from pathlib import Path
from typing import Any

import click

from config import logs
from server.commands.examples import examples
from server.commands.options import loaded, settings_options, told_plainly


@click.command(epilog=examples("greenroom serve --demo", "greenroom serve --data-dir /srv/greenroom --port 80"))
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", metavar="NUMBER", help="The port to listen on; 0 takes any free one.  [default: 8765]")
@settings_options
@click.option(
    "--demo",
    is_flag=True,
    default=None,
    help="Add the accounts demo, demo2 and operator, each its own password, and the rehearsal agent. Loopback alone.",
)
@click.pass_context
def serve(context: click.Context, /, config_file: Path | None, **flags: Any) -> None:
    """Run the server until it is told to stop.

    SIGTERM and SIGINT drain it: no new work is taken, runs may end, the rest goes on after the next start.
    A second signal stops it at once. The exit status is 0 after a drain, 2 when a setting is wrong.
    """
    settings = loaded(config_file, **flags).settings
    logs.set_up(settings.logs)
    with told_plainly():
        # Here and not above: it pulls in the whole server, and the other commands start without it.
        from server.process import serve as run  # noqa: PLC0415 - the reason above

        context.exit(run(settings))
