"""The files of docs/deploy/, each given to what it is written for."""

import contextlib
import http.client
import json
import re
import shutil
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.system.certificates import make_certificate, trusting
from tests.system.client import PATIENCE, dial, on_stage
from tests.system.manual import free_port
from tests.system.process import ROOT, ServerProcess

pytestmark = pytest.mark.system

DEPLOY = ROOT / "docs" / "deploy"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
SYSTEMD_ANALYZE = shutil.which("systemd-analyze")
AROUND = """\
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/greenroom.conf;
}}
"""


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Put what is here in the place of what is on the machine that a file is written for."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def configure(folder: Path, server: ServerProcess, port: int) -> None:
    certificate, key = make_certificate(folder)
    text = changed(
        (DEPLOY / "nginx.conf").read_text(),
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("127.0.0.1:8765", f"127.0.0.1:{server.port}"),
        ("/etc/greenroom/chain.pem", str(certificate)),
        ("/etc/greenroom/key.pem", str(key)),
    )
    (folder / "greenroom.conf").write_text(text)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))


class Front(ServerProcess):
    """What clients reach in the place of a server: it has no process and no log of its own."""

    def __init__(self, port: int, trust: ssl.SSLContext) -> None:
        self.url, self.port, self.trust = f"https://127.0.0.1:{port}", port, trust


@pytest.fixture(scope="module")
def server(launch):
    (trusted,) = re.findall(r"`(trusted_proxies = .*?)`", (ROOT / "docs" / "operate.md").read_text())
    return launch("--demo", toml=f"{trusted}\n")


@pytest.fixture(scope="module")
def front(server, tmp_path_factory):
    """Put nginx with the page's configuration in front of the server."""
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    configure(folder, server, port)
    command = [NGINX, "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]
    nginx = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        front = Front(port, trusting(folder / "server.pem"))
        await_listener(front, nginx)
        yield front
    finally:
        nginx.terminate()
        _, told = nginx.communicate(timeout=PATIENCE)
    assert [line for line in told.splitlines() if "forbidden by rule" not in line] == []


def await_listener(front: Front, nginx: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while nginx.poll() is None and time.monotonic() < deadline:
        try:
            assert front.call("GET", "/readyz").status == 200
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nginx doesn't serve")


async def test_a_page_works_through_nginx(front, server):
    """Frames go both ways at once, and the page's origin is the server's own."""
    async with on_stage(front, server.known("demo"), headers={"Origin": front.url}) as client:
        run = (await client.message({"say": "seen at once", "chunks": 2}, {"hang": True}))["run_id"]
        await client.event("message_delta", run)
        await client.request("cancel", run_id=run)
        assert (await client.ended(run))["data"]["outcome"] == "cancelled"
    with pytest.raises(InvalidStatus) as refused:
        await dial(front, token=server.known("demo").token, headers={"Origin": "https://elsewhere.example"})
    assert refused.value.response.status_code == 403


def logged(server: ServerProcess, text: str) -> list[dict[str, Any]]:
    """Return the log's lines that hold a text, once there is one: a request is logged after its answer."""
    deadline = time.monotonic() + PATIENCE
    while not (lines := [line for line in server.log.splitlines() if text in line]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return [json.loads(line) for line in lines]


def test_nginx_says_for_whom_it_asks(front, server):
    forged = {"X-Forwarded-For": "203.0.113.9"}
    connection = http.client.HTTPSConnection(
        "127.0.0.1", front.port, timeout=PATIENCE, context=front.trust, source_address=("127.0.0.2", 0)
    )
    with contextlib.closing(connection):
        connection.request("GET", "/v1/me?who", headers=forged)
        assert connection.getresponse().status == 401
    assert [request["address"] for request in logged(server, '"/v1/me')] == ["127.0.0.2"]


def test_nginx_keeps_the_metrics_inside(front, server):
    assert front.call("GET", "/metrics").status == 403
    assert server.call("GET", "/metrics").status == 200


@pytest.mark.skipif(SYSTEMD_ANALYZE is None, reason="there is no systemd here to ask")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    entry = Path(sys.executable).parent / "greenroom"
    unit = changed((DEPLOY / "greenroom.service").read_text(), ("/opt/greenroom/venv/bin/greenroom", str(entry)))
    (tmp_path / "greenroom.service").write_text(unit)
    done = subprocess.run(
        [SYSTEMD_ANALYZE, "verify", tmp_path / "greenroom.service"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_image_is_made_of_what_is_there():
    sources = re.findall(r"^COPY (?!--from)(.*) \S+$", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    copied = {name for line in sources for name in line.split()}
    assert {"actors", "config", "server", "docs", "setup.cfg"} <= copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
