"""``greenroom journal`` as a process of its own, on files that a real journal wrote."""

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from server.commands.journal.lines import line
from server.journal import compaction
from server.storage.database import connect
from tests.actors.session.logs import GOOD, NOW, accepted, completed, event, started
from tests.server.journal.files import Writer, add_account
from tests.system.process import environment


def command(data_dir, *arguments):
    return [sys.executable, "-W", "error", "-m", "server", "journal", *arguments, "--data-dir", str(data_dir)]


def run(data_dir, *arguments, **settings):
    return subprocess.run(
        command(data_dir, *arguments), env=environment(**settings), capture_output=True, text=True, check=False
    )


def lines(done):
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.splitlines()


def change(data_dir, statement, *values):
    """Do to the file what no server does."""
    with closing(connect(data_dir / "greenroom.db")) as connection:
        assert connection.execute(statement, values).rowcount


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    """Two users: ann with a good log and an empty one, bob with a run that isn't over."""
    monkeypatch.setattr(compaction, "LONGEST_STAY", 0.01)
    ann, bob = add_account(tmp_path, "ann"), add_account(tmp_path, "bob")
    writer = Writer(tmp_path)
    writer.create("s_sums", ann, "Sums", NOW)
    writer.append("s_sums", GOOD)
    writer.create("s_none", ann, "", NOW + 1)
    writer.create("s_open", bob, "", NOW + 2)
    writer.append("s_open", [{**each, "ts": NOW + 100} for each in (accepted(1), started(2))])
    writer.settle()
    writer.close()
    return tmp_path


# verify


def test_good_logs_are_verified_with_a_summary_and_status_0(data_dir):
    assert lines(run(data_dir, "verify")) == ["3 sessions, 17 events, 1 unfinished run: all is well"]


def test_the_sessions_named_are_verified_alone(data_dir):
    assert lines(run(data_dir, "verify", "s_sums", "s_none")) == [
        "2 sessions, 15 events, 0 unfinished runs: all is well"
    ]


def test_every_problem_gets_a_line_with_its_place_and_the_status_is_1(data_dir):
    change(data_dir, "UPDATE sessions SET user_id = 'u_nobody' WHERE session_id = 's_none'")
    change(data_dir, "DELETE FROM runs")
    change(data_dir, "UPDATE segments SET frames = CAST(replace(frames, 'r_2', 'r_1') AS BLOB) WHERE last_seq = 15")
    change(data_dir, "INSERT INTO runs VALUES ('r_stray', 's_stray', 1)")

    done = run(data_dir, "verify")

    assert (done.returncode, done.stderr) == (1, "")
    stray, sums, nobody, unlisted, summary = done.stdout.splitlines()
    assert stray == "s_stray: is in runs, and there is no such session"
    assert sums.startswith("s_sums seq 5: r_1 was accepted twice (promise 1: ")
    assert nobody == "s_none: its owner u_nobody has no account"
    assert unlisted == "s_open seq 1: r_1 isn't over, and the index of such runs lacks it"
    assert summary == "3 sessions, 17 events, 1 unfinished run: 4 problems"


def test_a_log_with_a_hole_is_a_problem_of_its_session_alone(data_dir):
    change(data_dir, "UPDATE sessions SET head_seq = 20 WHERE session_id = 's_sums'")

    done = run(data_dir, "verify")

    problem, summary = done.stdout.splitlines()
    assert problem.startswith("s_sums: event 16 of s_sums is missing")
    assert summary.endswith(": 1 problem")


