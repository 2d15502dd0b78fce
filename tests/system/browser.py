"""A headless Chromium, driven over its debugging socket."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import connect

START_SECONDS = 30.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)


class Browser:
    """One browser with one page, from ``with`` to its end."""

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self._log = profile / "stderr.log"
        self._ids = itertools.count(1)
        self._ending = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with self._log.open("wb") as stderr:
            self._process = subprocess.Popen(
                ["chromium", *FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
            )
        self._ending.callback(self._end_process)
        page = self._page(self._profile / "DevToolsActivePort")
        self._socket = self._ending.enter_context(connect(page, max_size=None, proxy=None))
        self.ask("Runtime.enable")
        self.ask("Page.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def _end_process(self) -> None:
        """End it and all that it started, by the group that is its own."""
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _page(self, port_file: Path) -> str:
        """Return the page's debugging address, once the browser tells."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self._log.read_text()
            if port_file.exists() and (lines := port_file.read_text().split()):
                with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json") as listed:
                    pages = [place for place in json.load(listed) if place["type"] == "page"]
                if pages:
                    return pages[0]["webSocketDebuggerUrl"]
            time.sleep(0.05)
        raise AssertionError(f"the browser didn't start: {self._log.read_text()}")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Have a command of the debugging protocol done."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        answer = self._await(lambda message: message.get("id") == number)
        assert "error" not in answer, answer
        return answer["result"]

    def _await(self, wanted: Any) -> dict[str, Any]:
        while True:
            message = json.loads(self._socket.recv(timeout=START_SECONDS))
            if wanted(message):
                return message

    def open(self, url: str) -> None:
        """Go to a page and wait for it."""
        self.ask("Page.navigate", url=url)
        self._await(lambda message: message.get("method") == "Page.loadEventFired")

    def evaluate(self, expression: str) -> Any:
        """Return what an expression of the page comes to, awaited where it is a promise."""
        answer = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")
