"""What docs/python-client.md shows is what runs."""

import re

import pytest

from tests.system.process import ROOT, run_python

pytestmark = pytest.mark.system


def test_the_client_page_answers_as_it_stands(server):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python-client.md").read_text(), flags=re.DOTALL)
    assert "http://127.0.0.1:8765" in code

    done = run_python("-c", code.replace("http://127.0.0.1:8765", server.url), patience=60)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "success 12*7 is 84."
    assert "tool_executing" in done.stdout
