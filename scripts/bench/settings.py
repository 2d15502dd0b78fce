"""The settings of the server that is measured: the defaults, with the limits raised that a load would run into."""

from pathlib import Path

from config.settings import Settings

RAISED = {
    "messages_per_second": 1_000_000,
    "message_burst": 1_000_000,
    "connections_per_user": 100_000,
    "connections": 100_000,
    "sessions_per_user": 1_000_000,
}
ACCESS_TTL = 86_400.0
"""Seconds: a token outlives the measurement."""


def settings(data_dir: Path) -> Settings:
    """Return them for a server in this process, on a free port."""
    return Settings(port=0, data_dir=data_dir, agents=(AGENT,), default_agent="bench", limits=RAISED, tokens={"access_ttl": ACCESS_TTL})


AGENT = "scripts.bench.agent:Bench"
