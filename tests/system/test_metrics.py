"""What a server shows of itself: that Prometheus takes it, that it moves as it should, and what is built on it.

The judges are the client library's strict parser and Prometheus' own linter, promtool.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.system.client import on_stage, script
from tests.system.process import ROOT

pytestmark = pytest.mark.system

PROMTOOL = Path(sys.executable).parent / "promtool"
DASHBOARD = ROOT / "docs/grafana/greenroom.json"
RULES = ROOT / "docs/prometheus-rules.yml"
PAGE = ROOT / "docs/watching.md"
SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}
NAME = re.compile(r"\b(?:greenroom|process)_[a-z_]+")
SECRET = "nobody-else-reads-this"
FAULTS = {
    "rules": [
        {"address": "session/*/emitter", "message": "Emit", "nth": 4, "action": "kill"},
        {"address": "session/*", "message": "Submit", "nth": 2, "action": "raise"},
    ]
}


class Shown:
    """An exposition, parsed: families by name, and samples by name and labels."""

    def __init__(self, server) -> None:
        answer = server.call("GET", "/metrics")
        assert answer.status == 200
        self.text = answer.body.decode()
        self.families = {family.name: family for family in text_string_to_metric_families(self.text)}
        self.samples = {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def __getitem__(self, key):
        name, labels = key if isinstance(key, tuple) else (key, {})
        return self.samples.get((f"greenroom_{name}", *sorted(labels.items())), 0.0)

    @property
    def names(self):
        """Every name that a query may ask for."""
        return {name + suffix for name, family in self.families.items() for suffix in SUFFIXES.get(family.type, [""])}

    @property
    def table(self):
        """Our families as the rows of a table."""
        ours = (family for name, family in self.families.items() if name.startswith("greenroom_"))
        return {self._row(family) for family in ours}

    @staticmethod
    def _row(family):
        labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
        name = family.name + ("_total" if family.type == "counter" else "")
        shown = f"{name}{{{','.join(labels)}}}" if labels else name
        return f"| `{shown}` | {family.type} | {family.documentation} |"


async def act(server):
    """Have one of everything happen."""
    async with on_stage(server) as client:
        echo = {"tool": "echo", "arguments": {"value": SECRET}}
        await client.perform({"think": SECRET}, {"tools": [echo, {"tool": "fail"}]}, {"tool": "made-up-" + SECRET})
        ack = await client.request("message", text="no script", agent="rehearsal")
        await client.ended(ack["run_id"])
        await client.perform({"crash": "x", "until_attempt": 1})
        ack = await client.message({"hang": True})
        await client.event("agent_started", ack["run_id"])
        queued = await client.message({"answer": "never"})
        await client.request("dequeue", run_id=queued["run_id"])
        await client.request("cancel")
        await client.perform({"sleep_ms": 60_000})
        await client.refused("subscribe", session_id="s_none")


async def suffer(server):
    """Have faults strike: an emitter, then a session with a message in its hands."""
    operator = server.known("operator").token
    answer = await asyncio.to_thread(server.call, "PUT", "/v1/faults", FAULTS, operator)
    assert answer.status == 200, answer
    async with on_stage(server, "demo2") as client:
        await client.perform({"think": "a"}, {"think": "b"}, {"sleep_ms": 1000})
        await client.refused("message", text=script({"answer": "x"}), agent="rehearsal")
        await client.perform({"answer": "all is well again"})


@pytest.fixture(scope="module")
def watched(launch):
    return launch("--demo", toml="[faults]\nenabled = true\n[timeouts]\nrun = 2\n")


@pytest.fixture(scope="module")
def before_and_after(watched):
    """The metrics of a server before and after one of everything has happened in it."""
    before = Shown(watched)

    async def everything():
        await act(watched)
        await suffer(watched)

    asyncio.run(everything())
    return before, Shown(watched)


def promtool(*arguments, stdin=""):
    """Run Prometheus' linter; whatever it finds, it says."""
    found = subprocess.run([PROMTOOL, *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False)
    assert (found.returncode, found.stderr) == (0, ""), found
    return found.stdout


def test_prometheus_own_linter_has_nothing_to_say(before_and_after):
    for shown in before_and_after:
        assert promtool("check", "metrics", stdin=shown.text) == ""


@pytest.mark.parametrize(
    ("name", "labels", "by"),
    [
        ("messages_accepted_total", {}, 8),
        ("messages_dequeued_total", {}, 1),
        ("runs_total", {"outcome": "success"}, 4),
        ("runs_total", {"outcome": "error"}, 1),
        ("runs_total", {"outcome": "cancelled"}, 1),
        ("runs_total", {"outcome": "timed_out"}, 1),
        ("run_duration_seconds_count", {}, 7),
        ("run_wait_seconds_count", {}, 7),
        ("run_retries_total", {}, 2),
        ("tool_calls_total", {"tool": "echo", "outcome": "ok"}, 1),
        ("tool_calls_total", {"tool": "fail", "outcome": "error"}, 1),
        ("tool_calls_total", {"tool": "other", "outcome": "error"}, 1),
        ("tool_duration_seconds_count", {}, 3),
        ("actor_crashes_total", {"kind": "agent"}, 1),
        ("actor_restarts_total", {"kind": "emitter"}, 1),
        ("actor_kills_total", {"kind": "emitter"}, 1),
        ("actor_crashes_total", {"kind": "session"}, 1),
        ("actor_restarts_total", {"kind": "session"}, 1),
        ("dead_letters_total", {}, 1),
        ("fault_strikes_total", {}, 2),
        ("connections_opened_total", {}, 2),
        ("connections_closed_total", {"code": "1000"}, 2),
        ("frames_refused_total", {"code": "not_found"}, 1),
        ("sessions", {"state": "live"}, 2),
    ],
)
def test_what_happened_is_counted(before_and_after, name, labels, by):
    before, after = before_and_after

    more = after[name, labels] - before[name, labels]

    if name.startswith(("actor", "dead")):
        assert more >= by  # What mends may take others along.
    else:
        assert more == by


def test_what_takes_time_is_measured(before_and_after):
    before, after = before_and_after

    assert 2.0 <= after["run_duration_seconds_sum"] < 60.0  # One run had two seconds, and slept.
    assert 1 <= after["event_delivery_seconds_count"] < after["journal_commit_duration_seconds_count"]
    assert 0 < after["event_delivery_seconds_sum"] < 60.0
    assert 0 < after["journal_commit_duration_seconds_sum"] < 60.0
    assert after["hub_delay_seconds_count"] > before["hub_delay_seconds_count"]
    assert after["journal_available"] == 1
    assert after["actors"] >= 9  # The root, and two sessions with three parts and a place for tools each.


async def test_a_session_without_actors_is_passive(launch):
    server = launch("--demo", toml="[timeouts]\nidle_session = 0.2\n")
    server.new_session(server.known("demo"))
    async with on_stage(server) as client:
        await client.perform({"answer": "x"})
        assert Shown(server)["sessions", {"state": "live"}] == 1
    deadline = time.monotonic() + 30
    while Shown(server)["sessions", {"state": "live"}] or Shown(server)["sessions", {"state": "passive"}] < 2:
        assert time.monotonic() < deadline


async def test_who_keeps_the_loop_from_its_turn_is_measured(launch):
    server = launch("--demo")
    async with on_stage(server) as client:
        await client.perform({"spin_ms": 700})
    shown = Shown(server)

    assert shown["hub_delay_worst_seconds"] >= 0.4
    assert shown["hub_blocks_total"] >= 1


def test_no_label_says_anything_about_a_person_or_what_was_said(before_and_after, watched):
    _, after = before_and_after

    assert SECRET not in after.text
    values = {value for name, *labels in after.samples for _, value in labels}
    for login in watched.all_known():
        assert not [value for value in values if login.user_id.removeprefix("u_") in value or value == login.username]
    assert not [value for value in values if re.match(r"[srt]c?_[0-9a-f]{8}", value)]


def test_every_metric_is_on_the_page_and_no_other(before_and_after):
    _, after = before_and_after
    rows = {line for line in PAGE.read_text().splitlines() if line.startswith("| `greenroom_")}

    assert rows == after.table


def expressions():
    dashboard = json.loads(DASHBOARD.read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"{panel['title']} {target['refId']}", target["expr"]


def test_the_dashboard_asks_for_what_there_is(before_and_after, tmp_path):
    _, after = before_and_after
    found = list(expressions())

    asked = {name for _, expression in found for name in NAME.findall(expression)}
    assert asked <= after.names
    # Each is a query that Prometheus can parse, with what Grafana puts in for its variables.
    plain = [(name, expression.replace("$__rate_interval", "5m")) for name, expression in found]
    rules = [{"record": f"dashboard:query:{number}", "expr": text} for number, (_, text) in enumerate(plain)]
    path = tmp_path / "queries.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", str(path))
    shown = {name.removesuffix("_total") for name in asked}
    assert {name.split("{")[0] for name in after.families if name.startswith("greenroom_")} <= {
        re.sub(r"_(bucket|count|sum)$", "", name) for name in shown
    }


def test_the_dashboard_has_its_rows():
    panels = json.loads(DASHBOARD.read_text())["panels"]

    rows = [panel["title"] for panel in panels if panel["type"] == "row"]
    assert rows == ["Golden signals", "Supervision", "Journal", "Hub", "Connections"]
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_the_alert_rules_ask_for_what_there_is(before_and_after):
    _, after = before_and_after
    text = RULES.read_text()

    assert set(NAME.findall(text)) <= after.names
    assert "SUCCESS" in promtool("check", "rules", str(RULES))
