"""How much memory a process has resident."""

from pathlib import Path


def resident_bytes(pid: int | str) -> int:
    """Return the proportional set size of a process: what is shared is shared out."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
