"""What may be shown of a call's arguments and result: no secret, nothing long, and always JSON."""

import dataclasses
import math
import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec

MASK = "***"
CUT = "…"
MAX_TEXT = 2_000  # characters of one string
MAX_KEY = 200  # characters of one key
MAX_BYTES = 8_192  # of the whole, as UTF-8 JSON
MAX_DEPTH = 12  # also what ends a cycle

# A key may run its words together (authtoken); but monkey, donkey and turkey name no key.
_SECRET_WORD = re.compile(
    r".*(password|passwd|passphrase|token|secret|credential|authorization)s?|(api|access|secret|private)?keys?",
    re.IGNORECASE,
)
# The words of snake_case, kebab-case, camelCase and ABBRCase alike.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# What every JSON reader takes without losing digits to an overflow.
_INTEGERS = range(-(2**63), 2**63)
_WORST_BYTES = 6  # of one character in JSON: \u0000
_SHORT = MAX_BYTES // _WORST_BYTES - len('"",')  # characters of a text that fits whatever they are
_FEW = 16  # fields that are looked through before they are copied


def masked(shown: Any, secret: Collection[str] = frozenset()) -> tuple[Any, bool]:
    """Copy a value for showing: JSON-able, secrets masked, long parts cut; never fails.

    Args:
        shown: a call's arguments, or its result, of any type.
        secret: further keys to mask, wherever they stand.

    Returns:
        The copy, of about 8 KiB at most as UTF-8 JSON, and whether anything was cut.
    """
    if type(shown) is dict and _is_plain_record(shown, secret):
        return shown.copy(), False
    if _is_plain(shown):
        return shown, False
    copy = _Copy(frozenset(secret))
    return copy.value(shown, 0), copy.cut


# What most calls bring is a short text or two, of which a copy would be the same: to see that takes a tenth of a walk.


def _is_plain(value: Any) -> bool:
    """Tell whether a value is shown as it is: a short text in ASCII, a number, true, false or null."""
    kind = type(value)
    if kind is str:
        return len(value) <= _SHORT and value.isascii()
    return value is None or kind is bool or (kind is int and value in _INTEGERS)


def _is_plain_record(fields: dict[Any, Any], secret: Collection[str]) -> bool:
    """Tell whether every field is plain, under a name that is short and not secret, and the whole isn't long."""
    if len(fields) > _FEW:
        return False
    for key, value in fields.items():
        if type(key) is not str or key in secret or len(key) > MAX_KEY or not key.isascii() or not _is_plain(value):
            return False
        if _names_secret(key):
            return False
    return len(msgspec.json.encode(fields)) <= MAX_TEXT


def names_secret(key: str) -> bool:
    """Tell whether a key names a password, token, key, secret, credential or authorization as one of its words."""
    return any(_SECRET_WORD.fullmatch(word) for word in _WORD.findall(key))


_names_secret = lru_cache(maxsize=1024)(names_secret)
"""The same from memory; for short keys alone, since it keeps them."""


class _Copy:
    """One walk over a value, with what is left of its budget in bytes."""

    def __init__(self, secret: frozenset[str]) -> None:
        self.secret = secret
        self.left = MAX_BYTES
        self.cut = False

    def value(self, value: Any, depth: int) -> Any:
        try:
            return self._value(value, depth)
        except Exception:  # noqa: BLE001 - a stranger's __iter__ may raise anything; it is shown by its type
            return self._text(f"<{type(value).__name__}>")

    def _value(self, value: Any, depth: int) -> Any:
        match value:
            case None | bool() | int() | float():
                return self._scalar(value)
            case str():
                return self._text(str.__str__(value))
        if (fields := _fields(value)) is not None:
            return self._mapping(fields, depth)
        if isinstance(value, list | tuple):
            return self._sequence(value, depth)
        return self._text(_described(value))

    def _scalar(self, value: float | None) -> Any:
        if isinstance(value, float) and math.isfinite(value):
            return self._spend(float.__float__(value))
        if value is None or isinstance(value, bool):
            return self._spend(value)
        if isinstance(value, int) and int.__int__(value) in _INTEGERS:
            return self._spend(int.__int__(value))
        return self._text(_described(value))

    def _text(self, text: str, limit: int = MAX_TEXT) -> str:
        plain = text[:limit].encode(errors="backslashreplace").decode()
        if len(msgspec.json.encode(plain)) > self.left:
            plain = plain[: max(self.left, 0) // _WORST_BYTES]
        if len(plain) < min(len(text), limit) or len(text) > limit:
            self.cut = True
            plain += CUT
        self._spend(plain)
        return plain

    def _mapping(self, fields: Mapping[Any, Any], depth: int) -> Any:
        copy: dict[str, Any] = {}
        for key, value in self._bounded(fields.items(), depth):
            name = self._text(key if isinstance(key, str) else _described(key), MAX_KEY)
            hidden = isinstance(key, str) and (key in self.secret or names_secret(key))
            copy[name] = self._spend(MASK) if hidden else self.value(value, depth + 1)
        return copy

    def _sequence(self, items: Iterable[Any], depth: int) -> list[Any]:
        return [self.value(item, depth + 1) for item in self._bounded(items, depth)]

    def _bounded(self, items: Iterable[Any], depth: int) -> Iterable[Any]:
        self.left -= len("[],")
        for item in items:
            if self.left <= 0 or depth >= MAX_DEPTH:
                self.cut = True
                return
            yield item

    def _spend(self, value: Any) -> Any:
        self.left -= len(msgspec.json.encode(value)) + len(",")
        return value


def _fields(value: Any) -> Mapping[Any, Any] | None:
    """Return a record's fields by name, so that a secret in it is masked as in a dict; None for what isn't one."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, type):
        return None
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
    elif dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
    else:
        names = getattr(value, "__struct_fields__", None)
    return None if names is None else {name: getattr(value, name, None) for name in names}


def _described(value: Any) -> str:
    """Return the value's repr, or its type's name where there is none."""
    if isinstance(value, bytes | bytearray):
        # Not the whole: a megabyte would be four of them as text, and then be cut.
        value = type(value)(islice(value, MAX_TEXT))
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a stranger's __repr__ may raise anything; showing goes on
        return f"<{type(value).__name__}>"
