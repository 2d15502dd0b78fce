"""Who may open a socket: credentials, origins, and how often a client may speak."""

import base64

import pytest

from server.sockets.bucket import PATIENCE, Bucket
from server.sockets.credentials import Credential, MisplacedToken, credential
from server.sockets.origins import is_allowed

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln"


def bearer(token):
    return "greenroom.v1, bearer." + base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, None),
        ({"HTTP_AUTHORIZATION": f"Bearer {JWT}"}, Credential(JWT, is_ticket=False)),
        ({"HTTP_AUTHORIZATION": "Basic eHg="}, None),
        ({"HTTP_SEC_WEBSOCKET_PROTOCOL": bearer(JWT)}, Credential(JWT, is_ticket=False)),
        ({"QUERY_STRING": "ticket=abc"}, Credential("abc", is_ticket=True)),
        (
            {"HTTP_AUTHORIZATION": f"bearer {JWT}", "QUERY_STRING": "ticket=abc"},
            Credential(JWT, is_ticket=False),
        ),
    ],
)
def test_the_first_credential_counts(environ, found):
    assert credential(environ) == found


@pytest.mark.parametrize("query", [f"token={JWT}", f"ticket={JWT}", f"x=1&y={JWT}"])
def test_an_access_token_in_the_query_is_refused_even_beside_a_good_one(query):
    with pytest.raises(MisplacedToken):
        credential({"QUERY_STRING": query, "HTTP_AUTHORIZATION": f"Bearer {JWT}"})


def test_a_bearer_subprotocol_that_is_no_base64url_is_refused():
    with pytest.raises(MisplacedToken):
        credential({"HTTP_SEC_WEBSOCKET_PROTOCOL": "greenroom.v1, bearer.ä!"})


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("http://chat.example:8765", True),
        ("https://CHAT.example:8765", True),
        ("https://friend.example", True),
        ("http://chat.example", False),
        ("http://chat.example:8766", False),
        ("http://evil.example", False),
        ("http://chat.example:8765.evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_an_origin_is_the_same_host_and_port_or_on_the_list(origin, allowed):
    environ = {"HTTP_HOST": "chat.example:8765"} | ({} if origin is None else {"HTTP_ORIGIN": origin})
    assert is_allowed(environ, ("https://friend.example",)) is allowed


def test_a_bucket_gives_its_burst_and_then_its_rate():
    bucket = Bucket(rate=20, burst=40, now=0.0)
    assert [bucket.take(1.0, 0.0) for _ in range(40)] == [0.0] * 40
    assert bucket.take(1.0, 0.0) == pytest.approx(0.05)
    assert bucket.take(1.0, 0.06) == 0.0


def test_a_bucket_holds_no_more_than_its_burst():
    bucket = Bucket(rate=20, burst=2, now=0.0)
    assert [bucket.take(1.0, 1000.0) == 0.0 for _ in range(3)] == [True, True, False]


def test_patience_ends_with_a_hundred_refusals_in_ten_seconds():
    bucket = Bucket(rate=1, burst=1, now=0.0)
    assert [bucket.refused(number * 0.05) for number in range(PATIENCE)] == [False] * (PATIENCE - 1) + [True]
    slow = Bucket(rate=1, burst=1, now=0.0)
    assert not any(slow.refused(number * 0.2) for number in range(3 * PATIENCE))
