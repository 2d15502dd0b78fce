import os

import pytest

from server.errors import DataDirInUse, DataDirUnusable
from server.storage.lock import Lock


def test_a_second_holder_is_refused_and_told_who_has_it(tmp_path):
    first = Lock(tmp_path)

    with pytest.raises(DataDirInUse, match=rf"in use by another server \(process {os.getpid()}\): stop that one"):
        Lock(tmp_path)
    first.release()


def test_what_was_released_can_be_had_again(tmp_path):
    Lock(tmp_path).release()
    Lock(tmp_path).release()


def test_the_directory_is_made_for_its_owner_alone(tmp_path):
    Lock(tmp_path / "new").release()

    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_two_directories_have_two_holders(tmp_path):
    one, other = Lock(tmp_path / "one"), Lock(tmp_path / "other")
    one.release()
    other.release()


def test_where_no_directory_can_be_is_said_with_what_to_do(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(DataDirUnusable, match=r"file/below can't be used .* or name another with --data-dir"):
        Lock(tmp_path / "file" / "below")
