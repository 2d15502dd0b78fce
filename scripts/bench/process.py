"""The processes of a measurement: each on a core of its own kind, and ended by its handle."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = _CORES[0], _CORES[-1]
"""What is measured runs on the one, what measures it on the other: a load beside the server would slow it down."""
START_SECONDS = 60.0
END_SECONDS = 5.0
LOG_BYTES = 2000
"""How much of what a process said is shown where it failed."""
TICK = 1 / os.sysconf("SC_CLK_TCK")


class ProcessFailed(Exception):
    """What a process couldn't do, with the end of what it said."""


class Process:
    """A process on one core. A context manager: it is ended at the end."""

    def __init__(self, command: list[str], core: int, *, cwd: Path = ROOT) -> None:
        """Start it, the root of the project on its path, with its standard error in a file."""
        self._command = " ".join(command)
        self._log = TemporaryFile()  # noqa: SIM115 - it is open as long as the process runs
        self._popen: subprocess.Popen[str] = subprocess.Popen(  # noqa: S603 - the commands are ours
            ["taskset", "--cpu-list", str(core), *command],  # noqa: S607 - of util-linux, which Debian requires
            cwd=cwd,
            env={**_clean_environment(), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.pid = self._popen.pid

    def __enter__(self) -> Self:
        """Do nothing: it runs."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it; what is measured has nothing to lose."""
        self._popen.kill()
        self._popen.communicate()
        self._log.close()

    def cpu_seconds(self) -> float:
        """Return what its threads have spent on the processor so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK

    def resident_bytes(self) -> int:
        """Return its proportional set size: what it shares with others is shared out."""
        return resident_bytes(self.pid)

    def await_port(self, port: int) -> None:
        """Block until it takes connections.

        Raises:
            ProcessFailed: it ended, or didn't for `START_SECONDS`.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._popen.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        raise self._failure("it doesn't listen")

    def check(self) -> None:
        """See that it still runs.

        Raises:
            ProcessFailed: it doesn't.
        """
        if self._popen.poll() is not None:
            raise self._failure(f"it ended with {self._popen.returncode}")

    def await_ready(self) -> None:
        """Block until it has said that it is ready.

        Raises:
            ProcessFailed: it ended before.
        """
        line = self._stdout_line()
        if line != "ready\n":
            raise self._failure(f"{line!r} instead of ready")

    def ask(self, *question: float) -> dict[str, Any]:
        """Return what it says to numbers, how many seconds or how many things; blocks until then.

        Raises:
            ProcessFailed: it ended instead.
        """
        assert self._popen.stdin is not None
        self._popen.stdin.write(f"{' '.join(map(str, question))}\n")
        self._popen.stdin.flush()
        answer: dict[str, Any] = json.loads(self._stdout_line())
        return answer

    def _stdout_line(self) -> str:
        assert self._popen.stdout is not None
        line = self._popen.stdout.readline()
        if not line:
            raise self._failure(f"it ended with {self._popen.wait(END_SECONDS)}")
        return line

    def _failure(self, what: str) -> ProcessFailed:
        self._log.seek(0)
        return ProcessFailed(f"{self._command}: {what}\n{self._log.read()[-LOG_BYTES:].decode(errors='replace')}")


def python(module: str, *arguments: object) -> list[str]:
    """Return the command that runs a module by this very Python."""
    return [sys.executable, "-m", module, *map(str, arguments)]


def resident_bytes(pid: int | str) -> int:
    """Return the proportional set size of a process: what it shares with others is shared out."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _clean_environment() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GREENROOM_")}
