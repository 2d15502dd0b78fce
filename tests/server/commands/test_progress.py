"""Long work shows how far it is: a bar for people, lines for a log."""

import sys

from server.commands import progress
from tests.system.terminal import terminal

WORK = """
import sys
from server.commands.progress import shown
for number in shown(range(3), "counting"):
    assert sys.stdin.readline()
print("counted")
"""


def test_a_terminal_has_a_bar_that_is_gone_when_the_work_is_done(tmp_path):
    with terminal(sys.executable, "-c", WORK, home=tmp_path) as screen:
        screen.process.setecho(state=False)
        screen.see(r"counting .*0/3")
        screen.type("\r")
        screen.see(r"counting .*1/3")
        screen.type("\r\r")
        screen.see("counted")
        assert screen.ended() == 0
        assert "counting" not in screen.text


def test_a_log_has_a_line_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY", 0.0)

    assert list(progress.shown(range(3), "counting")) == [0, 1, 2]
    assert list(progress.shown(iter("ab"), "spelling")) == ["a", "b"]

    counted = [f"counting: {number} of 3" for number in (1, 2, 3)]
    assert capsys.readouterr().err.splitlines() == [*counted, "spelling: 1", "spelling: 2"]


def test_what_is_done_soon_says_nothing(capsys):
    assert list(progress.shown(range(3), "counting")) == [0, 1, 2]

    assert capsys.readouterr() == ("", "")
