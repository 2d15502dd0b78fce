"""Traces of runs, as a collector gets them."""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import uuid

import pytest

from tests.system.client import on_stage, script
from tests.system.collector import collecting
from tests.system.models import Model, calling, said
from tests.system.process import ROOT, ServerProcess, environment

pytestmark = pytest.mark.system

SECRET = "nobody else should read this"
KEY = "sk-test"
TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{CALLER}-01"
TURNS, TRIES, ENOUGH = 30, 5, 1.5


@contextlib.contextmanager
def serving(folder, endpoint, toml=""):
    """Start a server that sends its traces to an endpoint, or to none."""
    with pytest.MonkeyPatch.context() as patch:
        if endpoint is not None:
            patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        server = ServerProcess(folder, "--demo", toml=toml)
    try:
        yield server
    finally:
        server.end()


@pytest.fixture(scope="module")
def collector():
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    fixtures = [
        said("two and three", calling(("calculator", {"expression": "2+3"})), after_tools=False),
        said("two and three", {"content": "5", "usage": {"prompt_tokens": 40, "completion_tokens": 3}}),
        said("nonsense", {"error": {"message": "no"}, "status": 400}),
    ]
    model = Model(tmp_path_factory.mktemp("model"), fixtures, KEY)
    yield model
    model.end()


@pytest.fixture(scope="module")
def traced(tmp_path_factory, collector, model):
    toml = f'[model]\nname = "gpt-test"\nbase_url = "{model.url}/v1"\napi_key = "{KEY}"\n'
    with serving(tmp_path_factory.mktemp("traced"), collector.url, toml) as server:
        yield server
        assert not server.faults()


def of_run(collector, run_id):
    """Wait for the end of a run's last attempt; return all spans of its trace."""
    [last] = [
        span
        for span in collector.wait_for(lambda spans: any(_ends(span, run_id) for span in spans))
        if _ends(span, run_id)
    ]
    return collector.of(last.trace_id)


def _ends(span, run_id):
    return span.attributes.get("greenroom.run.id") == run_id and "greenroom.outcome" in span.attributes


async def test_tools_side_by_side_are_below_the_agent_that_calls_them(traced, collector):
    call = {"tool": "echo", "arguments": {"value": SECRET}}
    async with on_stage(traced) as client:
        events = await client.perform({"think": SECRET}, {"tools": [call, {"tool": "fail"}, call]}, {"answer": SECRET})

    run_id, session_id = events[0]["run_id"], events[0]["session_id"]
    agent, *tools = of_run(collector, run_id)
    assert (agent.name, agent.parent_id, agent.failed) == ("invoke_agent rehearsal", "", False)
    assert agent.attributes == {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "rehearsal",
        "gen_ai.conversation.id": session_id,
        "greenroom.run.id": run_id,
        "greenroom.attempt": 1,
        "greenroom.outcome": "success",
    }
    assert {span.parent_id for span in tools} == {agent.span_id}
    assert sorted(span.name for span in tools) == ["execute_tool echo", "execute_tool echo", "execute_tool fail"]
    calls = {event["data"]["tool_call_id"] for event in events if event["type"] == "tool_executing"}
    assert {span.attributes["gen_ai.tool.call.id"] for span in tools} == calls
    assert [span.attributes["error.type"] for span in tools if span.failed] == ["bad_arguments"]
    assert all(agent.start <= span.start <= span.end <= agent.end for span in tools)
    assert SECRET not in str(collector.spans)
    assert collector.resources[0]["service.name"] == "greenroom"


async def test_a_second_attempt_is_in_the_trace_of_the_first_and_linked_to_it(traced, collector):
    async with on_stage(traced) as client:
        events = await client.perform({"tool": "echo", "arguments": {"value": 1}}, {"crash": "x", "until_attempt": 1})

    agents = [span for span in of_run(collector, events[0]["run_id"]) if span.name.startswith("invoke_agent")]
    assert [span.attributes["greenroom.attempt"] for span in agents] == [1, 2]
    assert [span.failed for span in agents] == [True, False]
    assert agents[0].attributes["error.type"] == "agent_crashed"
    assert (agents[1].parent_id, agents[1].links) == (agents[0].span_id, (agents[0].span_id,))
    tools = [span for span in collector.of(agents[0].trace_id) if span.name == "execute_tool echo"]
    assert [span.parent_id for span in tools] == [span.span_id for span in agents]


async def test_a_cancelled_run_and_its_tool_end(traced, collector):
    async with on_stage(traced) as client:
        ack = await client.message({"tool": "wait", "arguments": {"seconds": 60}})
        await client.event("tool_executing", ack["run_id"])
        await client.request("cancel")

    agent, tool = of_run(collector, ack["run_id"])
    assert (agent.attributes["greenroom.outcome"], agent.failed) == ("cancelled", False)
    assert (tool.name, tool.failed, tool.attributes["error.type"]) == ("execute_tool wait", True, "cancelled")


