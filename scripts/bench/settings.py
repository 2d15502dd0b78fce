"""The settings of the server that is measured: the defaults, with the limits raised that a load would run into."""

import tomllib
from pathlib import Path

from config.settings import Settings

TOML = """\
agents = ["scripts.bench.agent:Bench"]
default_agent = "bench"

[limits]
messages_per_second = 1_000_000
message_burst = 1_000_000
connections_per_user = 100_000
connections = 100_000
sessions_per_user = 1_000_000

[tokens]
access_ttl = 86_400  # A token outlives the measurement.
"""


def settings(data_dir: Path) -> Settings:
    """Return them for a server in this process, on a free port."""
    return Settings(port=0, data_dir=data_dir, **tomllib.loads(TOML))
