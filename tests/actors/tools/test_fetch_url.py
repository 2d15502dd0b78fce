"""A page of the public web is read, within bounds, and nothing that isn't public is so much as connected to."""

import gzip
import socket
import time
import tracemalloc
import zlib
from contextlib import closing
from ipaddress import ip_address

import pytest

from actors.tools.errors import BadArguments, ToolFailed
from actors.tools.fetch_url import fetch_url
from actors.tools.lending import ToolUser
from actors.tools.performing import perform
from actors.tools.web import bodies, pages
from actors.tools.web.addresses import is_public
from actors.tools.web.fetcher import MAX_BYTES, Fetcher
from config.settings import Settings
from tests.actors.tools.websites import LOOPBACK, Website
from tests.system.certificates import make_certificate

HTML = b"""<!doctype html><html><head><title> The
  house </title><style>p { color: red }</style></head><body><script>alert(1)</script>
<h1>A house</h1><p>It has a <b>red</b> roof<br>and a door.</p><ul><li>one<li>two</ul>
<table><tr><td>rooms</td><td>5</td></tr></table></body></html>"""


@pytest.fixture
def website():
    with closing(Website()) as website:
        yield website


def failure(fetch, *arguments):
    with pytest.raises(ToolFailed) as caught:
        fetch(*arguments)
    return caught.value.code


def test_a_page_is_read_as_a_person_would(website):
    page = website.fetcher().fetch(website.says("/", HTML, Content_Type="text/html; charset=utf-8"))
    assert page == (
        f"http://pages.example:{website.port}/",
        "The house",
        "A house\nIt has a red roof\nand a door.\none\ntwo\nrooms 5",
    )
    path, headers = website.asked[0]
    assert (path, headers["Host"]) == ("/", f"pages.example:{website.port}")


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "shift-jis", "none-such"])
def test_text_is_read_in_its_charset(website, charset):
    encoded = "Ä name".encode("utf-8" if charset in ("none-such", "shift-jis") else charset)
    url = website.says("/a?b=%20c", encoded, Content_Type=f"text/plain; charset={charset}")
    said = website.fetcher().fetch(url).text
    assert said.endswith("name")
    assert charset == "shift-jis" or said == "Ä name"
    assert website.asked[0][0] == "/a?b=%20c"


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_a_compressed_page_is_read(website, compress):
    encoding = "gzip" if compress is gzip.compress else "deflate"
    url = website.says("/", compress(b"hello"), Content_Type="text/plain", Content_Encoding=encoding)
    assert website.fetcher().fetch(url).text == "hello"


def test_a_redirect_is_followed_to_where_it_leads(website):
    website.says("/there", b"found", Content_Type="text/plain")
    page = website.fetcher().fetch(website.says("/", b"", 302, Location="/there#part"))
    assert page == (f"http://pages.example:{website.port}/there", "", "found")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "0.0.0.0", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "169.254.169.254"),
        *("2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "localhost", "224.0.0.1", "240.0.0.1"),
        *(
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:169.254.169.254]",
            "[::ffff:a00:1]",
            "[fe80::1]",
            "[fd00::1]",
        ),
        *("[fec0::1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[2001:0:1::1]", "[ff02::1]"),
        *("[::7f00:1]", "255.255.255.255", "198.18.0.1", "192.0.2.1"),
    ],
)
def test_what_is_not_public_is_not_fetched(host):
    assert failure(Fetcher().fetch, f"http://{host}/") in ("not_public", "bad_url")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "017700000001", "[::ffff:127.0.0.1]", "localhost"]
)
def test_nothing_that_is_private_is_connected_to(website, host):
    """The server is there, and would be reached by each of these names."""
    website.says("/", b"secret", Content_Type="text/plain")
    fetcher = Fetcher(ports=(website.port,))
    assert failure(fetcher.fetch, f"http://{host}:{website.port}/") == "not_public"
    assert website.asked == []


