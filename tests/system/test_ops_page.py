"""What an operator sees at three in the morning: the page, in a real browser, of a server in real trouble."""

import re
import signal

import pytest
from playwright.sync_api import expect

from tests.system.pages import DESKTOP, PHONE, check_accessibility, log_in, refusal, shoot
from tests.system.talker import Talker
from tests.system.trouble import FAULTS, SECRET, down_for

pytestmark = pytest.mark.system

LIMITS = "[limits]\nsessions_per_user = 1000\nlogins_per_username = 1000\n"


@pytest.fixture(scope="module")
def server(launch):
    return launch("--demo", toml=FAULTS + down_for(seconds=10) + LIMITS)


@pytest.fixture(scope="module")
def plain(launch):
    """A server as it is where people rely on it."""
    return launch("--demo")


@pytest.fixture
def demo(server):
    """The user whose sessions are looked at."""
    with Talker(server, "demo") as talker:
        yield talker


@pytest.fixture
def page(people, server):
    """The page, as an operator has it."""
    return people(server).enter("operator", "/ops")


def row_of(page, session_id):
    return page.get_by_role("row").filter(has_text=session_id)


def find(page, session_id):
    """Search for a session, and open it."""
    page.get_by_role("searchbox").fill(session_id)
    expect(page.get_by_role("row")).to_have_count(2)  # Its own, and the heads.
    row_of(page, session_id).get_by_role("button").click()
    inspector = page.get_by_role("region", name="One session")
    expect(inspector).to_contain_text(session_id)
    return inspector


def actor(inspector, name):
    return inspector.locator(f".actor[data-address$='/{name}']")


# The ways in.


def test_a_wrong_password_is_told_and_the_right_one_lets_in(people, server):
    person = people(server)
    person.expect(refusal(401))
    page = person.open("/ops")
    log_in(page, "operator", "wrong")
    expect(page.get_by_role("alert")).to_have_text("The username or the password is wrong.")
    log_in(page, "operator")

    expect(page.get_by_role("status").first).to_have_text(re.compile("well|strained|failing"))
    page.reload()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_somebody_without_the_role_is_told_so_and_nothing_is_asked_for_them(people, server):
    person = people(server)
    page = person.enter("demo", "/ops")

    expect(page.get_by_role("heading", name="This page is for operators")).to_be_visible()
    expect(page.get_by_role("main").filter(has_text="operators")).to_contain_text("You are logged in as demo")
    expect(page.get_by_role("table")).to_have_count(0)
    assert not [address for address in person.addresses if "/v1/ops" in address]
    check_accessibility(page)
    page.get_by_role("button", name="Log in as somebody else").click()
    log_in(page, "operator")
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()


# Trouble.


def test_a_crash_and_the_restart_are_seen_live_and_the_bundle_opens(page, demo):
    session_id = demo.new_session()
    inspector = find(page, session_id)
    demo.event("agent_completed", demo.message(session_id, {"answer": "x"}))
    expect(actor(inspector, "agent")).to_contain_text("life 1")
    expect(actor(inspector, "agent").get_by_text("6 of 6 restarts left")).to_be_attached()
    run_id = demo.message(session_id, {"crash": SECRET, "until_attempt": 1}, {"answer": "y"})
    demo.event("agent_completed", run_id)

    expect(actor(inspector, "agent")).to_contain_text("life 2")
    expect(actor(inspector, "agent")).to_contain_text("last ended: error(ScriptedCrash)")
    expect(actor(inspector, "agent").get_by_text("5 of 6 restarts left")).to_be_attached()
    expect(row_of(page, session_id)).to_contain_text("strained")
    page.locator("#feed").get_by_role("button").first.click()
    bundle = page.get_by_role("region", name=re.compile("Crash .*: ScriptedCrash"))
    expect(bundle).to_contain_text(session_id)
    expect(bundle).to_contain_text("StartRun")
    expect(bundle).to_contain_text("actors.agents.rehearsal:")
    expect(page.locator("body")).not_to_contain_text(SECRET)
    shoot(page, "ops-bundle")


def test_who_is_down_is_counted_down_comes_first_and_comes_back(page, demo):
    for _ in range(3):
        demo.new_session()
    session_id = demo.new_session()
    demo.message(session_id, {"crash": "x"})
    row = page.get_by_role("row").nth(1)
    expect(row).to_contain_text(session_id)
    expect(row).to_contain_text("failing")
    countdown = row.locator(".countdown")
    seen = float(re.search(r"back in ([\d.]+) s", countdown.text_content())[1])

    expect(page.get_by_text("1 session failing")).to_be_visible()
    expect(page).to_have_title(re.compile("1 session failing"))
    shoot(page, "ops-failing")
    page.wait_for_function(
        "(seen) => parseFloat(document.querySelector('.countdown:not([hidden])').textContent.slice(8)) < seen - 1",
        arg=seen,
    )
    expect(row_of(page, session_id)).to_contain_text("strained", timeout=40_000)
    expect(row_of(page, session_id).locator(".countdown")).to_be_hidden()
    expect(page.get_by_text("session failing")).to_have_count(0)


