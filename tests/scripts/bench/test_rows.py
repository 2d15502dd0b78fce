"""The table fits what is measured, and the command measures."""

import json
import subprocess
import sys

import pytest

from scripts.bench.measurements import FULL, QUICK
from scripts.bench.process import ROOT
from scripts.bench.rows import curves, measurements, rows


@pytest.mark.parametrize("scale", [FULL, QUICK])
def test_every_row_is_about_contenders_of_a_measurement(scale):
    contenders = {measurement.name: set(measurement.contenders) for measurement in measurements(scale)}

    for row in rows(scale):
        assert {row.subject, *row.references} <= contenders[row.measurement], row
    assert {row.measurement for row in rows(scale)} == set(contenders), "nothing is measured for no row"


@pytest.mark.parametrize("scale", [FULL, QUICK])
def test_no_two_measurements_have_one_name(scale):
    names = [measurement.name for measurement in (*measurements(scale), *curves(scale))]

    assert len(set(names)) == len(names)


def bench(*arguments):
    command = [sys.executable, "-m", "scripts.bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)


def test_one_measurement_is_made_shown_and_written(tmp_path):
    ended = bench("--quick", "--rounds", "1", "--only", "asks", "--json", str(tmp_path / "out"))
    report = json.loads((tmp_path / "out").read_text())

    assert ended.returncode == 0, ended.stderr
    assert "asks a second" in ended.stdout
    assert list(report["samples"]) == ["asks"]
    assert [len(samples) for samples in report["samples"]["asks"].values()] == [1, 1]
    assert [row["measurement"] for row in report["rows"]] == ["asks", "asks"]
    for row in report["rows"]:
        assert row["judged"]["median"] == row["subject_value"]["median"] / row["reference_value"]["median"]


def test_a_name_that_is_none_is_told_with_those_that_are():
    ended = bench("--only", "everything")

    assert ended.returncode == 2
    assert "growth-sessions" in ended.stderr
