"""The signing key: 32 random bytes in the data directory, for their owner's eyes alone."""

import contextlib
import os
import secrets
import stat
from pathlib import Path

from server.errors import KeyUnusable

FILE_NAME = "secret.key"
SIZE = 32


def load_key(data_dir: Path) -> bytes:
    """Return the key below `data_dir`, made where there is none; blocks on the disk.

    Raises:
        KeyUnusable: when the file is damaged, or when others than its owner may use it.
        OSError: when it can't be read or written.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        _make(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyUnusable(f"{path}: others may use the signing key; run: chmod 600 {path}")
    key = path.read_bytes()
    if len(key) != SIZE:
        raise KeyUnusable(f"{path}: isn't {SIZE} bytes; delete it for a new one (everybody logs in again)")
    return key


def _make(path: Path) -> None:
    """Write a whole key under another name, then give it this one: no reader ever sees half a key.

    Where two processes start at once the first one's key stays, and both go on to read it.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SIZE))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
