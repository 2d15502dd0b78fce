"""Clients of other makers judge the server: what they find wrong, they close with, or say.

Each connects with a token in every way it can, has texts echoed by the application's ``ping``, sends one in fragments
and a ping of the protocol, compresses where it can, and ends in each of three ways.
"""

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.system.pages import refusal

pytestmark = pytest.mark.system

HERE = Path(__file__).parent / "judges"
DEBIAN_PYTHON = "/usr/bin/python3"
SECONDS = 20.0
COMMANDS = {
    "ws": ["node", HERE / "ws_judge.js"],
    "websockets": [sys.executable, HERE / "websockets_judge.py"],
    "websocket-client": [sys.executable, HERE / "websocket_client_judge.py"],
    "autobahn": [DEBIAN_PYTHON, HERE / "autobahn_judge.py"],
}
TEXTS = ["", "short", "grüße \u20ac \U0001f9d1\u200d\U0001f680", "long " * 2000, "€" * 20_000]
ENDS = {
    "close": [3001, "done"],
    "binary": [1003, "binary frames aren't part of the protocol"],
    "wait": [4001, "the login was revoked"],
}


def bring(server, by: str, token: str) -> dict[str, Any]:
    """Return an order that says how to connect."""
    order = {"url": server.ws_url, "protocols": ["greenroom.v1"], "headers": {}}
    if by == "header":
        order["headers"] = {"Authorization": f"Bearer {token}"}
    elif by == "subprotocol":
        order["protocols"].append("bearer." + base64.urlsafe_b64encode(token.encode()).decode().rstrip("="))
    else:
        ticket = server.call("POST", "/v1/ws-ticket", token=token).json["ticket"]
        order["url"] += f"?ticket={ticket}"
    return order


def log_out(server, login) -> None:
    assert server.call("POST", "/v1/logout", token=login.token).status == 204


def run_judge(judge: str, order: dict[str, Any], waiting: Callable[[], None]) -> dict[str, Any]:
    """Have a judge of its own process visit; ``waiting`` is called where it waits for the server to close."""
    command = [str(part) for part in COMMANDS[judge]]
    with subprocess.Popen([*command, json.dumps(order)], stdout=subprocess.PIPE, text=True) as process:
        deadline = threading.Timer(SECONDS, process.kill)
        deadline.start()
        line = process.stdout.readline()
        if line == "waiting\n":
            waiting()
            line = process.stdout.readline()
        deadline.cancel()
    assert process.returncode == 0, f"{judge} didn't come to an end"
    return json.loads(line)


def run_browser(page: Page, order: dict[str, Any], waiting: Callable[[], None]) -> dict[str, Any]:
    """Have the browser visit, from a page of the server's own."""
    visit = (HERE / "browser_judge.js").read_text()
    page.evaluate(f"""
        window.waiting = new Promise((resolve) => {{
            window.report = ({visit})({json.dumps(order)}, resolve);
        }});
        null
    """)
    if order["end"] == "wait":
        page.evaluate("window.waiting")
        waiting()
    return page.evaluate("window.report")


def order_for(server, judge: str, by: str, token: str, end: str) -> dict[str, Any]:
    """Return an order for a whole visit."""
    return bring(server, by, token) | {
        "compression": judge != "websocket-client",
        "texts": TEXTS,
        "fragmented": "in fragments €",
        "ping": "are you there?",
        "end": end,
        "code": 3001,
        "reason": "done",
    }


def check(report: dict[str, Any], order: dict[str, Any]) -> None:
    assert report["error"] is None
    assert report["protocol"] == "greenroom.v1"
    assert report["compression"] == order["compression"]
    assert report["echoes"] == TEXTS
    assert report["closed"] == ENDS[order["end"]]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("by", ["header", "subprotocol", "ticket"])
@pytest.mark.parametrize("judge", COMMANDS)
def test_a_judge_finds_no_fault(server, judge, by, end):
    login = server.login("demo2")
    order = order_for(server, judge, by, login.token, end)
    report = run_judge(judge, order, lambda: log_out(server, login))

    check(report, order)
    assert (report["fragmented"], report["pong"]) == (order["fragmented"], order["ping"])


@pytest.mark.parametrize("judge", ["ws", "websockets", "autobahn"])
def test_a_judge_that_offers_no_compression_finds_no_fault(server, judge):
    order = order_for(server, judge, "header", server.known("demo2").token, "close") | {"compression": False}
    report = run_judge(judge, order, lambda: None)

    check(report, order)
    assert (report["fragmented"], report["pong"]) == (order["fragmented"], order["ping"])


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("by", ["subprotocol", "ticket"])
def test_a_browser_finds_no_fault(server, people, by, end):
    """It lets no page set headers."""
    login = server.login("demo2")
    order = order_for(server, "chromium", by, login.token, end)
    person = people(server)
    person.expect(refusal(404))  # It looks for an icon, which only the pages name.
    report = run_browser(person.open("/healthz"), order, lambda: log_out(server, login))

    check(report, order)
