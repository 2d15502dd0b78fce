"""The chat page for everybody: with a keyboard alone, with a screen reader, in the dark, on a phone.

A picture of each state is kept in `build/screenshots` for people to look at.
"""

import pytest
from playwright.sync_api import Page, expect

from tests.system.accounts import add_accounts
from tests.system.pages import DESKTOP, PHONE, Line, check_accessibility, log_in, perform, refusal, say, shoot

pytestmark = pytest.mark.system

ANSWER = """# What I found

The **three** sources agree, with one *caveat*: see `config/limits.py`.

1. First the log is written
   - then shown
2. Then [the protocol](https://example.org/) says so

```python
def answer(question: str) -> str:
    return "42"
```

| city | degrees |
| --- | ---: |
| Oslo | 3 |
| Rome | 18 |

> A quoted line, for good measure.
"""
STEPS = [
    {"think": "Looking for the three sources, and weighing them against each other"},
    {"tool": "echo", "arguments": {"value": {"sources": [1, 2, 3]}}},
    {"tool": "fail", "arguments": {"message": "There is no such file"}},
    {"crash": "the model went away", "until_attempt": 1},
    {"say": ANSWER, "chunks": 30, "every_ms": 10},
]
SCREENS = {
    "desktop-light": {"viewport": DESKTOP},
    "desktop-dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone-light": {"viewport": PHONE, "is_mobile": True, "has_touch": True},
    "phone-dark": {"viewport": PHONE, "is_mobile": True, "has_touch": True, "color_scheme": "dark"},
}


def look(page: Page, screen: str, state: str) -> None:
    """Keep a picture, and have the state judged."""
    shoot(page, f"chat-{screen}-{state}")
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{state} is wider than the screen"


@pytest.fixture(scope="module")
def stage(launch):
    """A server with somebody new for each screen, and one with a keyboard alone."""
    return launch("--demo", prepare=lambda data_dir: add_accounts(data_dir, [*SCREENS, "keys"]))


@pytest.mark.parametrize("screen", SCREENS)
def test_every_state_is_open_to_everybody(stage, people, screen):
    person = people(stage, **SCREENS[screen])
    person.expect(refusal(401))
    line = Line(person)
    page = person.open()
    log_in(page, screen, "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, screen, "1-login")
    log_in(page, screen)
    expect(page.get_by_test_id("empty")).to_be_visible()
    look(page, screen, "2-empty")
    run = perform(page, *STEPS)
    expect(run.locator(".activity")).to_contain_text("Done")
    run.locator(".call summary").first.click()
    look(page, screen, "3-answered")
    page.locator("#scroller").evaluate("box => { box.scrollTop = 0; }")
    look(page, screen, "4-steps")
    perform(page, {"think": "This may take a while"}, {"tool": "wait", "arguments": {"seconds": 60}})
    queued = perform(page, {"answer": "later"})
    expect(queued.get_by_test_id("remove-button")).to_be_visible()
    look(page, screen, "5-working")
    line.cut()
    expect(page.get_by_test_id("try-now")).to_be_visible()
    look(page, screen, "6-lost")
    line.mend()
    expect(page.get_by_test_id("banner")).to_be_hidden()
    page.get_by_role("button", name="Stop").click()
    expect(queued.locator(".activity")).to_contain_text("Done")
    if "phone" in screen:
        page.get_by_role("button", name="Conversations").click()
    look(page, screen, "7-list")
    page.get_by_test_id("session").first.hover()
    page.get_by_role("button", name="Delete").first.click()
    look(page, screen, "8-delete")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is where it should be."""
    words = "({ariaLabel, textContent}) => ariaLabel || textContent"
    for _ in range(30):
        if name in page.locator(":focus, html").last.evaluate(f"it => it.matches('html, body') ? '' : ({words})(it)"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} isn't reached with the Tab key")


def test_everything_can_be_done_with_the_keyboard_alone(stage, people):
    page = people(stage).open()
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type("keys")
    press(page, "Tab")
    page.keyboard.type("keys")
    press(page, "Enter")
    box = page.get_by_role("textbox", name="Message")
    expect(box).to_be_focused()
    page.keyboard.type("one line")
    press(page, "Shift+Enter")
    page.keyboard.type("and another")
    expect(box).to_have_value("one line\nand another")
    box.fill('{"steps": [{"think": "hm"}, {"hang": true}]}')
    press(page, "Enter")
    run = page.get_by_test_id("run")
    expect(run.locator("[data-event=agent_thinking]")).to_be_visible()
    expect(box).to_be_focused()
    press(page, "Escape")
    expect(run.locator(".activity")).to_contain_text("Stopped after")
    tab_to(page, "Stopped after")
    press(page, "Enter")
    expect(run.locator("[data-event=agent_thinking]")).to_be_hidden()
    page.reload()
    tab_to(page, "Delete “Rehearsal”")
    press(page, "Enter")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    press(page, "Tab", "Enter")

    expect(page.get_by_test_id("empty")).to_be_visible()


def test_what_happens_is_told_to_those_who_do_not_see_it(server, people):
    page = people(server).enter("demo2")
    expect(page.get_by_test_id("empty")).to_be_visible()
    page.evaluate("""() => {
        window.told = [];
        const region = document.querySelector("[aria-live=polite]");
        new MutationObserver(() => window.told.push(region.textContent)).observe(region, {childList: true});
    }""")
    say(page, "what is 17% of 2,340?")
    expect(page.get_by_test_id("announcer")).to_contain_text("17% of 2,340 is 397.8")

    told = page.evaluate("window.told")
    assert told[0] == "librarian started"
    assert "Using calculator" in told
    assert told[-1].startswith("Done in")


def test_a_drawer_on_a_phone_takes_the_focus_and_gives_it_back(server, people):
    page = people(server, **SCREENS["phone-light"]).enter()
    run = perform(page, {"hang": True})
    menu = page.get_by_role("button", name="Conversations")
    expect(page.get_by_role("button", name="New conversation")).to_have_count(0)
    menu.click()
    expect(page.get_by_role("button", name="Close the list")).to_be_focused()
    page.keyboard.press("Escape")

    expect(menu).to_be_focused()
    expect(run.locator(".activity")).to_contain_text("Working")
    page.get_by_role("button", name="Stop").click()
    expect(run.locator(".activity")).to_contain_text("Stopped")


def test_the_theme_that_was_chosen_is_kept(server, people):
    page = people(server).enter()
    page.get_by_role("button", name="Light or dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
