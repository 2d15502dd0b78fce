"""The chat page as a person meets it: a real browser, a real server, a question and what comes of it."""

import pytest
from playwright.sync_api import Page, expect

from tests.system.pages import activity, answer, perform
from tests.system.runs import HANG

pytestmark = pytest.mark.system


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
        "<img src=x onerror=alert(1)> [bad](javascript:window.hurt=1) [good](https://example.org/) ![i](https://example.org/i.png)"
    )
    run = perform(page, {"say": written, "chunks": 50, "every_ms": 2})
    expect(activity(run)).to_contain_text("Done")

    shown = answer(run)
    expect(shown.get_by_role("heading")).to_have_text("Title")
    expect(shown.locator("strong")).to_have_text("bold")
    expect(shown.get_by_role("listitem")).to_have_count(2)
    expect(shown.get_by_label("Code, python")).to_have_text("print(1)")
    expect(shown.locator("img")).to_have_count(0)
    expect(shown).to_contain_text("<img src=x onerror=alert(1)> [bad](javascript:window.hurt=1)")
    assert (
        shown.get_by_role("link").evaluate_all("links => links.map(({href}) => new URL(href).protocol)")
        == ["https:"] * 2
    )


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
