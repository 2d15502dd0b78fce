"""The folder of documents, as it lies on the disk."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

SUFFIXES = frozenset((".md", ".markdown", ".txt", ".rst"))
MAX_BYTES = 2 * 1024 * 1024
MAX_FILES = 20_000


class Version(NamedTuple):
    """What changes whenever a file does."""

    modified_ns: int
    size: int


class Unreadable(Exception):
    """A file isn't a document that can be read; the message says why."""


def versions(folder: Path) -> Mapping[str, Version]:
    """Return the documents that lie in the folder and below, by path relative to it; blocks on the disk.

    Links are followed, hidden files and folders left out, and no more than `MAX_FILES` looked at.

    Raises:
        OSError: the folder isn't there, or can't be looked into. That isn't the same as an empty one.
    """
    os.scandir(folder).close()
    found: dict[str, Version] = {}
    for path in _documents(folder):
        if len(found) == MAX_FILES:
            break
        try:
            status = path.stat()
        except OSError:
            continue  # It went while we looked, or is a link to nothing.
        if stat.S_ISREG(status.st_mode):  # To open a pipe would block for ever.
            found[path.relative_to(folder).as_posix()] = Version(status.st_mtime_ns, status.st_size)
    return found


def read(path: Path) -> str:
    """Return a document's text; blocks on the disk.

    Raises:
        Unreadable: it is too big, or no text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(error.strerror or "it can't be opened") from error
    if len(data) > MAX_BYTES:
        raise Unreadable(f"it is bigger than {MAX_BYTES} bytes")
    if b"\0" in data:
        raise Unreadable("it is binary")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("it isn't UTF-8") from error


def _documents(folder: Path) -> Iterator[Path]:
    seen: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:  # A link to what it lies in.
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(here, name)
