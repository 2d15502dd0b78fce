"""The library's body: a folder that is followed, and an index that is searched meanwhile."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import gevent
import structlog

from actors.tools.errors import ToolFailed
from actors.tools.library import Library, Passage
from server.library import index
from server.library.folder import Unreadable, Version, read, versions
from server.library.passages import cut
from server.storage.database import Database

FILE_NAME = "documents.db"
FOLLOW_SECONDS = 5.0

MANUAL = Path(__file__).parent.parent / "manual"
"""Greenroom's own documents, as they are shipped."""

log = structlog.get_logger(__name__)


class NoLibrary(Library):
    """The library of a server without documents."""

    def search(self, query: str, limit: int) -> list[Passage]:  # noqa: ARG002 - the signature is the library's
        """Refuse.

        Raises:
            ToolFailed: ``no_documents``, always.
        """
        raise ToolFailed("no_documents", "This server has no documents to look in.")


class FolderLibrary(Library):
    """A folder's documents.

    The index is written and read in a thread each, so that nobody waits for either but who asked. Nothing that fails
    while the folder is followed ends that: what was indexed is found until it can be read again.
    """

    def __init__(self, folder: Path, data_dir: Path) -> None:
        """Open the index, which may know an earlier state of the folder; blocks on the disk."""
        self._folder = folder
        self._writer = Database(index.connect(data_dir / FILE_NAME))
        self._reader = Database(index.connect(data_dir / FILE_NAME))
        self._follower = gevent.Greenlet(self._follow)
        self._troubled = False

    def search(self, query: str, limit: int) -> list[Passage]:
        """Return the passages that are about what the query says, the best one first."""
        return self._reader.read(lambda connection: index.search(connection, query, limit))

    def start(self) -> None:
        """Follow the folder's changes from now on."""
        self._follower.start()

    def close(self) -> None:
        """Stop following and close the index."""
        self._follower.kill()
        self._writer.close()
        self._reader.close()

    def refresh(self) -> None:
        """Bring the index up to date, file by file; blocks the calling greenlet until it is.

        Raises:
            OSError: the folder can't be looked into; the index stays as it is.
            sqlite3.Error: the index can't be written.
        """
        now, before = self._writer.read(lambda connection: (versions(self._folder), index.known(connection)))
        for path in before.keys() - now.keys():
            self._writer.write(lambda connection, path=path: index.drop(connection, path))  # type: ignore[misc]
        changed = {path: version for path, version in now.items() if before.get(path) != version}
        for path, version in changed.items():
            problem = self._writer.write(lambda connection, of=(path, version): self._put(connection, *of))  # type: ignore[misc]
            if problem is not None:
                log.warning("document_skipped", path=path, problem=problem)
        _tell(changed, before.keys() - now.keys())

    def _put(self, connection: sqlite3.Connection, path: str, version: Version) -> str | None:
        """Index a file; return why there is nothing of it, or None. It is looked at again when it changes."""
        try:
            text, problem = read(self._folder / path), None
        except Unreadable as unreadable:
            text, problem = "", str(unreadable)
        index.put(connection, path, version, cut(text, Path(path).suffix.lower()))
        return problem

    def _follow(self) -> None:
        while True:
            try:
                self.refresh()
                self._troubled = False
            except (OSError, sqlite3.Error) as error:
                if not self._troubled:
                    log.warning("documents_not_followed", folder=str(self._folder), problem=str(error))
                self._troubled = True
            gevent.sleep(FOLLOW_SECONDS)


def _tell(changed: Mapping[str, Version], dropped: set[str]) -> None:
    if changed or dropped:
        log.info("documents_indexed", changed=len(changed), dropped=len(dropped))