def test_a_damaged_file_is_told_with_status_1(data_dir):
    path = data_dir / "greenroom.db"
    content = bytearray(path.read_bytes())
    content[4096 : len(content) - 4096] = os.urandom(len(content) - 8192)
    path.write_bytes(content)

    done = run(data_dir, "verify")

    assert done.returncode == 1
    assert "damaged" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_is_shown_how_far_it_is(data_dir):
    here, there = pty.openpty()
    done = subprocess.run(
        command(data_dir, "verify"), env=environment() | {"TERM": "xterm"}, stdout=subprocess.PIPE, stderr=there,
        text=True, check=True,
    )  # fmt: skip
    os.close(there)
    shown = os.read(here, 65536).decode()
    os.close(here)

    assert done.stdout == "3 sessions, 17 events, 1 unfinished run: all is well\n"
    assert "checking" in shown


# tail


def test_the_last_events_of_all_sessions_are_shown_in_the_order_of_time(data_dir):
    shown = [told.split()[2:5] for told in lines(run(data_dir, "tail", "-n", "4"))]

    assert shown == [
        ["s_sums", "14", "agent_started"],
        ["s_sums", "15", "agent_completed"],
        ["s_open", "1", "message_accepted"],
        ["s_open", "2", "agent_started"],
    ]


def test_one_session_or_one_user_is_shown_alone(data_dir):
    assert len(lines(run(data_dir, "tail", "s_sums"))) == 10
    assert len(lines(run(data_dir, "tail", "s_sums", "-n", "100"))) == 15
    assert {told.split()[2] for told in lines(run(data_dir, "tail", "--user", "bob"))} == {"s_open"}
    assert lines(run(data_dir, "tail", "s_none")) == []


def test_events_are_shown_as_they_are_kept_where_json_is_wanted(data_dir):
    [shown] = lines(run(data_dir, "tail", "s_sums", "-n1", "--json"))

    assert json.loads(shown) == {**GOOD[-1], "session_id": "s_sums"}


@pytest.fixture
def tail(data_dir):
    """A command that follows, and has shown what was there."""
    with subprocess.Popen(
        command(data_dir, "tail", "-f", "-n1"), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert b"s_open" in process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_what_comes_is_followed_until_ctrl_c_and_the_status_is_0(data_dir, tail):
    writer = Writer(data_dir)
    writer.append("s_open", [completed(3)])
    assert tail.stdout.readline().split()[2:5] == [b"s_open", b"3", b"agent_completed"]
    writer.settle()
    writer.create("s_new")
    writer.append("s_new", [accepted(1)])
    assert tail.stdout.readline().split()[2:5] == [b"s_new", b"1", b"message_accepted"]
    writer.delete("s_new")
    writer.create("s_new")
    writer.append("s_new", [accepted(1, "r_again"), started(2, "r_again")])
    assert tail.stdout.readline().split()[2:5] == [b"s_new", b"1", b"message_accepted"]
    assert tail.stdout.readline().split()[2:5] == [b"s_new", b"2", b"agent_started"]
    writer.close()
    tail.send_signal(signal.SIGINT)
    rest, errors = tail.communicate(timeout=20)

    assert (rest, errors, tail.returncode) == (b"", b"", 0)


def test_a_follower_whom_nobody_reads_any_more_ends_quietly(data_dir, tail):
    tail.stdout.close()
    writer = Writer(data_dir)
    writer.append("s_open", [completed(3)])
    writer.close()

    assert (tail.wait(20), tail.stderr.read()) == (0, b"")


def test_a_reader_who_has_seen_enough_ends_it_quietly(data_dir):
    with subprocess.Popen(
        command(data_dir, "export"), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as export:
        export.stdout.close()
        assert export.stderr.read() == b""
        assert export.wait(20) == 0


def test_no_character_that_a_terminal_obeys_is_shown():
    told = line(event(1, "agent_thinking", step=1, thought="\x1b[31m \x9b2J \u202e ünï \U0001f600"))

    assert told.isprintable()
    assert told.endswith(r'thought="\u001b[31m \x9b2J \u202e ünï 😀"')


def test_long_texts_are_cut():
    assert len(line(event(1, "agent_thinking", step=1, thought="x" * 10_000))) < 300


# export


def test_all_sessions_are_exported_each_with_its_events(data_dir):
    exported = [json.loads(each) for each in lines(run(data_dir, "export"))]

    assert [each["session_id"] for each in exported if each["type"] == "session"] == ["s_sums", "s_none", "s_open"]
    assert (exported[0]["username"], exported[0]["title"], exported[0]["head_seq"]) == ("ann", "Sums", 15)
    assert exported[1:16] == [{**each, "session_id": "s_sums"} for each in GOOD]
    assert len(exported) == 3 + 17


def test_an_export_takes_the_place_of_a_file_as_a_whole_and_for_its_owner_alone(data_dir, tmp_path):
    output = tmp_path / "out.jsonl"
    output.write_text("old")

    said = lines(run(data_dir, "export", "--user", "bob", "-o", str(output)))

    assert said == [f"wrote 1 session with 2 events to {output}"]
    assert len(output.read_text().splitlines()) == 3
    assert output.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".out*"))


