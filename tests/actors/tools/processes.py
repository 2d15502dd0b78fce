"""What becomes of processes, seen from outside."""

import time
from pathlib import Path

import gevent

PATIENCE = 10.0


def state_of(pid: int) -> str | None:
    """Return the letter that the kernel gives the process's state, such as Z; None where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def children_of(pid: int) -> list[int]:
    """Return the children of a process, dead ones that nobody has asked after among them."""
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


def eventually(true, what: str) -> None:
    """Let the hub go on until it is true."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, what
        gevent.sleep(0.01)


def written_pids(path: Path) -> list[int]:
    eventually(path.exists, f"{path} wasn't written")
    return [int(pid) for pid in path.read_text().split()]


def gone(pids: list[int]) -> bool:
    """Tell whether none of them is there, not even as a zombie of this process's."""
    return all(state_of(pid) is None for pid in pids)
