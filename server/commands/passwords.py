"""Passwords: never an argument, which everybody on the machine can read."""

import sys

import click


def read_password(*, confirm: bool) -> str:
    """Return the answer to a prompt, or the first line of standard input where that isn't a terminal; blocks on it."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=confirm, err=True))
    return sys.stdin.readline().rstrip("\r\n")
