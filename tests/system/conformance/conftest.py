"""The server that is judged: the defaults, but for how often a client may speak."""

import pytest

from tests.system.process import ServerProcess

TOML = """
[limits]
messages_per_second = 100000
message_burst = 100000
connections_per_user = 1000
[timeouts]
ping_interval = 100
dead_after = 200
"""


@pytest.fixture(scope="session")
def judged(tmp_path_factory):
    """A server that every case gets a connection of; at the end its log holds no fault."""
    server = ServerProcess(tmp_path_factory.mktemp("judged"), "--demo", toml=TOML)
    try:
        yield server
    finally:
        server.end()
    assert not server.faults(), "\n".join(server.faults())
