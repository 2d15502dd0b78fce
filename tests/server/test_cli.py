import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from config.version import VERSION
from server import cli
from tests.system.terminal import terminal


@pytest.fixture
def greenroom(tmp_path):
    """Run the real command in an empty directory, with an environment that says nothing of Greenroom."""

    def run(*arguments, stdin="", **environ):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GREENROOM_")}
        command = [sys.executable, "-W", "error", "-m", "server", *arguments]
        return subprocess.run(
            command, input=stdin, env=clean | environ, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


def rows(done):
    return [line.split() for line in done.stdout.splitlines()]


def test_the_entry_makes_the_standard_library_cooperative(tmp_path):
    code = "import server.__main__, socket, gevent.socket; assert socket.socket is gevent.socket.socket"

    assert subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=False).returncode == 0


def test_the_version_is_told(greenroom):
    assert VERSION in greenroom("--version").stdout


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["serve"],
        ["users"],
        ["users", "add"],
        ["config"],
        ["faults"],
        ["faults", "load"],
        ["tree"],
        ["journal"],
        ["chat"],
    ]
    + [["journal", name] for name in ("verify", "tail", "export", "prune")],
)
def test_every_command_explains_itself(greenroom, command):
    done = greenroom(*command, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: greenroom")


def test_all_wrong_settings_are_named_at_once_with_status_2(greenroom):
    done = greenroom(
        "serve",
        "--port=lots",
        GREENROOM_LIMITS__MESAGE_BYTES="5",
        GREENROOM_TIMEOUTS__PING_INTERVAL="60",
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert "port = 'lots' (--port)" in done.stderr
    assert "did you mean GREENROOM_LIMITS__MESSAGE_BYTES?" in done.stderr
    assert "timeouts.dead_after" in done.stderr


def test_demo_is_refused_where_others_could_reach_it(greenroom):
    done = greenroom("serve", "--demo", "--host", "0.0.0.0")

    assert done.returncode == 2
    assert "--demo is for this machine only" in done.stderr


def test_an_account_is_added_listed_disabled_and_enabled(greenroom):
    assert greenroom("users", "add", "ann", "--role", "operator", stdin="pw\n").returncode == 0
    assert greenroom("users", "disable", "ann").returncode == 0
    [_, (name, _, role, state)] = rows(greenroom("users", "list"))
    assert (name, role, state) == ("ann", "operator", "disabled")

    assert greenroom("users", "enable", "ann").returncode == 0
    assert rows(greenroom("users", "list"))[1][-1] == "active"


def test_accounts_are_kept_where_the_data_directory_says(greenroom, tmp_path):
    greenroom("users", "add", "ann", "--data-dir", "elsewhere", stdin="pw\n")

    assert (tmp_path / "elsewhere" / "greenroom.db").exists()
    assert len(rows(greenroom("users", "list", GREENROOM_DATA_DIR="elsewhere"))) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "a b"], "a username has 1 to 64"),
        (["add", "ann"], "a password has 1 to"),
        (["passwd", "ann"], "a password has 1 to"),
        (["disable", "ann"], "there is no account named 'ann'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_with_status_1(greenroom, arguments, said):
    greenroom("users", "add", "bob", stdin="pw\n")
    done = greenroom("users", *arguments)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {said}")
    assert len(done.stderr.splitlines()) == 1


def test_a_data_directory_that_cannot_be_is_said_in_one_line_with_status_1(greenroom, tmp_path):
    (tmp_path / "file").touch()
    done = greenroom("users", "list", "--data-dir", "file/below")

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_terminal_is_asked_twice_and_shows_nothing_of_the_password(tmp_path):
    in_a_terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    command = [sys.executable, "-m", "server", "users", "add", "ann", "--data-dir", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-c", in_a_terminal, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as terminal:
        assert terminal.stdin
        assert terminal.stdout
        shown = b""
        for asked, answer in [(b"Password: ", b"hunter2\n"), (b"Repeat for confirmation: ", b"hunter2\n")]:
            while asked not in shown:
                shown += terminal.stdout.read(1)
            terminal.stdin.write(answer)
        shown += terminal.stdout.read()

    assert terminal.returncode == 0
    assert b"added ann" in shown
    assert b"hunter2" not in shown


def test_a_password_is_never_an_argument(greenroom):
    assert greenroom("users", "add", "ann", "pw").returncode == 2


def test_every_setting_is_shown_with_its_value_and_where_it_came_from(greenroom, tmp_path):
    (tmp_path / "my.toml").write_text("[limits]\nconnections = 7\n")
    done = greenroom("config", "--config", "my.toml", GREENROOM_PORT="9", GREENROOM_MODEL__API_KEY="sk-1234")

    shown = {row[0]: row[1:] for row in rows(done)}
    assert shown["limits.connections"] == ["7", "my.toml"]
    assert shown["port"] == ["9", "GREENROOM_PORT"]
    assert shown["host"] == ['"127.0.0.1"', "default"]
    assert shown["model.api_key"] == ["**********", "GREENROOM_MODEL__API_KEY"]
    assert "sk-1234" not in done.stdout


def test_a_restart_policy_that_could_never_give_up_is_a_wrong_setting(greenroom):
    done = greenroom("serve", "--port=0", GREENROOM_RESTART__AGENT__MAX_RESTARTS="100")

    assert (done.returncode, done.stdout) == (2, "")
    assert "restart.agent (GREENROOM_RESTART__AGENT__MAX_RESTARTS)" in done.stderr


def test_a_fault_plan_that_is_none_is_a_wrong_setting_told_with_all_the_others(greenroom, tmp_path):
    (tmp_path / "plan.toml").write_text("[[rules]]\naddress = 5\n")
    done = greenroom(
        "serve",
        "--port=0",
        GREENROOM_RESTART__AGENT__MAX_RESTARTS="100",
        GREENROOM_FAULTS__ENABLED="true",
        GREENROOM_FAULTS__PLAN="plan.toml",
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert "restart.agent (" in done.stderr
    assert "faults.plan = 'plan.toml' (GREENROOM_FAULTS__PLAN): rule 1" in done.stderr


def test_a_fault_plan_that_is_not_there_is_a_wrong_setting(greenroom):
    done = greenroom("config", GREENROOM_FAULTS__ENABLED="true", GREENROOM_FAULTS__PLAN="nowhere.toml")

    assert done.returncode == 2
    assert "faults.plan = 'nowhere.toml' (GREENROOM_FAULTS__PLAN): can't be read" in done.stderr


def test_the_secrets_of_mcp_servers_are_masked(greenroom):
    servers = '{"search": {"url": "https://search.example.com/mcp", "headers": {"Authorization": "hush"}}}'

    done = greenroom("config", GREENROOM_MCP=servers, COLUMNS="300")

    assert "https://search.example.com/mcp" in done.stdout
    assert "Authorization" in done.stdout
    assert "hush" not in done.stdout


def commands(group, *above):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield [*above, name]


@pytest.mark.parametrize("command", list(commands(cli.greenroom)), ids=" ".join)
def test_every_command_shows_how_it_is_used(command):
    shown = CliRunner().invoke(cli.greenroom, [*command, "--help"], prog_name="greenroom").output

    example = re.search(r"^ *Examples?:\n((?: +.*\n?)+)", shown, re.MULTILINE)
    assert example, shown
    assert f"greenroom {' '.join(command)}" in example[1]


@pytest.mark.parametrize("command", ["list", "passwd", "disable", "enable"])
def test_accounts_are_not_looked_for_where_there_is_no_database_and_none_is_made(greenroom, tmp_path, command):
    arguments = [] if command == "list" else ["ada"]
    done = greenroom("users", command, *arguments, "--data-dir", "typo")

    assert (done.returncode, done.stdout) == (1, "")
    assert "see that --data-dir names the server's data directory" in done.stderr
    assert not (tmp_path / "typo").exists()


def test_a_shell_completes_commands_and_options(tmp_path):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with terminal("bash", "--norc", "--noprofile", home=tmp_path) as bash:
        bash.type(f"PS1='$ '; PATH={path}; eval \"$(greenroom completion bash)\"; clear; echo ready\r")
        bash.see("^ready")
        bash.type("greenroom jour\t")
        bash.see("greenroom journal$")
        bash.type("ver\t--data\t")
        bash.see("greenroom journal verify --data-dir$")


def test_each_shell_has_its_script():
    for shell in ("bash", "zsh", "fish"):
        done = CliRunner().invoke(cli.greenroom, ["completion", shell], prog_name="greenroom")
        assert (done.exit_code, done.stderr) == (0, "")
        assert "_GREENROOM_COMPLETE" in done.stdout


def test_an_unknown_shell_is_told_those_there_are(greenroom):
    done = greenroom("completion", "tcsh")

    assert done.returncode == 2
    assert "'bash', 'zsh', 'fish'" in done.stderr
