"""Tables on standard output."""

import sys

from rich.console import Console
from rich.table import Table

WIDEST = 10_000


def show(table: Table) -> None:
    """Print a table: fitted to a terminal; each row on one whole line for a pipe, which has no width."""
    console = Console(width=None if sys.stdout.isatty() else WIDEST)
    console.print(table)
