"""``greenroom tree``: the live supervision tree."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import click
import gevent
from rich.console import Console
from rich.live import Live

from server.commands.drawing import Look, drawn
from server.commands.ending import ending_quietly, on_ctrl_c
from server.commands.examples import examples
from server.commands.remote import Denied, Remote, logged_in, remote_options

EVERY = 1.0
"""How many seconds pass between two looks."""

MOST = 100
"""How many sessions one answer holds."""

WIDEST = 10_000
"""A pipe has no width, and its lines stay whole."""

FORBIDDEN, NOT_FOUND = 403, 404


@contextmanager
def told_plainly(user: str) -> Iterator[None]:
    """Say what to do where somebody isn't an operator."""
    try:
        yield
    except Denied as denied:
        if denied.status != FORBIDDEN:
            raise
        advice = "log in as one who is by --user; `greenroom users add NAME --role operator` makes one"
        raise click.ClickException(f"{user} isn't an operator; {advice}") from denied


@click.command(epilog=examples("greenroom tree --user operator", "greenroom tree --watch --worst 5"))
@remote_options
@click.option("--watch", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--session", metavar="TEXT", default="", help="Only sessions of that user, or with that in their ids.")
@click.option("--worst", type=click.IntRange(1, MOST), default=20, show_default=True, help="So many sessions.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, an object on a line for each look.")
def tree(url: str, user: str, session: str, worst: int, *, watch: bool, as_json: bool) -> None:
    """Show the actors of a running server, and first those that need looking after.

    Sessions that are well take a line; what is below the others, or below those asked for by --session, is shown, too.
    --user must have the role operator. The password comes from a prompt, or from the first line of standard input
    where that isn't a terminal.
    """
    query = urlencode({"limit": worst, **({"search": session} if session else {})})
    with ending_quietly(), told_plainly(user), logged_in(url, user) as remote:

        def look() -> Look:
            return _look(remote, query, closely=bool(session))

        show = _write_json if as_json else _write
        if not watch:
            show(look())
        elif sys.stdout.isatty() and not as_json:
            _repaint(look)
        else:
            _follow(lambda: show(look()))


def _look(remote: Remote, query: str, *, closely: bool) -> Look:
    sessions = remote.call("GET", f"/v1/ops/sessions?{query}")
    return {
        "overview": remote.call("GET", "/v1/ops/overview"),
        "actors": remote.call("GET", "/v1/ops/actors"),
        "sessions": sessions,
        "trees": {
            row["session_id"]: found
            for row in sessions["sessions"]
            if (closely or row["condition"] != "well") and (found := _tree_of(remote, row)) is not None
        },
    }


def _tree_of(remote: Remote, row: dict[str, Any]) -> Any:
    """Return a session's actor with those below it; None where it ended meanwhile."""
    address = urlencode({"address": f"session/{row['user_id']}/{row['session_id']}"})
    try:
        return remote.call("GET", f"/v1/ops/actors?{address}")["actors"][0]
    except Denied as denied:
        if denied.status != NOT_FOUND:
            raise
        return None


def _write(look: Look) -> None:
    Console(width=None if sys.stdout.isatty() else WIDEST).print(drawn(look))


def _write_json(look: Look) -> None:
    click.echo(json.dumps(look, ensure_ascii=False))


def _repaint(look: Callable[[], Look]) -> None:
    with Live(console=Console(), screen=True, auto_refresh=False) as live:
        _follow(lambda: live.update(drawn(look()), refresh=True))


def _follow(show: Callable[[], None]) -> None:
    """Show again and again until Ctrl-C, which doesn't wait for an answer that is awaited."""
    stop = on_ctrl_c()
    following = gevent.spawn(_go_on, show)
    gevent.wait([following, stop], count=1)
    following.kill()
    following.get()


def _go_on(show: Callable[[], None]) -> None:
    while True:
        show()
        gevent.sleep(EVERY)
