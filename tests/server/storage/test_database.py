import sqlite3
from contextlib import closing

import pytest

from server.errors import DatabaseUnusable, DataDirUnusable
from server.storage import database
from server.storage.database import connect, open_database


def test_a_file_that_is_no_database_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "greenroom.db").write_text("this is a letter to the editor\n" * 100)

    with pytest.raises(DatabaseUnusable, match=r"greenroom\.db is damaged, or isn't a database .* put a backup"):
        open_database(tmp_path)


def test_a_directory_in_the_files_place_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "greenroom.db").mkdir()

    with pytest.raises(DatabaseUnusable, match=r"greenroom\.db can't be opened and written"):
        open_database(tmp_path)


def test_a_database_that_another_program_keeps_locked_is_refused_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    connect(tmp_path / "greenroom.db").close()
    with closing(sqlite3.connect(tmp_path / "greenroom.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(DatabaseUnusable, match=r"locked by another program, which `fuser .*` names: end it"):
            connect(tmp_path / "greenroom.db")


def test_a_directory_that_cannot_be_made_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(DataDirUnusable, match="name another with --data-dir"):
        open_database(tmp_path / "file" / "below")
