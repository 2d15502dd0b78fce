"""Whose word a chat comes with: a password, never from an argument, which everybody on the machine can read."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from server.client.address import Address

VARIABLE = "GREENROOM_PASSWORD"


def password_of(username: str, address: Address, *, from_stdin: bool) -> str:
    """Return the password: from standard input's first line, the environment, or a prompt; blocks on it.

    The demo accounts have theirs for a name, and only servers on this machine have them: where nobody can be asked,
    it is that.

    Raises:
        click.UsageError: there is none, and nobody to ask.
    """
    # Here and not above: it pulls in the accounts, and whoever has a password does without.
    from server.identity.demo import DEMO_ACCOUNTS  # noqa: PLC0415 - the reason above

    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if VARIABLE in os.environ:
        return os.environ[VARIABLE]
    if _somebody_is_there():
        return str(click.prompt(f"Password of {username}", hide_input=True, err=True))
    if address.is_here and username in {account.username for account in DEMO_ACCOUNTS}:
        return username
    raise click.UsageError(f"there is no terminal to ask for the password; set {VARIABLE}, or use --password-stdin")


def _somebody_is_there() -> bool:
    """Tell whether the process has a terminal, whatever its standard input is."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
