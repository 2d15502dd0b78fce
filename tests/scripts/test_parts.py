"""The parts that the tests are run in: together they are all of them."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]


def collected(*arguments):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        *arguments,
        "tests/config",
    ]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [line for line in told.splitlines() if "::" in line]


def modules(tests):
    return {test.partition("::")[0] for test in tests}


def test_each_test_is_in_one_part_and_each_module_whole():
    parts = [collected("--part", part) for part in ("1/2", "2/2")]

    assert all(parts)
    assert Counter(parts[0] + parts[1]) == Counter(collected())
    assert modules(parts[0]).isdisjoint(modules(parts[1]))


def test_a_part_that_is_none_is_refused():
    command = [sys.executable, "-m", "pytest", "--collect-only", "--part", "3/2", "tests/config"]
    refused = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)

    assert refused.returncode == 4
    assert "--part" in refused.stderr
