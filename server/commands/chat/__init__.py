"""``greenroom chat``: talk to the agents of a server, and watch them work."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from server.commands.examples import examples

if TYPE_CHECKING:
    from server.client import Client, Session

URL = "http://127.0.0.1:8765"


@click.command(epilog=examples("greenroom chat --user demo", "echo '12*7' | greenroom chat --user demo"))
@click.option("--url", default=URL, show_default=True, help="Where the server is.")
@click.option("--user", "username", default="demo", show_default=True, metavar="NAME", help="Whom to log in as.")
@click.option("--session", "session_id", metavar="ID", help="Talk in this session.  [default: your default one]")
@click.option("--new", is_flag=True, help="Begin a new session.")
@click.option("--agent", metavar="NAME", help="Whom to talk to.  [default: the server's default agent]")
@click.option("--password-stdin", is_flag=True, help="Take the password from the first line of standard input.")
@click.pass_context
def chat(
    context: click.Context,
    url: str,
    username: str,
    session_id: str | None,
    agent: str | None,
    *,
    new: bool,
    password_stdin: bool,
) -> None:
    """Talk to the agents of a running server, and watch them work.

    At a terminal, what happens is shown live above a line to write on; /help there says what else it takes. Ctrl-C
    stops what is being worked on, a second one leaves.

    Without a terminal, all of standard input is one message: the answer goes to standard output, what happens to
    standard error, and the exit status is 0 where the answer is a success and 1 where it isn't.

    The password comes from a prompt, or from the variable GREENROOM_PASSWORD; never from an argument, which everybody
    on the machine can read. Certificates that aren't the system's are named by the variable SSL_CERT_FILE.
    """
    # Here and not above: it pulls in the client and the terminal, and the other commands start without them.
    from server.client import ClientFault, Unauthorized  # noqa: PLC0415 - the reason above
    from server.client.address import Address  # noqa: PLC0415 - the reason above
    from server.commands.chat.password import password_of  # noqa: PLC0415 - the reason above

    if new and session_id is not None:
        raise click.UsageError("--new and --session don't go together")
    try:
        password = password_of(username, Address.of(url), from_stdin=password_stdin)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--url") from error
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    text = "" if at_terminal else sys.stdin.read().strip()
    if not at_terminal and not text:
        raise click.UsageError("standard input holds no message")
    try:
        # On gevent's selector, for the entry's patch holds for every command; asyncio doesn't mind.
        status = asyncio.run(_chat(url, username, password, session_id, agent, text, new=new))
    except Unauthorized as fault:
        hint = f"Check --user, or set a new one where the server is: greenroom users passwd {username}"
        raise click.ClickException(f"{fault} {hint}") from fault
    except ClientFault as fault:
        raise click.ClickException(str(fault)) from fault
    except KeyboardInterrupt:
        status = 130
    context.exit(status)


async def _chat(
    url: str, username: str, password: str, session_id: str | None, agent: str | None, text: str, *, new: bool
) -> int:
    from server.client import connect  # noqa: PLC0415 - as above
    from server.commands.chat import piped  # noqa: PLC0415 - as above
    from server.commands.chat.terminal import Terminal  # noqa: PLC0415 - as above

    if text:
        async with connect(url, username, password, on_state=piped.told) as client:
            return await piped.converse(await _session(client, session_id, new=new), text, agent)
    terminal = Terminal(agent)
    async with connect(url, username, password, on_state=terminal.connection) as client:
        await terminal.converse(client, await _session(client, session_id, new=new))
    return 0


async def _session(client: Client, session_id: str | None, *, new: bool) -> Session:
    return await client.session(await client.new_session() if new else session_id)
