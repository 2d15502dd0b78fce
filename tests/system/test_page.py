"""The chat page as a person meets it: a real browser, a real server, and what they see, whatever happens in between."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.system.client import script
from tests.system.pages import LOST_LINE, Line, log_in, offline, perform, refusal, say

pytestmark = pytest.mark.system

QUESTION = "what is 17% of 2,340?"
SLOW = {"say": " ".join(f"word{number}" for number in range(40)), "chunks": 40, "every_ms": 100}
WORDS = SLOW["say"]
HANG = {"hang": True}
TTL = 2
"""How many seconds an access token of `short_lived` is good for."""


def activity(run):
    """The line that says where a run stands."""
    return run.locator(".activity")


def answer(run):
    return run.get_by_test_id("answer")


def session_of(page: Page) -> str:
    """Return the session that the page's address names."""
    page.wait_for_url(re.compile("#s_"))
    return page.url.partition("#")[2]


def record_stages(page: Page) -> None:
    """Have the page note each stage of its runs as it appears."""
    page.evaluate("""() => {
        window.stages = [];
        const seen = (name) => name && !window.stages.includes(name) && window.stages.push(name);
        const note = (node) => {
            seen(node.dataset?.event ?? (node.dataset?.state === "success" ? "agent_completed" : null));
            node.querySelectorAll?.("[data-event]").forEach((inner) => seen(inner.dataset.event));
        };
        new MutationObserver((changes) => {
            for (const {target, addedNodes, type} of changes)
                type === "attributes" ? note(target) : addedNodes.forEach(note);
        }).observe(document.getElementById("timeline"),
            {subtree: true, childList: true, attributes: true, attributeFilter: ["data-event", "data-state"]});
    }""")


# A question and its answer.


def test_a_question_shows_its_five_stages_in_order_and_the_answer(server, people):
    page = people(server).enter()
    record_stages(page)
    run = perform(
        page,
        {"think": "Let me see"},
        {"sleep_ms": 300},
        {"tool": "wait", "arguments": {"seconds": 0.5}},
        {"sleep_ms": 300},
        {"say": "Here it is."},
    )
    expect(activity(run)).to_have_text("Using wait")
    expect(activity(run)).to_contain_text("Done in")

    expect(answer(run)).to_have_text("Here it is.")
    stages = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]
    assert page.evaluate("window.stages") == stages


def test_a_tool_call_unfolds_to_its_arguments_and_its_result(server, people):
    page = people(server).enter()
    run = perform(page, {"tool": "echo", "arguments": {"value": {"deep": ["down"]}}}, {"answer": "done"})
    call = run.locator(".call")
    expect(call.get_by_label("Result")).to_be_hidden()
    call.locator("summary").click()

    expect(call.get_by_label("Arguments")).to_contain_text('"deep"')
    expect(call.get_by_label("Result")).to_contain_text('"down"')


def test_a_suggestion_is_asked_with_a_click(server, people):
    page = people(server).enter("demo2")
    page.get_by_role("button", name="Do a sum").click()

    expect(page.get_by_test_id("answer")).to_contain_text("397.8")
    expect(page.get_by_role("heading", level=1)).to_have_text("What is 17% of 2,340?")


def test_a_retry_is_shown_as_one(server, people):
    page = people(server).enter()
    run = perform(page, {"crash": "boom", "until_attempt": 1}, {"answer": "at last"})

    expect(answer(run)).to_have_text("at last")
    expect(run.locator("[data-event=agent_restarted]")).to_contain_text("Attempt 2")
    expect(run.locator(".meta")).to_contain_text("2 attempts")


def test_a_run_that_fails_says_why(server, people):
    page = people(server).enter()
    run = perform(page, {"crash": "boom"})

    expect(activity(run)).to_contain_text("Failed after")
    expect(run.get_by_test_id("fault")).not_to_be_empty()


def test_markdown_is_shown_and_markup_is_not_taken(server, people):
    page = people(server).enter()
    written = (
        "# Title\n\n**bold** and `code`\n\n- one\n- two\n\n```python\nprint(1)\n```\n\n"
        "<img src=x onerror=alert(1)> [bad](javascript:alert(1)) [good](https://example.org/) ![i](https://example.org/i.png)"
    )
    run = perform(page, {"say": written, "chunks": 50, "every_ms": 2})
    expect(activity(run)).to_contain_text("Done")

    shown = answer(run)
    expect(shown.get_by_role("heading")).to_have_text("Title")
    expect(shown.locator("strong")).to_have_text("bold")
    expect(shown.get_by_role("listitem")).to_have_count(2)
    expect(shown.get_by_label("Code, python")).to_have_text("print(1)")
    expect(shown.locator("img")).to_have_count(0)
    expect(shown).to_contain_text("<img src=x onerror=alert(1)> [bad](javascript:alert(1))")
    assert (
        shown.get_by_role("link").evaluate_all("links => links.map(({href}) => new URL(href).protocol)")
        == ["https:"] * 2
    )


