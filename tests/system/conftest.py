"""Real servers and the running of asynchronous tests. Every test here is marked as a system test by its module."""

import asyncio
import inspect

import pytest

from actors.session.promises import check_log
from tests.system.client import close_all
from tests.system.pages import browser, people
from tests.system.process import ServerProcess

__all__ = ["browser", "people"]  # Fixtures that stand in a module of their own.

TEST_SECONDS = 60.0


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Run a test that is a coroutine function, in a loop of its own and a bounded time."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}

    async def bounded():
        async with asyncio.timeout(TEST_SECONDS):
            try:
                await pyfuncitem.obj(**arguments)
            finally:
                await close_all()

    asyncio.run(bounded())
    return True


@pytest.fixture(scope="module")
def launch(tmp_path_factory):
    """Start servers that end with the module."""
    started = []

    def start(*flags, **options):
        server = ServerProcess(tmp_path_factory.mktemp("server"), *flags, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.end()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A demo server with the defaults, but for the sessions that so many tests make; all modules share it.

    At the end every log of its known users is checked for the promises, and its own log for faults.
    """
    server = ServerProcess(tmp_path_factory.mktemp("shared"), "--demo", toml="[limits]\nsessions_per_user = 1000\n")
    try:
        yield server
        check_all_logs(server)
    finally:
        server.end()
    assert not server.faults(), "\n".join(server.faults())


def check_all_logs(server):
    """Check every session of the users who are logged in for good."""
    for login in server.all_known():
        for session in server.sessions(login):
            events = server.events(login, session["session_id"])
            check_log(session["session_id"], events, finished=False)


@pytest.fixture
def session(server):
    """A new session of the user demo."""
    return server.new_session(server.known("demo"))
