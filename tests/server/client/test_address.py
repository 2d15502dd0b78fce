import pytest

from server.client.address import Address


def test_an_address_leads_to_the_calls_and_the_socket():
    plain, secure = Address.of("http://127.0.0.1:8765/"), Address.of("https://agents.example.com")

    assert (plain.base, plain.socket) == ("http://127.0.0.1:8765", "ws://127.0.0.1:8765/v1/ws")
    assert (secure.base, secure.socket) == ("https://agents.example.com", "wss://agents.example.com/v1/ws")


def test_this_machine_is_known():
    here = ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"]

    assert [Address.of(url).is_here for url in [*here, "http://example.com"]] == [True, True, True, False]


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8765", "ftp://x", "http://", "http://x/path", "http://x?a=1", "http://a:b@x", "http://x:port"],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ValueError, match=r"must look like|[Pp]ort"):
        Address.of(url)
