"""A progress bar on standard error, for people alone: not in a pipe, not in a log, and not among what is written."""

import sys
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

T = TypeVar("T")


def shown(items: Iterable[T], what: str, *, beside_output: bool = False) -> Iterator[T]:
    """Yield ``items`` and show how far one is; ``beside_output`` says that the command writes all the while."""
    console = Console(stderr=True)
    hidden = not console.is_terminal or (beside_output and sys.stdout.isatty())
    total = len(items) if isinstance(items, Sized) else None
    # What others write goes where they write it: the bar is gone before the summary.
    with Progress(console=console, transient=True, disable=hidden, redirect_stdout=False) as progress:
        yield from progress.track(items, total=total, description=what)
