"""A real terminal: a process on a pty, and what a person sees on its screen and by scrolling back."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte

from tests.system.process import ROOT, environment

PATIENCE = 30.0
"""How many seconds something is awaited on the screen."""

COLUMNS, LINES = 100, 30


class Terminal:
    """One process at a terminal. Reading it is what moves time."""

    def __init__(self, process: pexpect.spawn) -> None:
        self.process = process
        self._screen = pyte.HistoryScreen(COLUMNS, LINES, history=10_000, ratio=1)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def lines(self) -> list[str]:
        """All lines that scrolled away, and those that are on the screen."""
        gone = ["".join(line[column].data for column in range(COLUMNS)) for line in self._screen.history.top]
        return [line.rstrip() for line in (*gone, *self._screen.display)]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def type(self, keys: str) -> None:
        """Press keys; a carriage return is Enter."""
        self.process.send(keys)

    def control(self, letter: str) -> None:
        """Press a letter with the control key."""
        self.process.sendcontrol(letter)

    def see(self, pattern: str) -> re.Match[str]:
        """Read until the pattern is somewhere, and return the match."""
        return self.until(lambda text: re.search(pattern, text, re.MULTILINE), f"{pattern!r} didn't come")

    def until(self, seen: Callable[[str], object], otherwise: str) -> object:
        """Read until something is true of the text, and return what is."""
        deadline = time.monotonic() + PATIENCE
        while not (found := seen(self.text)):
            assert time.monotonic() < deadline, f"{otherwise}; the screen:\n{self.text}"
            assert self.read(), f"it ended, and {otherwise}; the screen:\n{self.text}"
        return found

    def read(self) -> bool:
        """Take what comes within a moment; tell whether more may come."""
        try:
            data = self.process.read_nonblocking(65536, timeout=0.2)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self._answer(data)
        self._stream.feed(data)
        return True

    def _answer(self, data: bytes) -> None:
        # As a terminal does that is asked where its cursor is.
        if b"\x1b[6n" in data:
            self.process.send(f"\x1b[{self._screen.cursor.y + 1};{self._screen.cursor.x + 1}R")

    def ended(self) -> int:
        """Read to the end and return the exit status."""
        deadline = time.monotonic() + PATIENCE
        while self.read():
            assert time.monotonic() < deadline, f"it didn't end; the screen:\n{self.text}"
        self.process.close()
        return self.process.exitstatus


@contextmanager
def terminal(*command: str, home: Path, **settings: str) -> Iterator[Terminal]:
    """Run a command at a terminal of its own, with an empty home, and end it at the end."""
    surroundings = environment(**settings) | {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "TERM": "xterm-256color",
        "PYTHONWARNINGS": "error",
    }
    process = pexpect.spawn(
        command[0], list(command[1:]), env=surroundings, cwd=str(ROOT), dimensions=(LINES, COLUMNS), timeout=PATIENCE
    )
    try:
        yield Terminal(process)
    finally:
        process.close(force=True)
