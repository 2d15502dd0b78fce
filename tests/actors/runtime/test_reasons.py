import pytest

from actors.runtime.reasons import (
    INTENSITY_EXCEEDED,
    KILLED,
    NORMAL,
    SHUTDOWN,
    ExitKind,
    failed,
    shutdown,
    start_failed,
)


@pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, shutdown("drained")], ids=str)
def test_a_normal_end_and_an_ordered_one_are_clean(reason):
    assert reason.clean


@pytest.mark.parametrize("reason", [failed(OSError()), start_failed(OSError()), KILLED, INTENSITY_EXCEEDED], ids=str)
def test_every_other_end_is_not(reason):
    assert not reason.clean


def test_a_failure_bears_what_was_raised():
    error = OSError("disk")

    assert (failed(error).kind, failed(error).error) == (ExitKind.ERROR, error)
    assert (start_failed(error).kind, start_failed(error).error) == (ExitKind.START_FAILED, error)


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (NORMAL, "normal"),
        (SHUTDOWN, "shutdown"),
        (shutdown("drained"), "shutdown(drained)"),
        (failed(ValueError("no")), "error(ValueError('no'))"),
        (KILLED, "killed"),
    ],
)
def test_a_reason_reads_as_its_kind_and_what_belongs_to_it(reason, shown):
    assert str(reason) == shown


def test_reasons_without_an_error_compare_by_value():
    assert shutdown("drained") == shutdown("drained") != SHUTDOWN
