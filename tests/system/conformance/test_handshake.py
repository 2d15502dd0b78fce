"""The opening handshake: RFC 6455, 4.2."""

import base64

import pytest

from tests.system.bare import Bare, dial_bare, request

pytestmark = pytest.mark.system

KEY = base64.b64encode(bytes(range(16))).decode()
# Which headers are otherwise, and what is answered.
HANDSHAKES = {
    "as it must be": ({}, 101),
    "upgrade among other options": ({"Connection": "keep-alive, Upgrade"}, 101),
    "upgrade in capitals": ({"Upgrade": "WebSocket", "Connection": "UPGRADE"}, 101),
    "the key of the RFC": ({"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}, 101),
    "an empty item": ({"Connection": ", upgrade,"}, 101),
    "an option that only ends so": ({"Connection": "not-upgrade"}, 426),
    "no connection header": ({"Connection": None}, 426),
    "no upgrade header": ({"Upgrade": None}, 426),
    "an upgrade to something else": ({"Upgrade": "h2c"}, 426),
    "no version": ({"Sec_WebSocket_Version": None}, 426),
    "an older version": ({"Sec_WebSocket_Version": "8"}, 426),
    "two versions": ({"Sec_WebSocket_Version": "13, 8"}, 426),
    "no key": ({"Sec_WebSocket_Key": None}, 400),
    "a key that is too short": ({"Sec_WebSocket_Key": KEY[:-4]}, 400),
    "a key that isn't base64": ({"Sec_WebSocket_Key": "*" * 24}, 400),
    "no host": ({"Host": None}, 400),
}


@pytest.mark.parametrize(("headers", "status"), HANDSHAKES.values(), ids=HANDSHAKES)
def test_a_handshake_is_answered(judged, headers, status):
    """A right one's answer is looked through by the client itself."""
    with dial_bare(judged, judged.known("demo").token, **headers) as bare:
        assert bare.head.status == status
        assert ("upgrade" in bare.head.headers) == (status in (101, 426) and "Sec_WebSocket_Version" not in headers)
        assert ("sec-websocket-version" in bare.head.headers) == ("Sec_WebSocket_Version" in headers)


@pytest.mark.parametrize("line", [b"POST /v1/ws HTTP/1.1", b"GET /v1/ws HTTP/1.0"])
def test_only_a_get_of_http_1_1_is_upgraded(judged, line):
    sent = request(judged.port, Authorization=f"Bearer {judged.known('demo').token}")
    with Bare(judged.port, line + sent[sent.index(b"\r\n") :]) as bare:
        assert bare.head.status == 426


@pytest.mark.parametrize("offered", ["greenroom.v1", "other, greenroom.v1", "greenroom.v1,bearer.x"])
def test_our_subprotocol_is_echoed_alone(judged, offered):
    with dial_bare(judged, judged.known("demo").token, Sec_WebSocket_Protocol=offered) as bare:
        assert bare.head.headers["sec-websocket-protocol"] == "greenroom.v1"


@pytest.mark.parametrize("offered", [None, "other", "greenroom.v10", "Greenroom.v1"])
def test_no_other_subprotocol_is_echoed(judged, offered):
    with dial_bare(judged, judged.known("demo").token, Sec_WebSocket_Protocol=offered) as bare:
        assert "sec-websocket-protocol" not in bare.head.headers