async def test_questions_to_a_model_are_below_the_agent_that_asks(traced, collector):
    async with on_stage(traced) as client:
        ack = await client.request("message", text="two and three", agent="assistant")
        await client.ended(ack["run_id"])

    agent, *below = of_run(collector, ack["run_id"])
    assert [span.name for span in below] == ["chat gpt-test", "execute_tool calculator", "chat gpt-test"]
    assert {span.parent_id for span in below} == {agent.span_id}
    assert below[0].attributes["gen_ai.operation.name"] == "chat"
    assert below[0].attributes["gen_ai.request.model"] == "gpt-test"
    assert below[2].attributes["gen_ai.usage.input_tokens"] == 40
    assert below[2].attributes["gen_ai.usage.output_tokens"] == 3
    assert agent.attributes["gen_ai.usage.output_tokens"] >= 3
    assert below[0].end <= below[1].start + 1_000_000  # Events count in milliseconds.


async def test_a_question_that_fails_says_so(traced, collector):
    async with on_stage(traced) as client:
        ack = await client.request("message", text="nonsense", agent="assistant")
        await client.ended(ack["run_id"])

    agent, chat = of_run(collector, ack["run_id"])
    assert agent.failed
    assert chat.failed
    assert agent.attributes["error.type"] == chat.attributes["error.type"] == "model_rejected"


def test_a_run_goes_on_with_the_trace_of_the_request_that_brought_it(traced, collector):
    body = {
        "threadId": "traced",
        "runId": str(uuid.uuid4()),
        "messages": [{"role": "user", "content": script({"crash": "x", "until_attempt": 1})}],
        "forwardedProps": {"agent": "rehearsal"},
    }
    answer = traced.call("POST", "/v1/agui", body, traced.known("demo").token, {"traceparent": PARENT})
    assert answer.status == 200

    collector.wait_for(lambda spans: len([span for span in spans if span.trace_id == TRACE]) == 2)
    first, second = collector.of(TRACE)
    assert (first.parent_id, second.parent_id) == (CALLER, first.span_id)


async def turn_seconds(server):
    """Return what the typical turn takes."""
    took = []
    async with on_stage(server) as client:
        for _ in range(TURNS):
            began = time.perf_counter()
            await client.perform({"tool": "echo", "arguments": {"value": 1}})
            took.append(time.perf_counter() - began)
    return statistics.median(took)


async def test_a_collector_that_never_answers_slows_no_turn_and_no_stop(tmp_path, server):
    """It takes connections, and that is all: worse than one that isn't there."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=128) as silent,
        serving(tmp_path / "deaf", f"http://127.0.0.1:{silent.getsockname()[1]}") as deaf,
    ):
        ratios = []
        while not ratios or (min(ratios) >= ENOUGH and len(ratios) < TRIES):
            ratios.append(await turn_seconds(deaf) / await turn_seconds(server))
        assert min(ratios) < ENOUGH, ratios
        began = time.monotonic()
        assert deaf.end() == 0
        assert time.monotonic() - began < 10.0  # The library alone would wait for 30 seconds.


WITHOUT = """
import sys
sys.modules.update({"ag_ui": None, "opentelemetry": None})
sys.argv = ["greenroom", "serve", "--demo", "--port", "0", "--data-dir", sys.argv[1]]
from server.__main__ import main
main()
"""


def test_without_the_extras_the_server_serves_and_says_what_is_missing(tmp_path):
    wanting = environment() | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    command = [sys.executable, "-W", "error", "-c", WITHOUT, str(tmp_path)]
    with subprocess.Popen(command, env=wanting, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert b"Greenroom is at" in process.stdout.readline()
            process.terminate()
            _, log = process.communicate(timeout=20)
        finally:
            process.kill()
    lines = [json.loads(line) for line in log.decode().splitlines()]
    assert "traces_unavailable" in [line["event"] for line in lines]
    assert process.returncode == 0
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ


FORKING = """
from gevent import monkey
monkey.patch_all()
import os, subprocess, sys
import gevent
from server.observability.traces import Traces

traces = Traces()

def tell():
    while True:
        os.write(1, b"%d " % os.getpid())
        gevent.sleep(0)

teller = gevent.spawn(tell)
for _ in range(10):
    subprocess.run(["true"], check=True)
teller.kill()
traces.close()
os.write(1, b"me %d" % os.getpid())
"""


def test_a_child_of_a_traced_process_runs_nothing_of_it():
    """The library's own hooks would have it go into the loop, and serve with its parent's sockets and its log."""
    wanting = environment() | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    command = [sys.executable, "-W", "error", "-c", FORKING]
    found = subprocess.run(command, env=wanting, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stderr

    told, me = found.stdout.split("me ")
    assert set(told.split()) == {me}
