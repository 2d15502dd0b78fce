"""The data directory: where accounts, logs and the signing key are kept."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from server.errors import DataDirUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def make(data_dir: Path) -> None:
    """Make the directory, for its owner's eyes alone, where there is none; blocks on the disk.

    Raises:
        DataDirUnusable: it can't be made.
    """
    with usable(data_dir):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def usable(data_dir: Path) -> Iterator[None]:
    """Do something in the directory.

    Raises:
        DataDirUnusable: the system refuses; it says why, and what to do.
    """
    try:
        yield
    except OSError as error:
        raise DataDirUnusable(
            f"{data_dir} can't be used as the data directory ({error.strerror}): make it one that this user may write "
            "and that has room, or name another with --data-dir"
        ) from error
