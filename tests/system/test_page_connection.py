"""The chat page where something comes in between: a reload, a server that dies or drains, a network that is away."""

import re

import pytest
from playwright.sync_api import expect

from tests.system.client import script
from tests.system.pages import LOST_LINE, Line, answer, offline, perform, refusal, say, session_of
from tests.system.runs import SLOW, WORDS

pytestmark = pytest.mark.system
QUESTION = "what is 17% of 2,340?"


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
