"""Faults by plan in a running server: they strike whom the plan says and nobody else; only operators load them."""

import asyncio
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.system.client import on_stage, seat
from tests.system.process import ROOT, run_greenroom

pytestmark = pytest.mark.system

PATH = "/v1/faults"
VARYING = ("duration_ms", "queued_ms", "deadline_ms", "retry_in_ms", "tool_call_id")
STEPS = (
    {"think": "begins"},
    {"tool": "echo", "arguments": {"value": "one"}},
    {"say": "and goes on", "chunks": 3},
    {"tool": "fail", "arguments": {"message": "no"}},
    {"answer": "done"},
)
NOTHING = {"plan": None, "left": 0, "ledger": []}


def rule(address="session/*/agent", action="kill", **entries):
    trigger = {} if {"every", "probability"} & entries.keys() else {"nth": 1}
    return {"address": address, "action": action, **trigger, **entries}


def plan(*rules, **entries):
    return {"rules": list(rules), **entries}


@pytest.fixture(scope="module")
def open_server(launch):
    """A server that takes fault plans."""
    return launch("--demo", toml="[faults]\nenabled = true\n")


@pytest.fixture
def server(open_server):
    """That server, without a plan before and after."""
    operate(open_server, "DELETE")
    yield open_server
    operate(open_server, "DELETE")


def operate(server, method, body=None, path=PATH):
    return server.call(method, path, body, server.known("operator").token)


def faults(server, *arguments, user="operator", password=None):
    """Run ``greenroom faults`` as that user."""
    return run_greenroom("faults", *arguments, "--url", server.url, "--user", user, stdin=f"{password or user}\n")


async def perform_thrice(seated):
    """Send the script three times and return the log without what differs from time to time."""
    client, session_id = seated
    for _ in range(3):
        await client.perform(*STEPS, session_id=session_id)
    events = client.events(session_id=session_id)
    kept = [{key: value for key, value in event["data"].items() if key not in VARYING} for event in events]
    return [(event["seq"], event["type"], data) for event, data in zip(events, kept, strict=True)]


# Whom they strike.


async def test_a_plan_that_kills_one_users_agent_leaves_anothers_events_as_they_were(server):
    async with seat(server, "demo2") as bystander:
        calm = await perform_thrice(bystander)
    async with seat(server, "demo") as culprit, seat(server, "demo2") as bystander:
        agent = f"session/{server.known('demo').user_id}/{culprit[1]}/agent"
        operate(server, "PUT", plan(rule(agent, message="StartRun", every=2)))
        struck, stormy = await asyncio.gather(perform_thrice(culprit), perform_thrice(bystander))
    ledger = operate(server, "GET").json["ledger"]

    assert stormy == calm
    assert [data["attempts"] for _, kind, data in struck if kind == "agent_completed"] == [1, 2, 2]
    assert [(entry["address"], entry["delivery"], entry["action"]) for entry in ledger] == [
        (agent, 2, "kill"),
        (agent, 4, "kill"),
    ]


@pytest.mark.parametrize("action", ["raise", "exit", "kill"])
@pytest.mark.parametrize("part", ["agent", "tools", "emitter"])
async def test_a_run_ends_well_whichever_part_of_its_session_fails_once(server, part, action):
    async with seat(server, "demo") as (client, session_id):
        operate(server, "PUT", plan(rule(f"session/*/{session_id}/{part}", action, nth=2)))
        await client.perform(*STEPS, session_id=session_id)
        events = await client.perform(*STEPS, session_id=session_id)

    assert len(operate(server, "GET").json["ledger"]) == 1
    assert events[-1]["data"]["outcome"] == "success"


async def test_a_start_that_fails_is_made_up_for(server):
    async with seat(server, "demo") as (client, session_id):
        agent = f"session/*/{session_id}/agent"
        operate(server, "PUT", plan(rule(agent, "raise", message="StartRun"), rule(agent, "fail_start", nth=2)))
        events = await client.perform(*STEPS, session_id=session_id)
    ledger = operate(server, "GET").json["ledger"]

    assert [(entry["action"], entry["message"]) for entry in ledger] == [
        ("raise", "StartRun"),
        ("fail_start", "<start>"),
    ]
    assert events[-1]["data"]["outcome"] == "success"