# What comes in between.


def test_a_reload_in_the_middle_of_an_answer_shows_all_of_it(server, people):
    page = people(server).enter()
    run = perform(page, {"think": "Slowly now"}, SLOW)
    expect(answer(run)).to_contain_text("word3")
    page.reload()

    run = page.get_by_test_id("run").last
    expect(answer(run)).to_contain_text(re.compile("^word0 word1 word2 word3"))
    assert "word39" not in answer(run).inner_text()
    expect(run.locator("[data-event=agent_thinking]")).to_have_text("Slowly now")
    expect(answer(run)).to_have_text(WORDS)


@pytest.fixture(scope="module")
def mortal(launch):
    """A server to be killed, stopped and brought back; it drains within a second."""
    return launch("--demo", toml="[timeouts]\ndrain = 1\n")


def test_a_killed_server_leaves_one_continuous_story(mortal, people):
    person = people(mortal)
    person.expect(LOST_LINE)
    page = person.enter()
    run = perform(page, {"think": "Before the end"}, {"tool": "echo", "arguments": {"value": 1}}, SLOW)
    expect(answer(run)).to_contain_text("word3")
    mortal.kill()
    banner = page.get_by_test_id("banner")
    expect(banner).to_contain_text("The connection is lost")
    expect(banner.get_by_test_id("countdown")).to_contain_text("Next attempt in")
    expect(banner.get_by_test_id("try-now")).to_be_visible()
    mortal.return_in_place()

    expect(answer(run)).to_have_text(WORDS)
    expect(banner).to_be_hidden()
    log = mortal.events(mortal.known("demo"), session_of(page))
    told = [event["seq"] for event in log if event["type"].startswith("agent_") or event["type"] == "tool_executing"]
    shown = run.locator("[data-seq]").evaluate_all("lines => lines.map(line => Number(line.dataset.seq))")
    assert [event["type"] for event in log].count("agent_started") == 2
    assert shown == told[:-1]  # The last one is the end, which is no line but the heading of them all.
    expect(run.locator(".meta")).to_contain_text("2 attempts")


def test_try_now_does_not_wait_for_the_countdown(server, people):
    person = people(server)
    line = Line(person)
    page = person.enter()
    expect(page.get_by_test_id("empty")).to_be_visible()
    # Time moves in the page only when it is told to: what waits for the countdown would wait for ever.
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    line.cut()
    expect(page.locator("html[data-line=waiting]")).to_be_attached()
    page.clock.run_for(500)
    expect(page.get_by_test_id("countdown")).to_contain_text("Next attempt in")
    line.mend()
    page.get_by_test_id("try-now").click()

    expect(page.get_by_test_id("banner")).to_be_hidden()


def test_a_draining_server_is_announced_and_its_run_goes_on_at_the_next(mortal, people):
    person = people(mortal)
    person.expect(LOST_LINE, refusal(503))
    page = person.enter()
    run = perform(page, {"sleep_ms": 4000}, {"answer": "after all"})
    expect(page.get_by_test_id("stop-button")).to_be_visible()
    mortal.signal()
    expect(page.get_by_test_id("banner")).to_contain_text("about to restart")
    assert mortal.wait() == 0
    mortal.return_in_place()

    expect(answer(run)).to_have_text("after all")


def test_what_is_written_without_a_line_is_kept_over_a_reload_and_sent_once(server, people):
    person = people(server)
    line = Line(person)
    page = person.enter()
    perform(page, {"answer": "first"})
    expect(page.get_by_test_id("answer")).to_have_text("first")
    line.cut()
    say(page, script({"answer": "second"}))
    expect(page.get_by_test_id("outgoing")).to_contain_text("Sending…")
    page.reload()
    expect(page.get_by_test_id("outgoing")).to_contain_text("second")
    line.mend()

    expect(page.get_by_test_id("answer").last).to_have_text("second")
    expect(page.get_by_test_id("outgoing")).to_have_count(0)
    log = server.events(server.known("demo"), session_of(page))
    assert [event["type"] for event in log].count("message_accepted") == 2


def test_a_network_that_comes_back_is_used_at_once(server, people):
    person = people(server)
    page = person.enter()
    perform(page, {"answer": "here"})
    expect(page.get_by_test_id("answer")).to_have_text("here")
    with offline(person):
        page.get_by_role("button", name="New conversation").click()
        say(page, QUESTION)
        expect(page.get_by_test_id("notice")).to_contain_text("can't be reached")
        expect(page.get_by_role("textbox", name="Message")).to_have_value(QUESTION)
    page.get_by_role("textbox", name="Message").press("Enter")

    expect(page.get_by_test_id("answer")).to_contain_text("397.8")


# Stop, queue, remove.


