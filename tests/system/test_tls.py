"""The same server behind TLS."""

import asyncio
import json
import socket
import ssl
import time
from contextlib import suppress

import pytest
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from config.settings import Tls
from server.tls import tls_context
from tests.system.certificates import make_certificate, trusting
from tests.system.client import PATIENCE, dial, on_stage
from tests.system.process import run_greenroom

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def secure(launch, files):
    certificate, key = files
    toml = f'[tls]\ncertificate = "{certificate}"\nkey = "{key}"\n[timeouts]\nhttp_header = 1\nping_interval = 0.3\n'
    server = launch("--demo", toml=toml, trust=trusting(certificate))
    yield server
    assert server.faults() == []


def connected(server, **options):
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    return server.trust.wrap_socket(sock, server_hostname="127.0.0.1", **options)


async def test_a_message_gets_its_answer_over_wss(secure):
    said = "Überraschung \U0001f3ad " * 500
    async with on_stage(secure) as client:
        events = await client.perform({"say": said, "chunks": 50}, {"answer": said})
        await client.send("ping", t="x" * 60_000)
        pong = await client.wait_for(lambda frame: frame["type"] == "pong" and len(str(frame["t"])) == 60_000)

    assert secure.url.startswith("https://")
    assert events[-1]["data"]["text"] == said
    assert pong


async def test_what_is_larger_than_any_buffer_arrives_whole_and_in_order_at_a_reader_who_paused(secure):
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", secure.port))
    session = secure.new_session(secure.known("demo"))
    slow = await dial(secure, token=secure.known("demo").token, sock=narrow, server_hostname="127.0.0.1", max_queue=1)
    await slow.request("subscribe", session_id=session)
    slow.socket.transport.pause_reading()
    async with on_stage(secure) as client:
        steps = [{"tool": "big", "arguments": {"bytes": 100_000}}] * 60
        events = await client.perform(*steps, session_id=session)
        slow.socket.transport.resume_reading()
        await slow.ended(events[-1]["run_id"])

    assert slow.events() == events


async def test_a_hundred_messages_at_once_are_all_answered(secure):
    async with on_stage(secure) as client:
        for number in range(390):
            await client.send("ping", t=[number, "x" * 500])
        last = await client.wait_for(lambda frame: frame["type"] == "pong" and frame["t"][0] == 389)

    assert last
    assert [frame["t"][0] for frame in client.frames if frame["type"] == "pong"] == list(range(390))


@pytest.mark.parametrize("size", [1, 100, 5_000, 9_000, 40_000])
def test_what_comes_on_the_heels_of_the_handshake_is_heard_whatever_record_it_came_in(secure, size):
    protocol = ClientProtocol(parse_uri(secure.ws_url))
    request = protocol.connect()
    request.headers["Authorization"] = f"Bearer {secure.known('demo').token}"
    protocol.send_request(request)
    head = b"".join(protocol.data_to_send())
    frame = json.dumps({"type": "ping", "t": "x" * size}).encode()
    with connected(secure) as sock:
        # One write: what fits goes out in one record with the head.
        sock.sendall(head + masked(frame))
        seen = []
        while not any(said.get("t") == "x" * size for said in seen):
            protocol.receive_data(sock.recv(65536))
            seen += [json.loads(event.data) for event in protocol.events_received() if getattr(event, "data", b"")]

    assert seen[0]["type"] == "welcome"


def masked(data):
    length = len(data)
    size = bytes([0x80 | length]) if length < 126 else bytes([0xFE]) + length.to_bytes(2, "big")
    return b"\x81" + size + bytes(4) + data


async def test_the_close_of_each_side_is_the_others_too(secure):
    login = await asyncio.to_thread(secure.login, "demo2")
    async with on_stage(secure, login) as client:
        await asyncio.to_thread(secure.call, "POST", "/v1/logout", token=login.token)
        assert await client.close_code() == 4001
    before = secure.metric("connections")
    async with on_stage(secure):
        assert secure.metric("connections") == before + 1
    deadline = time.monotonic() + PATIENCE
    while secure.metric("connections") > before:
        assert time.monotonic() < deadline
    assert secure.metric("connections_closed_total", code="1000") >= 1


def test_a_client_of_plain_text_is_sent_away(secure):
    with socket.create_connection(("127.0.0.1", secure.port), timeout=PATIENCE) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        with suppress(ConnectionResetError):
            assert not sock.recv(4096).startswith(b"HTTP/1.1 ")
    assert secure.call("GET", "/healthz").status == 200


def test_a_handshake_that_doesnt_end_is_cut_off_and_holds_nobody_up(secure):
    with socket.create_connection(("127.0.0.1", secure.port), timeout=5) as sock:
        sock.sendall(b"\x16\x03\x01\x02\x00\x01")
        began = time.monotonic()
        assert secure.call("GET", "/healthz").status == 200
        assert time.monotonic() - began < 0.9
        assert sock.recv(4096) == b""


def test_a_client_that_vanishes_in_the_handshake_leaves_nothing(secure):
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", secure.port), timeout=5) as sock:
            sock.sendall(b"\x16\x03\x01\x02\x00\x01")
    deadline = time.monotonic() + PATIENCE
    while secure.metric("http_connections") > 1:
        assert time.monotonic() < deadline


def test_old_versions_and_renegotiation_are_refused(files):
    context = tls_context(Tls(certificate=files[0], key=files[1]))

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION


# Wrong settings.


def refused(tmp_path, toml):
    config = tmp_path / "tls.toml"
    config.write_text(f"[tls]\n{toml}")
    done = run_greenroom("serve", "--config", str(config), "--data-dir", str(tmp_path / "data"), "--port", "0")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()
    return done.stderr


def test_a_certificate_without_its_key_is_refused(tmp_path, files):
    assert "tls.certificate: set both, or none" in refused(tmp_path, f'certificate = "{files[0]}"\n')
    assert "tls.certificate: set both, or none" in refused(tmp_path, f'key = "{files[1]}"\n')


def test_files_that_arent_there_are_named(tmp_path):
    said = refused(tmp_path, f'certificate = "{tmp_path}/no.pem"\nkey = "{tmp_path}/no.key"\n')

    assert said.count("No such file") == 2
    for named in ("tls.certificate", "tls.key", "no.pem", "no.key", "tls.toml"):
        assert named in said


def test_a_key_that_is_anothers_or_no_key_is_said_plainly(tmp_path, files):
    other = make_certificate(tmp_path, "other")
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    for key in (other[1], nonsense, files[0]):
        said = refused(tmp_path, f'certificate = "{files[0]}"\nkey = "{key}"\n')
        assert "must be a certificate" in said
        assert str(key) in said