def test_an_export_that_fails_leaves_the_file_as_it_was(data_dir, tmp_path):
    output = tmp_path / "out.jsonl"
    output.write_text("old")
    change(data_dir, "UPDATE sessions SET head_seq = 20 WHERE session_id = 's_sums'")

    done = run(data_dir, "export", "-o", str(output))

    assert done.returncode == 1
    assert "event 16 of s_sums is missing" in done.stderr
    assert output.read_text() == "old"
    assert not list(tmp_path.glob(".out*"))


# prune


def test_what_is_past_its_keep_is_dropped_and_told(data_dir):
    dropped = ["s_sums: 15 events, kept from seq 16 on"]

    assert lines(run(data_dir, "prune", "--dry-run")) == [*dropped, "would drop 15 events of 1 session, 0 message ids"]
    assert lines(run(data_dir, "prune")) == [*dropped, "dropped 15 events of 1 session, 0 message ids"]
    assert lines(run(data_dir, "prune")) == ["dropped 0 events of 0 sessions, 0 message ids"]
    assert lines(run(data_dir, "verify")) == ["3 sessions, 2 events, 1 unfinished run: all is well"]


def test_what_is_kept_is_a_setting_that_options_outweigh(data_dir):
    settings = {"JOURNAL__KEEP_DAYS": "36500", "JOURNAL__KEEP_EVENTS": "5"}
    years = ["--days", "36500"]

    assert lines(run(data_dir, "prune", "--dry-run", **settings))[-1].startswith("would drop 0 events")
    assert lines(run(data_dir, "prune", "--dry-run", "--days", "1", **settings))[-1].startswith("would drop 15 events")
    assert lines(run(data_dir, "prune", "--events", "5", *years))[-1].startswith("dropped 0 events")


# What can't be.


@pytest.mark.parametrize("name", ["verify", "tail", "export", "prune"])
def test_a_directory_without_a_database_is_told_and_none_is_made(tmp_path, name):
    done = run(tmp_path, name)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {tmp_path} holds no greenroom.db: see that --data-dir names")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["verify", "s_no"], 1, "there is no session 's_no'"),
        (["tail", "s_no"], 1, "there is no session 's_no'"),
        (["export", "s_sums", "s_no"], 1, "there is no session 's_no'"),
        (["export", "--user", "eve"], 1, "there is no account named 'eve'"),
        (["tail", "s_sums", "--user", "bob"], 1, "s_sums: not of user bob"),
        (["export", "-o", "/nowhere/out"], 1, "/nowhere/out can't be written: No such file or directory"),
        (["tail", "-n", "-1"], 2, "Invalid value for '--lines'"),
        (["prune", "--days", "0"], 2, "Invalid value for '--days'"),
        (["prune", "--events", "few"], 2, "Invalid value for '--events'"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(data_dir, arguments, status, said):
    done = run(data_dir, *arguments)

    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_locked_file_stops_no_reader(data_dir):
    with closing(sqlite3.connect(data_dir / "greenroom.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert len(lines(run(data_dir, "tail"))) == 10
