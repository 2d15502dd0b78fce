"""Many accounts at once, made in the data directory before its server starts."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from argon2 import PasswordHasher

from config.limits import Lifetimes
from server.identity.accounts import Account, Accounts
from server.identity.key import load_key
from server.identity.passwords import Passwords
from server.identity.tokens import Tokens
from server.storage.database import Database, open_database
from tests.system.process import Login


def add_accounts(data_dir: Path, usernames: Iterable[str]) -> None:
    """Add accounts whose names are their passwords, hashed as cheaply as can be."""
    with closing(open_database(data_dir)) as database:
        _add(database, usernames)


def add_logins(data_dir: Path, usernames: Iterable[str]) -> list[Login]:
    """Add accounts and log each in without a password: fifty at once would take seconds to hash, by design."""
    with closing(open_database(data_dir)) as database:
        tokens = Tokens(database, load_key(data_dir), Lifetimes())
        grants = [(account.username, tokens.login(account)) for account in _add(database, usernames)]
    return [Login(name, grant.access_token, grant.refresh_token, grant.user_id) for name, grant in grants]


def _add(database: Database, usernames: Iterable[str]) -> list[Account]:
    accounts = Accounts(database, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
    return [accounts.add(username, username) for username in usernames]
