"""A headless Chromium with real pages, and people who use them: what no page may do is checked at each one's end."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    WebSocketRoute,
    expect,
    sync_playwright,
)

from tests.system.client import script
from tests.system.process import ServerProcess

PATIENCE_MS = 20_000
"""How long a page may take to show what is expected: long, for busy machines."""
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
AXE = Path(__file__).parent / "judges" / "node_modules" / "axe-core" / "axe.min.js"
LOST_LINE = r"WebSocket connection to|Failed to load resource: net::ERR_"
"""What Chromium itself says of a server that is away."""


def refusal(status: int) -> str:
    """Return what Chromium itself says of an answer with that status."""
    return f"Failed to load resource: the server responded with a status of {status} "


class Person:
    """Somebody with a browser profile of their own and any number of tabs."""

    def __init__(self, context: BrowserContext, server: ServerProcess) -> None:
        self.context = context
        self.server = server
        self.addresses: list[str] = []
        self.complaints: list[str] = []
        self._expected: list[str] = []
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: self.addresses.append(request.url))
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("page", lambda page: page.on("websocket", lambda socket: self.addresses.append(socket.url)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def expect(self, *patterns: str) -> None:
        """Say what the console may complain of; everything else is a fault."""
        self._expected += patterns

    def open(self, path: str = "/") -> Page:
        """Open a tab."""
        page = self.context.new_page()
        page.goto(self.server.url + path)
        return page

    def enter(self, username: str = "demo", path: str = "/") -> Page:
        """Open a tab and log in."""
        page = self.open(path)
        log_in(page, username)
        return page

    def check(self) -> None:
        """Assert that nothing went wrong in the page, and that it asked nobody but its server for anything."""
        faults = [said for said in self.complaints if not any(re.search(known, said) for known in self._expected)]
        assert not faults, "\n".join(faults)
        hosts = {urlsplit(address).netloc for address in self.addresses if address.startswith(("http", "ws"))}
        assert hosts <= {urlsplit(self.server.url).netloc}, hosts


def log_in(page: Page, username: str, password: str | None = None) -> None:
    """Fill in the login form; the demo accounts' names are their passwords."""
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(username if password is None else password)
    page.get_by_role("button", name="Log in").click()


def say(page: Page, text: str) -> None:
    """Write a message and send it with the keyboard."""
    box = page.get_by_role("textbox", name="Message")
    box.fill(text)
    box.press("Enter")


def perform(page: Page, *steps: dict[str, Any]) -> Locator:
    """Send a script to the rehearsal agent; returns the card of its run."""
    text = script(*steps)
    say(page, text)
    card = page.get_by_test_id("run").filter(has_text=text[:40]).last
    expect(card).to_be_visible()
    return card


def activity(run: Locator) -> Locator:
    """The line that says where a run stands."""
    return run.locator(".activity")


def answer(run: Locator) -> Locator:
    """What a run has said so far."""
    return run.get_by_test_id("answer")


def session_of(page: Page) -> str:
    """Return the session that the page's address names."""
    page.wait_for_url(re.compile("#s_"))
    return page.url.partition("#")[2]


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page as it is, for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    print(f"screenshot: {path}")  # noqa: T201 - whoever runs the test is told where it is


def check_accessibility(page: Page) -> None:
    """Have axe-core look at the page; nothing that it calls serious or critical may be there."""
    # Evaluated and not added as a script element, which the page's policy would rightly refuse.
    page.evaluate(AXE.read_text())
    report = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    grave = [found for found in report["violations"] if found["impact"] in ("serious", "critical")]
    shown = [f"{found['id']}: {found['help']}: {[node['html'] for node in found['nodes']]}" for found in grave]
    assert not grave, "\n".join(shown)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module.

    Not for the session: while it runs, Playwright's loop counts as the thread's running one, and tests that are
    coroutines couldn't have their own.
    """
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def people(browser: Browser) -> Iterator[Any]:
    """Make persons: ``people(server, **options)``; the options are those of a browser context."""
    here: list[Person] = []

    def arrive(server: ServerProcess, **options: Any) -> Person:
        context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
        here.append(Person(context, server))
        return here[-1]

    yield arrive
    for person in here:
        person.context.close()
    for person in here:
        person.check()


class Line:
    """What a person's sockets go through: it can be cut and mended, and what the server says on it can be held up.

    Make it before a page is opened.
    """

    def __init__(self, person: Person) -> None:
        self._cut = False
        self._routes: list[WebSocketRoute] = []
        self._held: list[Callable[[], None]] | None = None
        person.context.route_web_socket(re.compile("/v1/ws"), self._connect)

    def _connect(self, route: WebSocketRoute) -> None:
        if self._cut:
            route.close(code=1011)
            return
        server = route.connect_to_server()
        server.on_message(lambda frame: self._pass_on(partial(route.send, frame)))
        self._routes += [route, server]

    def _pass_on(self, send: Callable[[], None]) -> None:
        if self._held is None:
            send()
        else:
            self._held.append(send)

    def hold(self) -> None:
        """Hold up what the server says."""
        self._held = []

    def release(self) -> None:
        """Pass on what was held up, and hold up no more."""
        held, self._held = self._held or [], None
        for send in held:
            send()

    def cut(self) -> None:
        self._cut = True
        for route in self._routes:
            route.close(code=1011)
        self._routes.clear()

    def mend(self) -> None:
        self._cut = False


@contextmanager
def offline(person: Person) -> Iterator[None]:
    """Take the network away for a while."""
    person.expect(LOST_LINE)
    person.context.set_offline(True)
    yield
    person.context.set_offline(False)
