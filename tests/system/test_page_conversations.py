"""The chat page's conversations: their list, one that is deleted, and one that is long."""

import pytest
from playwright.sync_api import expect

from tests.system.client import script
from tests.system.pages import Line, answer, perform, say, session_of

pytestmark = pytest.mark.system

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


def test_one_that_was_left_before_the_server_said_a_word_shows_as_at_work_all_the_same(server, people):
    person = people(server)
    line = Line(person)
    page = person.enter()
    expect(answer(perform(page, {"answer": "early"}))).to_have_text("early")
    line.hold()
    say(page, script({"sleep_ms": 5000}, {"answer": "late"}))
    expect(page.get_by_text("Sending…")).to_be_visible()
    left = page.locator(f"[data-session-id={session_of(page)}]")
    page.get_by_role("button", name="New conversation").click()
    line.release()

    # Sooner than the page asks for the list of its own accord.
    expect(left).to_contain_text("Working…", timeout=4500)
    expect(left).to_contain_text("New answer")


def test_one_with_more_in_its_queue_is_at_work_until_that_is_done_too(server, people):
    page = people(server).enter()
    for name in ("first", "second", "third"):
        perform(page, {"sleep_ms": 1000}, {"answer": name})
    session_id = session_of(page)
    row = page.locator(f"[data-session-id={session_id}]")
    page.get_by_role("button", name="New conversation").click()
    expect(row).to_contain_text("Working…")
    expect(row).to_contain_text("New answer")

    log = server.events(server.known("demo"), session_id)
    answers = [event["data"]["text"] for event in log if event["type"] == "agent_completed"]
    assert answers == ["first", "second", "third"]


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


def test_a_conversation_that_was_deleted_elsewhere_is_left(server, people):
    person = people(server)
    line = Line(person)
    page = person.enter()
    perform(page, {"answer": "here"})
    session_id = session_of(page)
    expect(page.get_by_test_id("answer")).to_have_text("here")
    line.cut()
    expect(page.get_by_test_id("banner")).to_be_visible()
    assert server.call("DELETE", f"/v1/sessions/{session_id}", token=server.known("demo").token).status == 204
    line.mend()

    expect(page.get_by_test_id("empty")).to_be_visible()
    expect(page.get_by_test_id("notice")).to_contain_text("isn't there any more")


# A long log.


def test_a_session_of_ten_thousand_events_is_read_as_far_as_somebody_looks(server, people):
    person = people(server)
    page = person.enter()
    perform(page, {"answer": "the very first"})
    session_id = session_of(page)
    tools = [{"tool": "echo", "arguments": {"value": number}} for number in range(20)]
    steps = [*({"tools": tools} for _ in range(25)), {"answer": "\n\n".join(["many"] * 20)}]
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
    expect(page.get_by_test_id("answer").last).to_contain_text("many")
    expect(page.get_by_test_id("loading")).to_be_hidden()
    read = [address for address in person.addresses if "/events?" in address]
    assert page.get_by_test_id("run").filter(has_text="the very first").count() == 0
    for _ in range(50):
        if page.get_by_test_id("run").filter(has_text="the very first").count():
            break
        page.locator("#scroller").evaluate("box => { box.scrollTop = 0; }")
        page.wait_for_timeout(100)

    assert len(read) < 30
    expect(answer(page.get_by_test_id("run").first)).to_have_text("the very first")
