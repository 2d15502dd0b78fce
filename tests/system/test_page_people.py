"""The chat page in several tabs and for several people, and how each of them comes in and goes out."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.system.pages import activity, answer, log_in, perform, refusal, say, session_of
from tests.system.runs import HANG, SLOW, WORDS

pytestmark = pytest.mark.system
TTL, GRACE = 3, 4
"""How many seconds an access token of `short_lived` is good for, and for how many a socket outlives it."""

# Several tabs, several people.


def test_two_tabs_stay_in_step(server, people):
    person = people(server)
    one = person.enter()
    run = perform(one, SLOW, HANG)
    other = person.context.new_page()
    other.goto(one.url)
    twin = other.get_by_test_id("run").last
    expect(answer(twin)).to_contain_text("word5")
    expect(answer(run)).to_have_text(WORDS)
    expect(answer(twin)).to_have_text(WORDS)
    other.get_by_role("button", name="Stop").click()
    expect(activity(run)).to_contain_text("Stopped after")
    say(one, "what is 2 + 2?")

    expect(answer(other.get_by_test_id("run").last)).to_contain_text("4")


def test_two_people_see_nothing_of_each_other(server, people):
    mine, theirs = people(server).enter("demo"), people(server).enter("demo2")
    secret = perform(mine, {"think": "the secret of demo"}, {"answer": "the secret is 4711"})
    expect(answer(secret)).to_have_text("the secret is 4711")
    public = perform(theirs, {"answer": "nothing to hide"})
    expect(answer(public)).to_have_text("nothing to hide")
    assert "secret" not in theirs.content()
    assert "nothing to hide" not in mine.content()
    listed = theirs.get_by_test_id("session").evaluate_all("rows => rows.map(row => row.dataset.sessionId)")
    assert session_of(theirs) in listed
    assert session_of(mine) not in listed


def test_anothers_conversation_is_as_one_that_does_not_exist(server, people):
    mine, stranger = people(server).enter("demo"), people(server)
    perform(mine, {"answer": "for demo alone"})
    stranger.expect(refusal(404))
    told = []
    for session_id in (session_of(mine), "s_never_was"):
        page = stranger.open() if told else stranger.enter("demo2")
        expect(page.get_by_test_id("empty")).to_be_visible()
        page.goto(f"{server.url}/#{session_id}")
        expect(page.get_by_test_id("notice")).to_be_visible()
        told.append(page.get_by_test_id("notice").inner_text())

    assert told[0] == told[1] == "That conversation isn't there any more."


def test_who_logs_out_in_one_tab_is_out_in_all_and_leaves_nothing(server, people):
    person = people(server)
    one = person.enter("demo2")
    say(one, "Remember that this stays between us")
    expect(one).to_have_title(re.compile("between us"))
    other = person.context.new_page()
    other.goto(one.url)
    expect(other.get_by_test_id("run")).to_contain_text("between us")
    one.get_by_role("button", name="Log out").click()

    for page in (one, other):
        expect(page.get_by_test_id("login-form")).to_be_visible()
        assert "between us" not in page.content() + page.title()
        assert page.evaluate("Object.keys(localStorage).filter(key => /login|outbox/.test(key))") == []


# The login.


def test_a_wrong_password_is_told_and_the_right_one_then_works(server, people):
    person = people(server)
    person.expect(refusal(401))
    page = person.open()
    log_in(page, "demo", "wrong")
    expect(page.get_by_role("alert")).to_have_text("That username and password don't match.")
    log_in(page, "demo")

    expect(page.get_by_test_id("empty")).to_be_visible()


@pytest.fixture(scope="module")
def short_lived(launch):
    """A server whose access tokens are soon over."""
    return launch("--demo", toml=f"[tokens]\naccess_ttl = {TTL}\nexpiry_grace = {GRACE}\n")


def await_expiry(page: Page) -> None:
    """Wait until the token that the page holds is no good any more."""
    page.evaluate("""async () => {
        const {access_token} = JSON.parse(localStorage.getItem("greenroom.login"));
        const headers = {Authorization: `Bearer ${access_token}`};
        const isGood = async () => (await fetch("/v1/me", {headers})).status !== 401;
        while (await isGood()) await new Promise((resolve) => setTimeout(resolve, 100));
    }""")


@pytest.mark.parametrize("locks", ["navigator.locks", "null"])
def test_two_tabs_that_refresh_an_expired_token_at_once_stay_logged_in(short_lived, people, locks):
    person = people(short_lived)
    person.expect(refusal(401), refusal(404))
    tabs = [person.open("/healthz"), person.open("/healthz")]
    tabs[0].evaluate("import('/static/greenroom.js').then(({Greenroom}) => new Greenroom().login('demo', 'demo'))")
    await_expiry(tabs[0])
    # Each begins at the same moment of the clock, five times over.
    moment = tabs[0].evaluate("Date.now() + 500")
    for tab in tabs:
        tab.evaluate(f"""() => {{
            window.asked = import("/static/greenroom.js").then(async ({{Greenroom}}) => {{
                const clients = Array.from({{length: 5}}, () => new Greenroom({{locks: {locks}}}));
                await new Promise((resolve) => setTimeout(resolve, {moment} - Date.now()));
                return Promise.all(clients.map((client) => client.call("GET", "/v1/me")));
            }});
            null
        }}""")
    answers = [me["username"] for tab in tabs for me in tab.evaluate("window.asked")]

    assert answers == ["demo"] * 10
    assert len([address for address in person.addresses if address.endswith("/v1/refresh")]) == 1


def test_a_page_outlives_its_tokens_on_one_connection(short_lived, people):
    person = people(short_lived)
    tabs = [person.enter(), person.open()]
    for tab in tabs:
        expect(tab.get_by_test_id("empty")).to_be_visible()
    run = perform(tabs[1], {"sleep_ms": 1000 * (TTL + GRACE + 1)}, {"answer": "still here"})

    expect(answer(run)).to_have_text("still here")
    assert any(address.endswith("/v1/refresh") for address in person.addresses)
    assert len([address for address in person.addresses if address.endswith("/v1/ws")]) == 2