async def test_a_first_start_that_fails_is_made_up_for(server):
    async with seat(server, "demo") as (client, session_id):
        operate(server, "PUT", plan(rule(f"session/*/{session_id}/agent", "fail_start", nth=1)))
        events = await client.perform(*STEPS, session_id=session_id)

    assert [entry["message"] for entry in operate(server, "GET").json["ledger"]] == ["<start>"]
    assert (events[-1]["data"]["outcome"], events[-1]["data"]["attempts"]) == ("success", 1)


async def test_a_tool_that_is_made_to_hang_is_ended_by_a_cancel(server):
    async with seat(server, "demo") as (client, session_id):
        operate(server, "PUT", plan(rule(f"session/*/{session_id}/tools/*", "hang", message="Execute")))
        ack = await client.message(*STEPS, session_id=session_id)
        await client.event("tool_executing", ack["run_id"])
        await client.request("cancel", session_id=session_id)
        end = await client.ended(ack["run_id"])

    assert end["data"]["outcome"] == "cancelled"
    assert len(operate(server, "GET").json["ledger"]) == 1


# Over HTTP.


def test_a_plan_is_loaded_shown_and_cleared(server):
    loaded = operate(server, "PUT", plan(rule(), seed=3, budget=2))
    shown = operate(server, "GET")
    cleared = operate(server, "DELETE")

    assert (loaded.status, shown.status, cleared.status) == (200, 200, 204)
    assert loaded.json == shown.json
    assert shown.json == {"plan": {"seed": 3, "budget": 2, "rules": [rule(message="*")]}, "left": 2, "ledger": []}
    assert operate(server, "GET").json == NOTHING


def test_a_new_plan_replaces_the_one_before(server):
    operate(server, "PUT", plan(rule(), rule()))
    operate(server, "PUT", plan(rule()))

    assert len(operate(server, "GET").json["plan"]["rules"]) == 1


def test_everything_that_is_wrong_with_a_plan_is_said_and_nothing_is_loaded(server):
    answer = operate(server, "PUT", plan(rule(nth=0), rule(action="boom"), budget=-1))

    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert [line.split(";")[0] for line in answer.error["message"].splitlines()] == [
        "budget can't be -1",
        "rule 1: nth can't be 0",
        "rule 2: action can't be 'boom'",
    ]
    assert operate(server, "GET").json == NOTHING


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"null", b"\xff"])
def test_what_is_no_plan_at_all_is_a_bad_request(server, body):
    answer = operate(server, "PUT", body)

    assert (answer.status, answer.error["code"]) == (400, "bad_request")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_faults_are_forbidden_to_everybody_but_operators(server, method):
    theirs = server.call(method, PATH, plan(rule()), server.known("demo").token)
    nobodys = server.call(method, PATH, plan(rule()))

    assert (theirs.status, theirs.error["code"]) == (403, "forbidden")
    assert (nobodys.status, nobodys.error["code"]) == (401, "unauthorized")
    assert operate(server, "GET").json == NOTHING


@pytest.fixture(scope="module")
def closed_server(launch):
    """A server with the defaults."""
    return launch("--demo")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_server_takes_no_plans_unless_it_is_told_to(closed_server, method):
    answer = operate(closed_server, method, plan(rule()))

    assert (answer.status, answer.error["code"]) == (404, "not_found")


# From the command line.


@pytest.fixture
def plan_file(tmp_path):
    """Write a plan of one rule into a file and return its path."""
    file = tmp_path / "plan.toml"
    file.write_text('[[rules]]\naddress = "session/*/agent"\nmessage = "StartRun"\nnth = 1\naction = "kill"\n')
    return file


def test_the_command_loads_shows_and_clears(server, plan_file):
    loaded = faults(server, "load", str(plan_file))
    shown = faults(server, "show")
    cleared = faults(server, "clear")
    empty = faults(server, "show")

    assert [(done.returncode, done.stderr) for done in (loaded, shown, cleared, empty)] == [(0, "")] * 4
    assert loaded.stdout == "loaded 1 rules, 100 injections at most\n"
    assert "1 rules, 100 of 100 injections left" in shown.stdout
    assert empty.stdout == "no plan is loaded\n"


