"""The keys of an identity provider: how often they are asked for, and what is made of the answers."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from server.errors import IssuerUnreachable
from server.identity.jwks import KEPT_SECONDS, REFETCH_SECONDS, Keys

PUBLIC = RSAAlgorithm.to_jwk(rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key(), as_dict=True)


class Source:
    """What is published, and when it is asked for."""

    def __init__(self):
        self.now = 1000.0
        self.asked = 0
        self.show("a")

    def show(self, *key_ids):
        self.document = json.dumps({"keys": [PUBLIC | {"kid": key_id} for key_id in key_ids]}).encode()

    def get(self, url):
        self.asked += 1
        if self.document is None:
            raise ConnectionRefusedError("nobody is there")
        return self.document


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def keys(source):
    return Keys("https://id.example.com/keys", source.get, lambda: source.now)


def test_keys_are_fetched_once_when_one_is_needed(keys, source):
    assert source.asked == 0
    assert all(keys.find("a") is not None for _ in range(3))
    assert source.asked == 1


def test_a_new_key_is_found_and_unknown_ones_are_asked_for_at_a_bounded_rate(keys, source):
    keys.find("a")
    source.show("a", "b")
    assert [keys.find("b") for _ in range(100)] == [None] * 100
    assert source.asked == 1
    source.now += REFETCH_SECONDS
    assert keys.find("b") is not None
    assert [keys.find(f"x{number}") for number in range(100)] == [None] * 100
    assert source.asked == 2


def test_a_key_that_was_withdrawn_ends_when_what_is_kept_is_old(keys, source):
    keys.find("a")
    source.show("b")
    source.now += KEPT_SECONDS - 1
    assert keys.find("a") is not None
    source.now += 1
    assert keys.find("a") is None


def test_while_the_provider_is_away_what_is_kept_goes_on(keys, source):
    keys.find("a")
    source.document = None
    source.now += 2 * KEPT_SECONDS
    assert [keys.find("a") is not None for _ in range(50)] == [True] * 50
    assert source.asked == 2


@pytest.mark.parametrize(
    "document",
    [
        None,
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"keys": 7}',
        b'{"keys": [7]}',
        b'{"keys": []}',
        b'{"keys": [{"kid": "a"}]}',
        b'{"keys": [{"kid": "a", "kty": "RSA", "n": "!", "e": "AQAB"}]}',
        b'{"keys": [{"kid": "a", "kty": "oct", "k": "c2VjcmV0"}]}',
        json.dumps({"keys": [PUBLIC | {"kid": "a", "use": "enc"}]}).encode(),
        json.dumps({"keys": [PUBLIC | {"kid": "a", "alg": "RS512"}]}).encode(),
        json.dumps({"keys": [PUBLIC | {"kid": 7}]}).encode(),
        json.dumps({"keys": [PUBLIC]}).encode(),
    ],
)
def test_without_a_key_nothing_can_be_said_and_the_provider_isnt_asked_at_every_turn(keys, source, document):
    source.document = document
    for _ in range(50):
        with pytest.raises(IssuerUnreachable):
            keys.find("a")
    assert source.asked == 1


def test_a_key_that_cant_be_read_takes_none_of_the_others_along(keys, source):
    source.document = json.dumps({"keys": [{"kid": "b", "kty": "RSA"}, PUBLIC | {"kid": "a"}]}).encode()

    assert keys.find("a") is not None
