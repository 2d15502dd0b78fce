"""The index follows its folder, and what can't be read keeps nothing else from being found."""

import os
from contextlib import closing

import pytest
from structlog.testing import capture_logs

from server.library.library import FILE_NAME, FolderLibrary


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "ship.md").write_text("# The ship\n\nShe carries oranges.\n")
    (folder / "deep").mkdir()
    (folder / "deep" / "crew.txt").write_text("The captain sleeps.\n\nThe cook whistles.\n")
    (folder / "log.rst").write_text("Logbook\n=======\n\nWeather\n-------\n\nA gale from the west.\n")
    return folder


@pytest.fixture
def library(folder, tmp_path):
    with closing(FolderLibrary(folder, tmp_path)) as library:
        library.refresh()
        yield library


def places(library, query):
    return [f"{one.path}:{one.line}" for one in library.search(query, 5)]


def test_markdown_text_and_restructured_text_are_found_by_file_and_line(library):
    assert places(library, "oranges") == ["ship.md:3"]
    assert places(library, "Who whistles?") == ["deep/crew.txt:3"]
    assert places(library, "gales") == ["log.rst:7"]
    assert places(library, "weather") == ["log.rst:7"]


def test_a_change_an_addition_and_a_deletion_are_followed(library, folder):
    (folder / "ship.md").write_text("# The ship\n\nNow she carries lemons, and they smell.\n")
    (folder / "new.md").write_text("A parrot came aboard.\n")
    (folder / "deep" / "crew.txt").unlink()
    library.refresh()
    assert places(library, "oranges") == []
    assert places(library, "lemons") == ["ship.md:3"]
    assert places(library, "parrot") == ["new.md:1"]
    assert places(library, "captain") == []


def test_what_did_not_change_is_not_read_again(library, folder):
    with capture_logs() as logs:
        library.refresh()
    assert logs == []
    status = (folder / "ship.md").stat()
    (folder / "ship.md").write_text("# The ship\n\nShe carries bananas.\n")
    os.utime(folder / "ship.md", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (folder / "ship.md").stat().st_size == status.st_size
    library.refresh()
    assert places(library, "oranges") == ["ship.md:3"]


def test_the_next_start_knows_what_this_one_indexed(library, folder, tmp_path):
    library.close()
    with closing(FolderLibrary(folder, tmp_path)) as again, capture_logs() as logs:
        again.refresh()
        assert places(again, "oranges") == ["ship.md:3"]
    assert logs == []


def test_what_cannot_be_read_is_skipped_with_a_line_in_the_log(library, folder):
    (folder / "binary.md").write_bytes(b"oranges\0oranges")
    (folder / "huge.md").write_bytes(b"oranges " * 300_000)
    (folder / "latin.txt").write_bytes("oranges für alle".encode("latin-1"))
    (folder / "dangling.md").symlink_to("nowhere")
    (folder / "around").symlink_to(folder)
    (folder / ".hidden.md").write_text("oranges")
    os.mkfifo(folder / "pipe.md")
    with capture_logs() as logs:
        library.refresh()
        library.refresh()
    skipped = {line["path"]: line["problem"] for line in logs if line["event"] == "document_skipped"}
    assert len([line for line in logs if line["event"] == "document_skipped"]) == 3
    assert skipped == {
        "binary.md": "it is binary",
        "huge.md": "it is bigger than 2097152 bytes",
        "latin.txt": "it isn't UTF-8",
    }
    assert places(library, "oranges") == ["ship.md:3"]


def test_a_folder_that_went_away_is_not_taken_for_an_empty_one(library, folder):
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(FileNotFoundError):
        library.refresh()
    assert places(library, "oranges") == ["ship.md:3"]


def test_a_damaged_index_is_made_anew(library, folder, tmp_path):
    library.close()
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 1000)
    with closing(FolderLibrary(folder, tmp_path)) as again:
        again.refresh()
        assert places(again, "oranges") == ["ship.md:3"]
