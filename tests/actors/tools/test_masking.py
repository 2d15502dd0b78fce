"""What is shown is JSON, bounded, and without secrets, whatever it was."""

import dataclasses
import datetime as dt
import math
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tools.masking import MASK, MAX_BYTES, masked, names_secret

_SECRETS = (
    *(
        "password",
        "api_key",
        "apiKey",
        "APIKey",
        "APIKEY",
        "access_token",
        "Authorization",
        "X-Api-Key",
        "client.secret",
    ),
    *("credentials", "authtoken", "userPassword", "key", "private_keys", "KEY2"),
)
_ORDINARY = ("monkey", "keyboard", "keyword", "turkey", "author", "secretary", "tokenizer", "passage", "value", "")


@pytest.mark.parametrize("key", _SECRETS)
def test_a_key_that_names_a_secret_hides_its_value(key: str):
    assert masked({"deep": [{key: {"any": "thing"}}]}) == ({"deep": [{key: MASK}]}, False)
    assert masked({key: "any"}) == ({key: MASK}, False)


@pytest.mark.parametrize("key", _ORDINARY)
def test_a_key_that_only_looks_like_one_shows_its_value(key: str):
    assert masked({key: 1}) == ({key: 1}, False)


def test_a_key_that_the_tool_calls_secret_hides_its_value():
    assert masked({"pin": 1234, "name": "Kari"}, frozenset({"pin"})) == ({"pin": MASK, "name": "Kari"}, False)


class Login(NamedTuple):
    user: str
    password: str


@dataclasses.dataclass
class Account:
    user: str
    token: str


class Grant(msgspec.Struct):
    user: str
    secret: str


@pytest.mark.parametrize("record", [Login("kari", "hunter2"), Account("kari", "hunter2"), Grant("kari", "hunter2")])
def test_a_records_secret_field_is_hidden_too(record: Any):
    shown, _ = masked([record])
    assert shown[0]["user"] == "kari"
    assert "hunter2" not in str(shown)


def test_a_long_string_is_cut_and_said_to_be():
    shown, cut = masked("x" * 2_001)
    assert shown == "x" * 2_000 + "…"
    assert cut


def test_a_string_of_the_longest_length_is_whole():
    assert masked("x" * 2_000) == ("x" * 2_000, False)


def test_a_long_list_is_cut():
    shown, cut = masked(list(range(1_000_000)))
    assert cut
    assert shown[:3] == [0, 1, 2]
    assert len(msgspec.json.encode(shown)) <= MAX_BYTES + 100


def test_fields_that_are_short_each_and_long_together_are_cut():
    shown, cut = masked({str(number): "a" * 1300 for number in range(16)})
    assert cut
    assert len(msgspec.json.encode(shown)) < MAX_BYTES + 100


def test_a_cycle_ends():
    cycle: list[Any] = []
    cycle.append(cycle)
    _, cut = masked(cycle)
    assert cut


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (b"ab", "b'ab'"),
        ({1}, "{1}"),
        (dt.date(2027, 1, 31), "datetime.date(2027, 1, 31)"),
        (2**64, str(2**64)),
        (Mute(), "<Mute>"),
        ("\ud800", "\\ud800"),
        ((1, None, True, 1.5), [1, None, True, 1.5]),
        ({1: "a"}, {"1": "a"}),
    ],
)
def test_what_is_no_json_is_described(value: Any, shown: Any):
    assert masked(value) == (shown, False)


def test_an_integer_too_long_to_write_is_shown_by_its_type():
    assert masked(10**5_000) == ("<int>", False)


def test_the_original_is_left_alone():
    original = {"token": "t", "list": [1]}
    masked(original)
    assert original == {"token": "t", "list": [1]}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates() | st.builds(Mute),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.tuples(inner, inner)
        | st.builds(lambda value, count: [value] * count, inner, st.integers(0, 3_000))
    ),
)


@given(anything)
@settings(deadline=None)  # what takes long is drawing the largest ones
def test_whatever_it_is_the_copy_is_bounded_json(value: Any):
    shown, cut = masked(value)
    assert len(msgspec.json.encode(shown)) <= MAX_BYTES + 200
    assert isinstance(cut, bool)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_ORDINARY), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_small_json_without_secrets_is_shown_as_it_is(value: Any):
    assert masked([value])[1] or masked([value]) == ([value], False)


small = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.sampled_from([0, -(2**63), 2**63 - 1, 2**63]),
    st.text(max_size=8),
    st.integers(0, 2100).map("a".__mul__),
    st.just(Login("ana", "pw")),
)
names = st.one_of(
    st.sampled_from(_SECRETS), st.sampled_from(_ORDINARY), st.text(max_size=8), st.just("pin"), st.just("k" * 201)
)


@given(st.one_of(small, st.dictionaries(names, small, max_size=3), st.dictionaries(small, small, max_size=2)))
def test_a_value_is_shown_alone_as_it_is_shown_among_others(value: Any):
    """Alone it may be seen at a glance to be plain; in a list it is walked over whatever it is."""
    shown, cut = masked(value, frozenset({"pin"}))
    assert repr(([shown], cut)) == repr(masked([value], frozenset({"pin"})))


def test_the_arguments_that_are_shown_are_a_copy():
    arguments = {"value": "before"}
    shown, _ = masked(arguments)
    arguments["value"] = "after"
    assert shown == {"value": "before"}


@given(st.text())
def test_naming_a_secret_is_decided_for_every_key(key: str):
    assert names_secret(f"{key}_password")