@pytest.mark.parametrize("how", ["button", "escape"])
def test_a_run_can_be_stopped(server, people, how):
    page = people(server).enter()
    run = perform(page, {"say": "So far"}, HANG)
    expect(answer(run)).to_have_text("So far")
    if how == "button":
        page.get_by_role("button", name="Stop").click()
    else:
        page.keyboard.press("Escape")

    expect(activity(run)).to_contain_text("Stopped after")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()


def test_messages_queue_up_and_can_be_removed(server, people):
    page = people(server).enter()
    perform(page, HANG)
    second = perform(page, {"answer": "the second"})
    third = perform(page, {"answer": "the third"})
    expect(activity(second)).to_have_text("Waiting in the queue")
    second.get_by_test_id("remove-button").click()
    expect(activity(second)).to_have_text("Removed from the queue")
    page.get_by_role("button", name="Stop").click()

    expect(answer(third)).to_have_text("the third")
    expect(answer(second)).to_be_hidden()


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

    assert told[0] == told[1]


def test_who_logs_out_in_one_tab_is_out_in_all_and_leaves_nothing(server, people):
    person = people(server)
    one = person.enter("demo2")
    perform(one, {"answer": "between us"})
    other = person.context.new_page()
    other.goto(one.url)
    expect(answer(other.get_by_test_id("run").last)).to_have_text("between us")
    one.get_by_role("button", name="Log out").click()

    for page in (one, other):
        expect(page.get_by_test_id("login-form")).to_be_visible()
        assert "between us" not in page.content()
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
    return launch("--demo", toml=f"[tokens]\naccess_ttl = {TTL}\nexpiry_grace = 1\n")


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
    first = tabs[0].evaluate("localStorage.getItem('greenroom.login')")
    for _ in range(2):
        tabs[0].wait_for_function("before => localStorage.getItem('greenroom.login') !== before", arg=first)
        first = tabs[0].evaluate("localStorage.getItem('greenroom.login')")
    run = perform(tabs[1], {"sleep_ms": 1000 * (TTL + 2)}, {"answer": "still here"})

    expect(answer(run)).to_have_text("still here")
    assert len([address for address in person.addresses if address.endswith("/v1/ws")]) == 2


# The list of conversations.


def test_a_conversation_at_work_elsewhere_shows_in_the_list_and_then_as_unread(server, people):
    page = people(server).enter()
    perform(page, {"sleep_ms": 2500}, {"answer": "meanwhile"})
    busy = page.locator(f"[data-session-id={session_of(page)}]")
    page.get_by_role("button", name="New conversation").click()
    expect(busy).to_contain_text("Working…")
    expect(busy).to_contain_text("New answer")
    busy.get_by_role("button").first.click()

    expect(page.get_by_test_id("answer")).to_have_text("meanwhile")
    expect(busy).to_contain_text("just now")


def test_a_conversation_is_deleted_once_that_was_meant(server, people):
    page = people(server).enter()
    run = perform(page, {"answer": "soon gone"})
    expect(answer(run)).to_have_text("soon gone")
    row = page.locator(f"[data-session-id={session_of(page)}]")
    row.hover()
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Keep it").click()
    expect(row).to_be_visible()
    row.hover()
    row.get_by_role("button", name="Delete").click()
    page.get_by_test_id("confirm-delete").click()

    expect(row).to_have_count(0)
    expect(page.get_by_test_id("empty")).to_be_visible()


def test_the_theme_that_was_chosen_is_kept(server, people):
    page = people(server).enter()
    page.get_by_role("button", name="Light or dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


# A long log.


def test_a_session_of_ten_thousand_events_is_read_as_far_as_somebody_looks(server, people):
    person = people(server)
    page = person.enter()
    perform(page, {"answer": "the very first"})
    session_id = session_of(page)
    tools = [{"tool": "echo", "arguments": {"value": number}} for number in range(20)]
    steps = [*({"tools": tools} for _ in range(25)), {"answer": "many"}]
    page.evaluate(
        """async ([sessionId, text, runs]) => {
            const {Greenroom} = await import("/static/greenroom.js");
            const client = new Greenroom();
            client.connect();
            for (let run = 0; run < runs; run += 1) {
                const ended = new Promise((resolve) => client.on("agent_completed", resolve));
                await client.send(text, {sessionId, agent: "rehearsal"});
                await ended;
            }
            client.close();
        }""",
        [session_id, script(*steps), 10],
    )
    assert len(server.events(server.known("demo"), session_id)) > 10_000
    person.addresses.clear()
    page.reload()
    expect(page.get_by_test_id("answer").last).to_have_text("many")
    read = [address for address in person.addresses if "/events?" in address]
    for _ in range(50):
        if page.get_by_test_id("run").filter(has_text="the very first").count():
            break
        page.locator("#scroller").evaluate("box => { box.scrollTop = 0; }")
        page.wait_for_timeout(100)

    assert len(read) < 40
    expect(answer(page.get_by_test_id("run").first)).to_have_text("the very first")
