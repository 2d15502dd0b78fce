import subprocess
import sys

import gevent
import pytest
from gevent.monkey import get_original

from server.threads import FairThreadPool

TIMES = 300
PATIENCE = 60
"""In seconds: a thread that gets nothing takes one for each time, or more."""

let_go = get_original("time", "sleep")


@pytest.fixture
def restless():
    """Have a greenlet be ready in every turn of the loop."""

    def go_round():
        while True:
            gevent.sleep(0)

    greenlet = gevent.spawn(go_round)
    yield
    greenlet.kill()


@pytest.fixture
def pool():
    pool = FairThreadPool(2)
    yield pool
    pool.kill()


def give_and_take():
    """Let go of the interpreter and ask for it again, as a thread does at every statement of a transaction."""
    for _ in range(TIMES):
        let_go(0)
    return "done"


@pytest.mark.usefixtures("restless")
def test_a_thread_gets_on_beside_a_loop_that_never_rests(pool):
    with gevent.Timeout(PATIENCE):
        assert pool.apply(give_and_take) == "done"


@pytest.mark.usefixtures("restless")
def test_jobs_side_by_side_get_on_as_well_and_so_does_one_after_them(pool):
    with gevent.Timeout(PATIENCE):
        assert [job.get() for job in [pool.spawn(give_and_take) for _ in range(4)]] == ["done"] * 4
        assert pool.apply(give_and_take) == "done"


def test_what_a_job_raises_is_raised(pool):
    with pytest.raises(ZeroDivisionError):
        pool.apply(divmod, (1, 0))


def test_the_loop_is_left_alone_when_nothing_is_to_be_done(pool, monkeypatch):
    pool.apply(give_and_take)
    paused = []
    monkeypatch.setattr("server.threads._sleep", paused.append)
    gevent.sleep(0.02)
    assert not paused


def test_the_hubs_own_pool_in_a_server_is_fair():
    shown = "import server.__main__, gevent; print(type(gevent.get_hub().threadpool).__name__)"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == FairThreadPool.__name__