@pytest.mark.parametrize(
    "address",
    [
        *("::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:1::1", "fec0::1"),
        *(
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "ff0e::1",
            "240.0.0.1",
            "0.0.0.0",
            "::",
            "::7f00:1",
            "fe80::1%lo",
        ),
    ],
)
def test_private_addresses_are_private_in_whatever_they_are_wrapped(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_public(address):
    assert is_public(ip_address(address))


def test_a_host_with_one_private_address_among_public_ones_is_refused(website):
    fetcher = Fetcher(lambda *_: [ip_address("8.8.8.8"), LOOPBACK], ports=(website.port,))
    assert failure(fetcher.fetch, f"http://two.example:{website.port}/") == "not_public"


def test_a_name_that_changes_its_address_is_connected_to_where_it_was_checked(website):
    website.says("/", b"checked", Content_Type="text/plain")
    answers = iter([[LOOPBACK]])  # A second look-up would find no answer.
    fetcher = Fetcher(lambda *_: next(answers), lambda address: address == LOOPBACK, (website.port,))
    assert fetcher.fetch(f"http://rebinding.example:{website.port}/").text == "checked"


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://10.0.0.1/", "not_public"),
        ("http://169.254.169.254/latest/meta-data/", "not_public"),
        ("http://[::1]/", "not_public"),
        ("//192.168.0.1/", "not_public"),
        ("file:///etc/passwd", "bad_url"),
        ("gopher://pages.example/", "bad_url"),
        ("http://me:secret@pages.example/", "bad_url"),
        ("http://[nonsense/", "bad_url"),
        ("/", "too_many_redirects"),
    ],
)
def test_a_redirect_is_checked_like_the_first_address(website, location, code):
    url = website.says("/", b"", 302, Location=location)
    assert failure(website.fetcher().fetch, url) == code


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://example.com/", "file:///etc/passwd", "example.com", "", "http://", "http:///x", "javascript:alert(1)"),
        *(
            "http://user@example.com/",
            "http://user:word@example.com/",
            "http://example.com:22/",
            "https://example.com:80x/",
        ),
        *("http://example.com:99999/", "http://exa mple.com/", "http://\0/", "http://[::1", "http://a\r\nHost: b/"),
    ],
)
def test_what_is_no_address_of_a_page_is_refused_before_anything_is_looked_up(url):
    def resolve(*_):
        raise AssertionError("it was looked up")

    assert failure(Fetcher(resolve).fetch, url) == "bad_url"


