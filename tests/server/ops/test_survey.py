import gevent
import gevent.socket
import pytest

from actors.runtime.actor import Actor
from actors.runtime.restarts import Intensity, Restart
from actors.runtime.specs import ChildSpec
from actors.runtime.supervisor import Supervisor
from server.ops import survey
from server.ops.survey import Survey

COUNT = 300


class Session(Actor):
    def on_receive(self, message):
        raise ValueError(message)


class Root(Supervisor):
    dynamic = True
    budget_per_child = True

    def children(self):
        for number in range(COUNT):
            yield ChildSpec(f"s{number}", Session, restart=Restart.TRANSIENT, intensity=Intensity(2, 600.0))


@pytest.fixture
def crowd(runtime):
    """A root with hundreds below it, all up."""
    root = runtime.supervise(ChildSpec("root", Root))
    with gevent.Timeout(10):
        while runtime.population <= COUNT or any(runtime.restless("root")):
            gevent.sleep(0)
    return root


def test_those_who_failed_come_first(runtime, crowd):
    runtime.ref("root/s7").tell("x")
    with gevent.Timeout(10):
        while runtime.ref("root/s7").incarnation == 1:
            gevent.sleep(0)
    found = Survey(runtime).findings()

    assert found.ranks[0].address == "root/s7"
    assert [rank.address for rank in found.ranks[1:4]] == ["root/s0", "root/s1", "root/s2"]
    assert sum(found.counts.values()) == COUNT


def test_what_was_found_holds_for_all_who_ask_at_about_the_same_time(runtime, crowd):
    eye = Survey(runtime)
    looks = [gevent.spawn(eye.findings) for _ in range(5)]
    gevent.joinall(looks)
    first = looks[0].value

    assert all(look.value is first for look in looks)
    eye.expire()
    assert eye.findings() is not first


def test_others_have_their_turns_while_it_looks(runtime, crowd, monkeypatch):
    """Also those who wait for a socket, not only those who could run."""
    monkeypatch.setattr(survey, "SLICE", 0.0)
    here, there = gevent.socket.socketpair()
    turns = 0

    def echo():
        nonlocal turns
        there.send(b"x")
        while True:
            # To receive what is there already would take no turn of the loop.
            gevent.socket.wait_read(here.fileno())
            there.send(here.recv(1))
            turns += 1

    echoing = gevent.spawn(echo)
    Survey(runtime).findings()
    echoing.kill()
    here.close()
    there.close()

    assert turns > COUNT / 10
