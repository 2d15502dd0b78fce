"""What a server keeps: its data directory, locked, with the accounts, the tokens and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.identity.accounts import Accounts
from server.identity.demo import seed_demo
from server.identity.jwks import Keys
from server.identity.key import load_key
from server.identity.outside import OutsideTokens
from server.identity.tokens import Tokens
from server.journal.retention import Keep
from server.journal.sqlite import SQLiteJournal
from server.journal.upkeep import Upkeep
from server.storage.database import FILE_NAME, open_database
from server.storage.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.clock import Clock
    from config.settings import Settings

PRUNE_SECONDS = 3600.0


class Kept:
    """A data directory in use by this process alone."""

    def __init__(self, settings: Settings, clock: Clock, strike: Callable[[str], object]) -> None:
        """Open everything; blocks on the disk. ``strike`` is told where faults may be put into the log's work.

        Raises:
            ServerFault: the directory is in use, or isn't as it must be.
        """
        self._lock = Lock(settings.data_dir)
        self.database = open_database(settings.data_dir)
        self.accounts = Accounts(self.database)
        if settings.demo:
            seed_demo(self.accounts)
        self.tokens = self._tokens(settings)
        logs = settings.journal
        self.journal = SQLiteJournal(settings.data_dir / FILE_NAME, clock, logs.sync, strike)
        self.upkeep = Upkeep(self.journal, Keep(logs.keep_days, logs.keep_events), PRUNE_SECONDS, strike)

    def _tokens(self, settings: Settings) -> Tokens:
        key, issuer = load_key(settings.data_dir), settings.tokens.jwks_url
        if issuer is None:
            return Tokens(self.database, key, settings.tokens)
        return OutsideTokens(self.database, key, settings.tokens, self.accounts, Keys(issuer))

    def close(self) -> None:
        """Give the directory back; blocks until all that was handed over is on the disk."""
        self.journal.close()
        self.database.close()
        self._lock.release()
