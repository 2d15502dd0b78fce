"""The page's pure modules, tested in Node.js by tests in their own language."""

import subprocess
from pathlib import Path

TESTS = sorted((Path(__file__).parent / "static").glob("*.test.mjs"))


def test_the_modules_of_the_page_decide_as_they_should():
    assert TESTS
    done = subprocess.run(["node", "--test", *TESTS], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
