"""A tool in a process of its own gives its result or an honest failure, and leaves nothing behind."""

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import gevent
import pytest

from actors.tools import Resource, ToolFailed, ToolUser, tool
from actors.tools.performing import perform
from actors.tools.process import AT_ONCE
from tests.actors.tools import burners
from tests.actors.tools.processes import children_of, eventually, gone, state_of, written_pids

ANA = ToolUser("u_ana", ("teller",))
ROOT = Path(__file__).parents[3]


def call(called, **arguments):
    return perform(called, called.bind(arguments), ANA, {})


def failure_of(called, **arguments):
    with pytest.raises(ToolFailed) as refusal:
        call(called, **arguments)
    return refusal.value


@pytest.fixture(autouse=True)
def no_process_is_left():
    before = children_of(os.getpid())
    yield
    eventually(lambda: set(children_of(os.getpid())) <= set(before), "a process was left, or a zombie of one")


def test_arguments_and_result_go_there_and_back():
    assert call(burners.add, point=[1, 2], more=3) == 6
    assert call(burners.give, code="{'a': (1, 2.5, None, True, 'é'), 'big': 7**99}") == {
        "a": [1, 2.5, None, True, "é"],
        "big": 7**99,
    }
    assert math.isnan(call(burners.give, code="float('nan')"))


def test_the_call_is_made_in_another_process():
    assert call(burners.give, code="os.getpid()") != os.getpid()


def test_the_process_comes_after_the_server():
    assert call(burners.give, code="os.nice(0)") >= 19


def test_the_user_is_lent_there_as_well():
    assert call(burners.whoami) == ["u_ana", ["teller"]]


def test_a_tool_in_a_class_and_one_under_another_name_are_found():
    assert call(burners.Chest.inside) == "inside"
    assert call(burners.double, value=4) == 8


def test_a_refusal_is_the_tools_own():
    failure = failure_of(burners.refuse)
    assert (failure.code, str(failure), failure.tool) == ("too_early", "Come back later.", "refuse")


def test_another_exception_is_named_by_its_type_alone():
    failure = failure_of(burners.stumble)
    assert (failure.code, str(failure)) == ("failed", "The tool failed (LookupError).")


def test_what_it_prints_disturbs_nobody(capfd):
    assert call(burners.chatter) == "said"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("object()", "JSON can't carry the result (TypeError)."),
        ("[x := [], [x := [x] for _ in range(5000)], x][2]", "JSON can't carry the result (RecursionError)."),
        ("10**5000", "JSON can't carry the result (ValueError)."),
        ("'x' * 2_000_000", "The result is longer than 1048576 bytes."),
    ],
)
def test_a_result_that_cannot_come_back_is_refused(code, reason):
    failure = failure_of(burners.give, code=code)
    assert (failure.code, str(failure)) == ("bad_result", reason)


def test_a_hog_is_stopped_at_its_memory():
    assert failure_of(burners.hog).code == "out_of_memory"


@pytest.mark.parametrize(
    ("number", "reason"), [(signal.SIGSEGV, "SIGSEGV"), (signal.SIGKILL, "SIGKILL"), (signal.SIGABRT, "SIGABRT")]
)
def test_a_crash_is_told_by_its_signal(number, reason):
    failure = failure_of(burners.die, number=number)
    assert (failure.code, str(failure)) == ("crashed", f"The tool's process died ({reason}).")


def test_one_that_leaves_without_a_word_has_crashed():
    assert str(failure_of(burners.leave)) == "The tool's process died (status 3)."


def test_whoever_ends_the_wait_ends_the_process_and_its_children(tmp_path):
    caller = gevent.spawn(call, burners.spin, path=str(tmp_path / "pids"))
    pids = written_pids(tmp_path / "pids")
    assert all(state_of(pid) for pid in pids)
    caller.kill()
    # The child is an orphan, and so for the system's first process to reap.
    eventually(lambda: gone(pids[:1]) and state_of(pids[1]) in (None, "Z"), "it goes on")


def test_a_call_that_waits_for_room_can_be_ended_and_takes_none(tmp_path):
    full = [gevent.spawn(call, burners.grind, path=str(tmp_path / str(number))) for number in range(AT_ONCE)]
    pids = [pid for number in range(len(full)) for pid in written_pids(tmp_path / str(number))]
    waiting = gevent.spawn(call, burners.add, point=[1, 2])
    gevent.sleep(0)
    assert not set(children_of(os.getpid())) - set(pids)
    waiting.kill()
    gevent.killall(full)
    eventually(lambda: gone(pids), "they go on")
    assert call(burners.add, point=[1, 2]) == 3


def test_a_process_dies_with_a_server_that_is_killed(tmp_path):
    code = f"""
from actors.tools import ToolUser
from actors.tools.performing import perform
from tests.actors.tools import burners
perform(burners.grind, {{"path": {str(tmp_path / "pids")!r}}}, ToolUser("u"), {{}})
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as server:
        pids = written_pids(tmp_path / "pids")
        server.kill()
    eventually(lambda: all(state_of(pid) in (None, "Z") for pid in pids), "it outlived its server")


class Shelf(Resource): ...


def test_what_cannot_be_imported_is_refused_where_it_is_written():
    with pytest.raises(TypeError, match=r"'local': .*can't be imported; put it at the top of a module"):

        @tool(isolation="process")
        def local() -> None: ...

    with pytest.raises(TypeError, match="can't be imported"):
        tool(isolation="process", name="nameless")(lambda: None)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"isolation": "thread"}, "isolation is 'thread'"),
        ({"isolation": "process", "memory_bytes": 1024}, "memory_bytes is 1024"),
        ({"isolation": "process"}, "Shelf is the server's"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(rules, message):
    with pytest.raises(TypeError, match=message):
        tool(**rules, name="shelved")(shelved)


def shelved(shelf: Shelf) -> None: ...
