"""Real logs in a data directory."""

import pytest

from server.journal import compaction
from tests.server.journal.files import Writer


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Make writers of the test's data directory, one after another; what is still open at the end is closed."""
    monkeypatch.setattr(compaction, "LONGEST_STAY", 0.01)
    writers = []

    def make():
        writers.append(Writer(tmp_path))
        return writers[-1]

    yield make
    for writer in writers:
        writer.close()
