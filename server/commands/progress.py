"""How far long work is: a bar for people at a terminal, now and then a line for a log.

Both on standard error, apart from what is written.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")

LINE_EVERY = 5.0
"""How many seconds of work a line stands for; what is done sooner needs none."""


def shown(items: Iterable[T], what: str, *, beside_output: bool = False) -> Iterator[T]:
    """Yield ``items`` and show how far one is; ``beside_output`` says that the command writes all the while."""
    total = len(items) if isinstance(items, Sized) else None
    with advancing(what, total, beside_output=beside_output) as advance:
        for item in items:
            yield item
            advance()


@contextmanager
def advancing(what: str, total: int | None, *, beside_output: bool = False) -> Iterator[Callable[[], None]]:
    """Show how far one is; each call of what is yielded is one of ``total`` done."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _in_lines(what, total)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = beside_output and sys.stdout.isatty()
    # What others write goes where they write it: the bar is gone before the summary.
    with Progress(*columns, console=console, transient=True, disable=hidden, redirect_stdout=False) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


def _in_lines(what: str, total: int | None) -> Callable[[], None]:
    done, told = 0, time.monotonic()

    def advance() -> None:
        nonlocal done, told
        done += 1
        if time.monotonic() - told >= LINE_EVERY:
            told = time.monotonic()
            click.echo(f"{what}: {done:,}" + (f" of {total:,}" if total is not None else ""), err=True)

    return advance