def test_what_nobody_got_is_counted_and_listed(page, server, demo):
    session_id = demo.new_session()
    rule = {"address": f"session/*/{session_id}/emitter", "message": "Emit", "nth": 4, "action": "hang"}
    operator = server.known("operator").token
    server.call("PUT", "/v1/faults", {"rules": [rule]}, operator)
    demo.message(session_id, {"think": "a"}, {"sleep_ms": 200}, {"think": "b"}, {"think": "c"}, {"think": "d"})
    inspector = find(page, session_id)
    expect(actor(inspector, "emitter")).to_contain_text(re.compile(r"mailbox \d+ · \d"))
    expect(actor(inspector, "emitter")).to_contain_text("at Emit")
    server.call("POST", f"/v1/ops/sessions/{session_id}/restart", token=operator)
    page.get_by_role("link", name="Dead letters").click()

    expect(page.get_by_role("row").filter(has_text="emitter").first).to_contain_text("Emit")
    expect(page.get_by_text("reached nobody since the start")).to_be_visible()
    server.call("DELETE", "/v1/faults", token=operator)


# Orders.


def test_a_session_is_restarted_after_a_question_and_its_run_goes_on(page, demo):
    session_id = demo.new_session()
    run_id = demo.message(session_id, {"think": "a"}, {"hang": True})
    demo.event("agent_thinking", run_id)
    inspector = find(page, session_id)
    inspector.get_by_role("button", name="Restart…").click()
    page.get_by_role("button", name="Leave it").click()
    expect(actor(inspector, session_id)).to_contain_text("life 1")
    inspector.get_by_role("button", name="Restart…").click()
    page.get_by_role("button", name="Restart it").click()

    expect(page.get_by_text("The session begins its next life.")).to_be_visible()
    expect(actor(inspector, session_id)).to_contain_text("life 2")
    expect(page.locator("#feed")).to_contain_text("was restarted by operator")
    assert demo.event("agent_restarted", run_id)["data"]["attempt"] == 2
    demo.wait_for(lambda frame: frame["type"] == "agent_started" and frame["data"]["attempt"] == 2)
    demo.request("cancel", session_id=session_id)


