"""The demo accounts: known to everybody, so for a server that listens on loopback alone."""

from typing import NamedTuple

from server.identity.accounts import Accounts


class DemoAccount(NamedTuple):
    """A name that is its own password."""

    username: str
    roles: tuple[str, ...] = ()


DEMO_ACCOUNTS = (DemoAccount("demo"), DemoAccount("demo2"), DemoAccount("operator", ("operator",)))


def seed_demo(accounts: Accounts) -> None:
    """Add the demo accounts that aren't there yet; blocks the calling greenlet alone."""
    for username, roles in DEMO_ACCOUNTS:
        if accounts.by_name(username) is None:
            accounts.add(username, password=username, roles=roles)
