"""Passwords: argon2id, hashed and verified in the hub's thread pool."""

import unicodedata
from typing import NamedTuple

import gevent
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from server.errors import PasswordInvalid

LONGEST = 1024


class Verdict(NamedTuple):
    """Whether a password is right, and whether its hash was made with parameters that no longer hold."""

    right: bool
    outdated: bool = False


class Passwords:
    """Hash and verify passwords without stalling the hub: one hash is 100 ms of processor time and 64 MiB.

    The C code releases the interpreter lock, so other greenlets run meanwhile.

    Args:
        hasher: argon2id with RFC 9106's low-memory parameters, as argon2-cffi has it, where left out.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobodys = self._hasher.hash(b"")

    def hash(self, password: str) -> str:
        """Return the hash to keep; blocks the calling greenlet alone.

        Raises:
            PasswordInvalid: when `password` is empty or longer than 1024 characters.
        """
        if not 0 < len(password) <= LONGEST:
            raise PasswordInvalid(f"a password has 1 to {LONGEST} characters")
        kept: str = gevent.get_hub().threadpool.apply(self._hasher.hash, (_encoded(password),))
        return kept

    def verify(self, kept: str | None, password: str) -> Verdict:
        """Compare `password` with a kept hash; blocks the calling greenlet alone.

        Without a hash, as for a user who doesn't exist, the same work is done and the answer is no.
        """
        right = gevent.get_hub().threadpool.apply(self._matches, (kept or self._nobodys, _encoded(password[:LONGEST])))
        if kept is None or not right or len(password) > LONGEST:
            return Verdict(right=False)
        return Verdict(right=True, outdated=self._hasher.check_needs_rehash(kept))

    def _matches(self, kept: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except VerifyMismatchError:
            return False


def _encoded(password: str) -> bytes:
    # Two keyboards may spell one letter in two ways: RFC 8265 section 4.2 compares in NFC. Lone surrogates can come
    # out of JSON; they are as good as any character.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
