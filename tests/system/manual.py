"""What the pages tell people to type, typed: a clean clone, a terminal in it, and the pages' commands."""

import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import NamedTuple

from tests.system.process import ROOT, START_SECONDS, URL

PACKAGES = ("actors", "config", "server")
SOURCES = (*PACKAGES, "docs", "scripts")
FILES = ("setup.cfg", "pyproject.toml", "constraints.txt", "README.md", "LICENSE")
PORT = "8765"
END = "@@ the command ended with"

_BLOCK = re.compile(r"(?:`([\w.]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*(?:\n {4}.*)*)", re.MULTILINE)

ENTRY = """\
#!{python}
from server.__main__ import main

main()
"""


class File(NamedTuple):
    """A file that the reader is to write: its name stands at the end of what leads to its text."""

    name: str
    text: str


class Command(NamedTuple):
    """What the reader is to type, and what is then seen, `…` standing for anything; no lines say nothing of it."""

    text: str
    shown: list[str]

    @property
    def serves(self) -> bool:
        """Tell whether it runs a server, and so until it is stopped."""
        return re.search(r"(scripts/|greenroom )serve", self.text) is not None

    def check(self, seen: list[str]) -> None:
        """Compare what is seen with what the page shows."""
        patterns = [".*".join(map(re.escape, line.split("…"))) for line in self.shown]
        alike = len(seen) == len(patterns) and all(map(re.fullmatch, patterns, seen))
        assert alike or not patterns, f"{self.text}\nshows\n{seen}\nand not\n{self.shown}"


def steps(page: str, *sections: str) -> list[File | Command]:
    """Return what a page of docs/ has its reader do, in order; in these sections alone where they are named."""
    text = (ROOT / "docs" / page).read_text()
    if sections:
        text = "".join(
            part for part in re.split(r"^(?=## )", text, flags=re.MULTILINE) if part[3:].startswith(sections)
        )
    found: list[File | Command] = []
    for name, language, body in _BLOCK.findall(text):
        if language == "console":
            starts = list(_COMMAND.finditer(body))
            ends = [start.start() for start in starts[1:]] + [len(body)]
            found += [
                Command(start[1], body[start.end() : end].strip("\n").splitlines())
                for start, end in zip(starts, ends, strict=True)
            ]
        elif name:
            found.append(File(name, body))
    return found


def clone(folder: Path) -> Path:
    """Put the sources into a folder, and beside them the environment that `prepare` of scripts/setup.sh would make.

    That takes a minute and the network; here it has the libraries that this process has, and the folder's sources.
    """
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    environment = folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    # Of the folder these alone, as an installation has it: what else lies there is found only by who says so.
    for package in PACKAGES:
        (site / package).symlink_to(folder / package)
    (site / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    entry = environment / "bin" / "greenroom"
    entry.write_text(ENTRY.format(python=environment / "bin" / "python"))
    entry.chmod(0o755)
    stamp = 'echo "$(cat setup.cfg pyproject.toml constraints.txt | cksum) $PWD " >.venv/.prepared'
    subprocess.run(["bash", "-c", stamp], cwd=folder, check=True)
    return folder


class Terminal:
    """A shell in a folder, with a port of its own wherever the pages have theirs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = str(free_port())
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("GREENROOM_", "PYTHON"))}
        self._shell = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env=clean | {"GREENROOM_PORT": self.port},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._servers: list[str] = []

    def follow(self, todo: list[File | Command]) -> None:
        """Do what a page says, and see what it shows."""
        for step in todo:
            if isinstance(step, File):
                (self.folder / step.name).write_text(self._here(step.text))
            elif step.serves:
                step.check([self.serve(step.text).replace(self.port, PORT)])
            else:
                step.check(self.type(step.text))

    def type(self, command: str) -> list[str]:
        """Run a command to its end and return the lines that it shows; it must end well."""
        seen, status = self._typed(command)
        assert status == 0, f"{command}\nended with {status}:\n" + "\n".join(seen)
        return seen

    def serve(self, command: str) -> str:
        """Run a server behind, and return the line with which it says that it serves."""
        out, errors = (self.folder / f"server-{len(self._servers)}.{kind}" for kind in ("out", "err"))
        out.touch()
        (pid,) = self.type(f"{command} >{out} 2>{errors} & echo $!")
        self._servers.append(pid)
        deadline = time.monotonic() + START_SECONDS
        while not (said := out.read_text()).endswith("\n"):
            assert time.monotonic() < deadline, f"{command}\ndidn't start: {errors.read_text()}"
            time.sleep(0.05)
        assert URL.search(said), said
        return said.strip()

    def close(self) -> None:
        """Stop the servers and then the shell, and wait for their ends."""
        for pid in self._servers:
            self._typed(f"kill {pid} && wait {pid}")
        self._shell.communicate()

    def _here(self, text: str) -> str:
        # A client goes to the usual port unless it is told.
        told = text.replace("greenroom chat", f"greenroom chat --url http://127.0.0.1:{PORT}")
        return told.replace(PORT, self.port)

    def _typed(self, command: str) -> tuple[list[str], int]:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        # Its input is the shell's otherwise, and the rest of what is typed would be read by whatever it runs.
        self._shell.stdin.write(f"{{ {self._here(command)}\n}} </dev/null; printf '\\n{END} %s\\n' $?\n")
        self._shell.stdin.flush()
        seen: list[str] = []
        for line in self._shell.stdout:
            if line.startswith(END):
                return "\n".join(seen).strip("\n").splitlines(), int(line.removeprefix(END))
            seen.append(line.rstrip("\n"))
        raise AssertionError(f"{command}\nended the shell:\n" + "\n".join(seen))


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