def test_a_session_is_stopped_by_keyboard_alone_and_its_user_is_told(page, server, demo):
    elsewhere, session_id = demo.new_session(), demo.new_session()
    run_id = demo.message(session_id, {"think": "a"}, {"hang": True})
    demo.event("agent_thinking", run_id)
    page.get_by_role("heading", name="What happened").wait_for()
    page.keyboard.press("/")
    page.keyboard.type(session_id)
    expect(page.get_by_role("row")).to_have_count(2)
    row_of(page, session_id).get_by_role("button").focus()
    page.keyboard.press("Enter")
    inspector = page.get_by_role("region", name="One session")
    stop = inspector.get_by_role("button", name="Stop…")
    expect(actor(inspector, "agent")).to_contain_text("at StartRun")
    for _ in range(6):
        page.keyboard.press("Tab")
        if stop.evaluate("(node) => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text("The session was stopped.")).to_be_visible()
    end = demo.event("agent_completed", run_id)["data"]
    assert (end["outcome"], end["error"]["code"]) == ("error", "session_failed")
    # It watched another one, too: the connection stays, and is told.
    told = demo.wait_for(lambda frame: frame["type"] == "error" and frame.get("session_id") == session_id)
    assert (told["code"], told["message"]) == ("internal", "The session was stopped by an operator. Try again later.")
    demo.message(elsewhere, {"answer": "x"})
    expect(inspector).to_contain_text("It has no actors now.")
    page.keyboard.press("Escape")
    expect(inspector).to_be_hidden()


def test_a_fault_plan_is_loaded_strikes_and_is_cleared(people, server, demo):
    session_id, person = demo.new_session(), people(server)
    person.expect(refusal(400))
    page = person.enter("operator", "/ops")
    page.get_by_role("link", name="Faults").click()
    editor = page.get_by_label("A plan, as JSON")
    editor.fill('{"rules": [{"address": "", "nth": 1, "action": "kil"}]}')
    load = page.get_by_role("button", name="Load this plan…")
    load.click()
    page.get_by_role("button", name="Load it").click()
    expect(page.get_by_role("alert")).to_contain_text("action can't be 'kil'")
    rule = f'{{"address": "session/*/{session_id}/agent", "message": "StartRun", "nth": 1, "action": "kill"}}'
    editor.fill(f'{{"budget": 3, "rules": [{rule}]}}')
    load.click()
    page.get_by_role("button", name="Load it").click()

    expect(page.get_by_text("Loaded: 1 rule, with 3 of 3 injections left.")).to_be_visible()
    expect(page.get_by_text("A fault plan is loaded: 1 rule, 3 injections left.")).to_be_visible()
    end = demo.event("agent_completed", demo.message(session_id, {"answer": "x"}))["data"]
    assert end["attempts"] == 2
    expect(page.get_by_role("row").filter(has_text=session_id)).to_contain_text("kill")
    expect(page.locator("#feed")).to_contain_text("was struck by plan kill at StartRun")
    shoot(page, "ops-faults")
    page.get_by_role("button", name="Clear the plan").click()
    expect(page.get_by_text("No plan is loaded.")).to_be_visible()
    expect(page.get_by_text("A fault plan is loaded")).to_have_count(0)
    assert server.call("GET", "/v1/faults", token=server.known("operator").token).json["plan"] is None


def test_the_page_says_how_to_allow_faults_where_they_are_not(people, plain):
    page = people(plain).enter("operator", "/ops#faults")

    expect(page.get_by_text("GREENROOM_FAULTS__ENABLED=true")).to_be_visible()
    expect(page.get_by_label("A plan, as JSON")).to_be_hidden()


# Numbers, sockets, and a server that is away.


def test_rates_are_drawn_and_stand_as_numbers(page, demo):
    session_id = demo.new_session()
    for _ in range(5):
        demo.event("agent_completed", demo.message(session_id, {"think": "a"}, {"answer": "x"}))
    tile = page.locator("[data-tile='Events']")

    expect(tile).to_contain_text(re.compile(r"max [1-9]|max 0\.[1-9]"))
    expect(tile.locator(".line")).to_have_attribute("d", re.compile(r"M[\d.]+ [\d.]+L"))
    expect(page.locator("[data-tile='Connections'] strong")).to_have_text(re.compile("[1-9]"))


def test_sockets_are_listed_and_found_by_their_users(page, server, demo):
    with Talker(server, "demo2") as other:
        other.new_session()
        page.get_by_role("link", name="Connections").click()
        page.get_by_role("searchbox").fill("demo2")
        row = page.get_by_role("row").filter(has_text="demo2")
        expect(row).to_contain_text("1 session")
        expect(page.get_by_role("row").filter(has_text=re.compile(r"demo\b"))).to_have_count(0)
    expect(row).to_have_count(0)


def test_what_an_operator_may_see_ends_with_the_login(people, plain):
    person = people(plain)
    person.expect(refusal(401))
    page = person.enter("operator", "/ops")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    token = page.evaluate("JSON.parse(sessionStorage['greenroom.ops.login']).access_token")
    plain.call("POST", "/v1/logout", token=token)

    expect(page.get_by_role("alert")).to_have_text("The login is over. Log in again.")
    expect(page.get_by_role("table")).to_have_count(0)


def test_numbers_that_stand_still_do_not_pass_for_a_server_that_does(people, plain):
    page = people(plain).enter("operator", "/ops")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    plain.signal(signal.SIGSTOP)
    expect(page.locator("#pulse")).to_contain_text("no answer for")
    plain.signal(signal.SIGCONT)

    expect(page.get_by_text("live", exact=True)).to_be_visible()


# Everybody.


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("size", "viewport"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_every_room_is_accessible_and_fits(people, server, demo, scheme, size, viewport):
    session_id = demo.new_session()
    demo.event("agent_completed", demo.message(session_id, {"crash": "x", "until_attempt": 1}))
    person = people(server, viewport=viewport, color_scheme=scheme)
    page = person.open("/ops")
    check_accessibility(page)
    log_in(page, "operator")
    find(page, session_id)
    expect(actor(page, "agent")).to_contain_text("life 2")
    for room in ("Sessions", "Crashes", "Dead letters", "Connections", "Server", "Faults"):
        page.get_by_role("link", name=room, exact=True).click()
        shown = page.get_by_role("main", name=room).locator("table, p, .actors, textarea")
        expect(shown.filter(visible=True).first).to_be_visible()
        check_accessibility(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), room
        shoot(page, f"ops-{room.lower().replace(' ', '-')}-{scheme}-{size}")
