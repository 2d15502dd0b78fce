"""Many accounts at once, made in the data directory before its server starts."""

from collections.abc import Iterable
from pathlib import Path

from argon2 import PasswordHasher

from server.accounts import Accounts
from server.database import open_database
from server.passwords import Passwords


def add_accounts(data_dir: Path, usernames: Iterable[str]) -> None:
    """Add accounts whose names are their passwords, hashed as cheaply as can be."""
    database = open_database(data_dir)
    accounts = Accounts(database, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
    for username in usernames:
        accounts.add(username, username)
    database.close()