def test_a_page_that_is_too_large_is_cut_and_says_so(website):
    def endless(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/plain")
        handler.end_headers()
        while True:
            handler.wfile.write(b"word " * 10_000)

    text = website.fetcher().fetch(website.does("/", endless)).text
    assert text.endswith("\n\n[Cut off here: the page is longer.]")
    assert len(text) <= pages.MAX_CHARACTERS + 40


def test_no_more_is_read_than_may_be():
    def endless():
        while True:
            read.append(1)
            yield b"x" * 65_536

    read = []
    assert bodies.read(endless(), "", MAX_BYTES) == (b"x" * MAX_BYTES, True)
    assert len(read) == MAX_BYTES // 65_536 + 1


@pytest.mark.parametrize("chunk", [1024, 10**9])
def test_a_bomb_is_inflated_no_further_than_may_be(chunk):
    """Sixty-four mebibytes of nothing take 64 KiB to say."""
    bomb = gzip.compress(b"\0" * 2**26)
    pieces = [bomb[start : start + chunk] for start in range(0, len(bomb), chunk)]
    tracemalloc.start()
    assert bodies.read(pieces, "gzip", 1000) == (b"\0" * 1000, True)
    (_, peak), _ = tracemalloc.get_traced_memory(), tracemalloc.stop()
    assert peak < 2**20


def test_compressed_blocks_that_hold_nothing_are_counted_too():
    def endless():
        yield b"\x78\x9c"
        while len(read) < 10_000:
            read.append(1)
            yield b"\0\0\0\xff\xff"

    read = []
    assert bodies.read(endless(), "deflate", 1000) == (b"", True)
    assert len(read) <= 200


def test_a_bomb_on_the_wire_is_cut(website):
    bomb = gzip.compress(b"word " * 20_000_000)
    url = website.says("/", bomb, Content_Type="text/plain", Content_Encoding="gzip")
    assert website.fetcher().fetch(url).text.endswith("[Cut off here: the page is longer.]")


@pytest.mark.parametrize("where", ["head", "body", "nothing"])
def test_a_page_that_drips_is_given_up_at_the_deadline(website, where):
    def drip(handler):
        if where == "nothing":
            time.sleep(30)
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + b"\r\n" * (where == "body"))
        while True:
            handler.wfile.write(b"X-A: b\r\n")
            time.sleep(0.05)

    begun = time.monotonic()
    assert failure(website.fetcher(seconds=0.5).fetch, website.does("/", drip)) == "timeout"
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"Content_Type": "application/pdf"}, b"%PDF-1.7", "not_text"),
        ({"Content_Type": "text/plain"}, b"a\0b", "not_text"),
        ({}, b"who knows", "not_text"),
        ({"Content_Type": "text/plain", "Content_Encoding": "br"}, b"xx", "unreadable"),
        ({"Content_Type": "text/plain", "Content_Encoding": "gzip"}, b"not gzip", "unreadable"),
        ({"Content_Type": "text/plain", "Content_Encoding": "gzip, gzip"}, b"", "unreadable"),
    ],
)
def test_what_is_no_text_is_refused(website, headers, body, code):
    assert failure(website.fetcher().fetch, website.says("/", body, **headers)) == code


@pytest.mark.parametrize("status", [204, 400, 401, 404, 500, 599, 302])
def test_a_status_that_is_no_page_is_told(website, status):
    assert failure(website.fetcher().fetch, website.says("/", b"", status)) == "http_error"


def test_a_server_that_speaks_no_http_or_is_not_there_is_told(website):
    assert (
        failure(website.fetcher().fetch, website.does("/", lambda handler: handler.wfile.write(b"220 ftp\r\n")))
        == "unreadable"
    )
    with socket.socket() as bound:  # Nobody listens.
        bound.bind(("127.0.0.1", 0))
        url = f"http://pages.example:{bound.getsockname()[1]}/"
        assert failure(website.fetcher().fetch, url) == "unreachable"


def test_a_certificate_is_checked_against_the_name_that_was_asked_for(tmp_path, monkeypatch):
    certificate, key = make_certificate(tmp_path)  # It is one of 127.0.0.1.
    with closing(Website(certificate, key)) as website:
        url = website.says("/", b"sealed", Content_Type="text/plain").replace("http:", "https:")
        assert failure(website.fetcher().fetch, url) == "untrusted"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert failure(website.fetcher().fetch, url) == "untrusted"
        assert website.fetcher().fetch(url.replace("pages.example", "127.0.0.1")).text == "sealed"


def test_a_page_of_many_tags_in_one_another_is_read():
    assert pages.readable(b"<div>" * 5_000 + b"deep", "text/html", cut_off=False).text == "deep"


def test_the_tool_reaches_nothing_private_and_has_a_process_of_its_own(website):
    website.says("/", b"secret", Content_Type="text/plain")
    assert failure(perform, fetch_url, {"url": "http://127.0.0.1/"}, ToolUser("ana"), {}) == "not_public"
    assert fetch_url.isolation == "process"
    with pytest.raises(BadArguments):
        fetch_url.bind({"url": "http://example.com/" + "x" * 2_000})


def test_it_is_off_unless_the_settings_name_it():
    assert not [path for path in Settings().tools if "fetch_url" in path]
