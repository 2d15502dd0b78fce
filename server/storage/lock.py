"""The lock on a data directory: one server at a time, for two would both number the events of one log."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from server.errors import DataDirInUse
from server.storage import datadir

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "lock"


class Lock:
    """Held from when it is made until it is released, or the process ends in whatever way: the kernel sees to that.

    The file's content, the holder's process id, is for people. It is never deleted: who had opened it just before would
    then hold a lock that the next one doesn't see.
    """

    def __init__(self, data_dir: Path) -> None:
        """Take the lock on ``data_dir``, which is made where there is none; blocks on the disk.

        Raises:
            DataDirInUse: another process has it.
            DataDirUnusable: the directory can't be written.
        """
        datadir.make(data_dir)
        with datadir.usable(data_dir):
            self._file = os.open(data_dir / FILE_NAME, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                self._take(data_dir)
            except BaseException:
                os.close(self._file)
                raise

    def _take(self, data_dir: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            holder = os.pread(self._file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise DataDirInUse(
                f"the data directory {data_dir} is in use by another server (process {holder}): stop that one first, "
                "or give this one a directory of its own with --data-dir"
            ) from taken
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next one have it; blocks on the disk."""
        os.close(self._file)
