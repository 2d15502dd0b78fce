"""What a person may order at the prompt instead of sending a message: lines that begin with a slash. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from rich.table import Table
from rich.text import Text

from server.commands.chat.lines import plain

ORDERS = {
    "/sessions": "list your sessions",
    "/session": "go to a session: its number in the list, or its id",
    "/new": "begin a new session, with the title that follows",
    "/stop": "stop what is being worked on, as Ctrl-C does",
    "/queue": "show what waits; `/queue drop NUMBER` takes one out",
    "/help": "this",
    "/quit": "leave, as Ctrl-D does; what is being worked on goes on",
}


class Order(NamedTuple):
    """What is wanted, and of what."""

    name: str
    argument: str


def order_in(text: str) -> Order | None:
    """Return the order that a line is; None for a message, which may begin with two slashes."""
    if not text.startswith("/") or text.startswith("//"):
        return None
    name, _, argument = text.strip().partition(" ")
    return Order(name, argument.strip())


def help_table() -> Table:
    """List the orders."""
    table = Table(box=None, show_header=False)
    for name, does in ORDERS.items():
        table.add_row(Text(name, "bold"), does)
    return table


def sessions_table(sessions: list[dict[str, Any]], here: str) -> Table:
    """List the sessions by number."""
    table = Table("", "", "session", "title", "events", "state", box=None)
    for number, session in enumerate(sessions, start=1):
        mark = "→" if session["session_id"] == here else ""
        title, events = Text(plain(session["title"] or "-")), str(session["head_seq"])
        table.add_row(mark, str(number), session["session_id"], title, events, session["state"])
    return table


def queue_table(queue: dict[str, str]) -> Table:
    """List what waits, by number."""
    table = Table("", "message", box=None)
    for number, text in enumerate(queue.values(), start=1):
        table.add_row(str(number), Text(plain(text)))
    return table


def numbered(argument: str, names: list[str]) -> str | None:
    """Return the name that a number, or the name itself, stands for; None where there is no such."""
    if argument in names:
        return argument
    if argument.isdecimal() and 0 < int(argument) <= len(names):
        return names[int(argument) - 1]
    return None