async def test_the_command_replays_what_it_showed(server, plan_file, tmp_path):
    faults(server, "load", str(plan_file))
    async with seat(server, "demo") as (client, session_id):
        await client.perform(*STEPS, session_id=session_id)
        shown = await asyncio.to_thread(faults, server, "show", "--json")
        (tmp_path / "ledger.json").write_text(shown.stdout)
        replayed = await asyncio.to_thread(faults, server, "replay", str(tmp_path / "ledger.json"))
        events = await client.perform(*STEPS, session_id=session_id)
    [before], [after] = json.loads(shown.stdout), operate(server, "GET").json["ledger"]

    assert replayed.returncode == 0
    assert after == before | {"incarnation": 2}
    assert events[-1]["data"]["attempts"] == 2


def test_the_command_says_all_that_is_wrong_with_a_plan_before_it_asks_anybody(tmp_path):
    (tmp_path / "plan.toml").write_text('budget = 0\n[[rules]]\naddress = ""\nnth = 1\naction = "kil"\n')
    done = run_greenroom("faults", "load", str(tmp_path / "plan.toml"), "--url", "http://127.0.0.1:1")

    assert (done.returncode, done.stdout) == (2, "")
    for said in ("budget can't be 0", "rule 1: address can't be ''", "rule 1: action can't be 'kil'"):
        assert said in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"password": "wrong"}, "The username or the password is wrong."),
        ({"user": "demo"}, "This call is for operators."),
    ],
)
def test_the_command_says_why_it_was_refused(server, options, said):
    done = faults(server, "show", **options)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: {said}\n"


def test_the_command_says_how_to_allow_faults(closed_server):
    done = faults(closed_server, "show")

    assert done.returncode == 1
    assert "GREENROOM_FAULTS__ENABLED=true" in done.stderr


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("http://127.0.0.1:1", 1, "is the server running there?"),
        ("http://127.0.0.1:port", 1, "http://127.0.0.1:port doesn't answer"),
        ("127.0.0.1:8765", 2, "must look like http://"),
    ],
)
def test_the_command_says_when_there_is_no_server(url, status, said):
    done = run_greenroom("faults", "show", "--url", url, stdin="operator\n")

    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr


class Stranger(BaseHTTPRequestHandler):
    """Answers every POST with what its server was told to say."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.server.says
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.mark.parametrize("says", [(200, b"<html>"), (200, b"{}"), (200, b""), (404, b"<html>"), (500, b'{"error": 1}')])
def test_the_command_says_when_what_answers_is_something_else(says):
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        stranger.says = says
        Thread(target=stranger.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{stranger.server_port}"
        done = run_greenroom("faults", "show", "--url", url, stdin="operator\n")
        stranger.shutdown()

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: what answers at {url} isn't Greenroom; check --url\n"


# The page about it.


def example():
    return re.search(r"```toml\n(.*?)```", (ROOT / "docs" / "faults.md").read_text(), re.DOTALL)[1]


async def test_the_documented_plan_does_what_the_page_says(server, tmp_path):
    (tmp_path / "plan.toml").write_text(example())
    done = await asyncio.to_thread(faults, server, "load", str(tmp_path / "plan.toml"))
    async with seat(server, "demo") as (client, session_id):
        ends = [(await client.perform({"answer": "yes"}, session_id=session_id))[-1]["data"] for _ in range(4)]
    entries = operate(server, "GET").json["ledger"]

    assert done.returncode == 0, done.stderr
    assert [end["attempts"] for end in ends] == [1, 1, 2, 1]
    assert [(entry["message"], entry["action"], entry["delivery"]) for entry in entries] == [("StartRun", "kill", 3)]


async def test_a_plan_of_the_settings_strikes_from_the_first_start_on(launch, tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text('[[rules]]\naddress = "session/*/emitter"\nnth = 1\naction = "fail_start"\n')
    struck = launch("--demo", toml=f'[faults]\nenabled = true\nplan = "{path}"\n')
    async with on_stage(struck) as client:
        ack = await client.message({"answer": "all the same"})
        assert (await client.ended(ack["run_id"]))["data"]["text"] == "all the same"
    [injected] = operate(struck, "GET").json["ledger"]

    assert (injected["action"], injected["rule"], injected["incarnation"]) == ("fail_start", 1, 1)
