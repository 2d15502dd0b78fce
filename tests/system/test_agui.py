"""AG-UI, judged by its own client: `@ag-ui/client` verifies each event, and ends a run at the first that may not be."""

import contextlib
import http.client
import json
import queue
import subprocess
import threading
import time
import uuid
from pathlib import Path

import pytest

from server.agui.threads import session_of_thread
from tests.system.client import on_stage, script
from tests.system.test_judges import HERE

pytestmark = pytest.mark.system

SECONDS = 40.0


class Judge:
    """A process of the judge; ``lines`` come as it prints them."""

    def __init__(self, server, folder: Path, runs, *, thread: str, who: str = "demo") -> None:
        self._url_file = folder / f"url-{uuid.uuid4()}"
        self.at(server)
        order = {"urlFile": str(self._url_file), "token": server.known(who).token, "threadId": thread, "runs": runs}
        self.process = subprocess.Popen(
            ["node", str(HERE / "agui_judge.js"), json.dumps(order)], stdout=subprocess.PIPE, text=True
        )
        self.seen = []
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def at(self, server) -> None:
        """Say where the server is now."""
        self._url_file.write_text(server.url)

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)

    def until(self, wanted):
        """Return the first line that is wanted."""
        deadline = time.monotonic() + SECONDS
        while True:
            line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            assert line is not None, self.seen
            self.seen.append(line)
            if wanted(line):
                return line

    def verdict(self):
        """Wait for its end; return the ends of its runs, and the messages as its client has them."""
        messages = self.until(lambda line: "messages" in line)["messages"]
        return [line["end"] for line in self.seen if "end" in line], messages

    @property
    def events(self):
        return [line["event"] for line in self.seen if "event" in line]

    @property
    def types(self):
        return [event["type"] for event in self.events]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def judge(tmp_path):
    """Start judges that end with the test."""
    with contextlib.ExitStack() as started:

        def start(server, *runs, thread=None, **options):
            judge = Judge(server, tmp_path, runs, thread=thread or str(uuid.uuid4()), **options)
            started.callback(judge.close)
            return judge

        yield start


def run(*steps, cuts=()):
    """Return an order for one run of the rehearsal agent."""
    return {"runId": str(uuid.uuid4()), "text": script(*steps), "agent": "rehearsal", "cuts": list(cuts)}


def said(events):
    """Return the texts of the messages, by their ids, as they were written."""
    texts = {}
    for event in events:
        if event["type"] == "TEXT_MESSAGE_CONTENT":
            texts[event["messageId"]] = texts.get(event["messageId"], "") + event["delta"]
    return texts


def post(server, who="demo", headers=None, **body):
    login = server.known(who)
    return server.call("POST", "/v1/agui", body, login.token, headers)


def user(text):
    return [{"id": "1", "role": "user", "content": text}]


def test_a_run_with_thoughts_tools_and_words_is_accepted(server, judge):
    one = {"tool": "echo", "arguments": {"value": "x"}}
    several = [{"tool": "wait", "arguments": {"seconds": 0.05}}, {"tool": "fail", "arguments": {"message": "no"}}, one]
    steps = [{"think": "first"}, one, {"think": "second"}, {"tools": several}, {"say": "all is well", "chunks": 3}]
    found = judge(server, run(*steps))

    ends, messages = found.verdict()

    assert ends == ["well"]
    assert found.types[0] == "RUN_STARTED"
    assert found.events[-1]["outcome"] == {"type": "success"}
    assert found.types.count("STEP_STARTED") == found.types.count("STEP_FINISHED") == 2
    assert [event["delta"] for event in found.events if event["type"] == "REASONING_MESSAGE_CONTENT"] == [
        "first",
        "second",
    ]
    assert found.types.count("TOOL_CALL_START") == found.types.count("TOOL_CALL_RESULT") == 4
    assert list(said(found.events).values()) == ["all is well"]
    assert found.types.count("TEXT_MESSAGE_CONTENT") == 3
    assert [message["content"] for message in messages if message["role"] == "tool"].count("x") == 2
    assert messages[-1] == {"id": messages[-1]["id"], "role": "assistant", "content": "all is well"}


def test_calls_side_by_side_are_open_side_by_side(server, judge):
    waits = [{"tool": "wait", "arguments": {"seconds": 0.2}}] * 3
    found = judge(server, run({"tools": waits}, {"answer": "done"}))

    assert found.verdict()[0] == ["well"]
    kinds = [kind for kind in found.types if kind in {"TOOL_CALL_START", "TOOL_CALL_RESULT"}]
    assert kinds == ["TOOL_CALL_START"] * 3 + ["TOOL_CALL_RESULT"] * 3


def test_an_error_is_a_run_error_with_its_code(server, judge):
    found = judge(server, run({"say": "I begin"}, {"crash": "oh"}))

    found.verdict()

    assert found.types[-1] == "RUN_ERROR"
    assert found.events[-1]["code"] == "agent_crashed"
    assert [event["value"]["attempt"] for event in found.events if event["type"] == "CUSTOM"] == [2]
    assert list(said(found.events).values()) == ["I begin", "I begin"]  # Each attempt's words are a message.


def test_what_was_said_and_another_answer_are_two_messages(server, judge):
    found = judge(server, run({"say": "let me see"}, {"answer": "42"}))

    assert found.verdict()[0] == ["well"]
    assert list(said(found.events).values()) == ["let me see", "42"]


async def test_a_cancelled_run_is_finished_as_cancelled(server, judge):
    thread, order = str(uuid.uuid4()), run({"say": "one moment"}, {"sleep_ms": 60_000})
    found = judge(server, order, thread=thread)
    found.until(lambda line: line.get("event", {}).get("type") == "TEXT_MESSAGE_CONTENT")
    async with on_stage(server) as client:
        await client.request("cancel", session_id=session_of_thread(server.known("demo").user_id, thread))

    assert found.verdict()[0] == ["well"]
    assert found.events[-1]["type"] == "RUN_FINISHED"
    assert found.events[-1]["outcome"] == {"type": "cancelled"}
    assert list(said(found.events).values()) == ["one moment"]


def test_two_runs_in_a_thread_are_two_in_one_session(server, judge):
    thread = str(uuid.uuid4())
    found = judge(server, run({"answer": "one"}), run({"answer": "two"}), thread=thread)

    assert found.verdict()[0] == ["well", "well"]
    assert list(said(found.events).values()) == ["one", "two"]
    session_id = session_of_thread(server.known("demo").user_id, thread)
    logged = server.events(server.known("demo"), session_id)
    assert [event["data"]["text"] for event in logged if event["type"] == "agent_completed"] == ["one", "two"]


def test_a_connection_that_is_cut_again_and_again_loses_nothing(server, judge):
    steps = [
        {"think": "a"},
        {"tools": [{"tool": "echo", "arguments": {"value": 1}}, {"tool": "wait", "arguments": {"seconds": 0.3}}]},
        {"say": "one two three four five six seven eight", "chunks": 8, "every_ms": 100},
        {"think": "b"},
        {"sleep_ms": 300},
        {"answer": "one two three four five six seven eight"},
    ]
    whole = judge(server, run(*steps))
    assert whole.verdict()[0] == ["well"]
    cut = judge(server, run(*steps, cuts=range(1, len(whole.events), 2)))

    assert cut.verdict()[0] == ["well"]

    assert sum("cut" in line for line in cut.seen) >= 8
    assert list(said(cut.events).values()) == list(said(whole.events).values())
    others = [kind for kind in whole.types if kind != "TEXT_MESSAGE_CONTENT"]
    assert [kind for kind in cut.types if kind != "TEXT_MESSAGE_CONTENT"] == others


def test_a_server_that_is_killed_in_mid_run_goes_on_telling_after_its_restart(launch, judge):
    server = launch("--demo")
    steps = [{"think": "a"}, {"say": "half", "chunks": 2}, {"tool": "wait", "arguments": {"seconds": 3}}]
    found = judge(server, run(*steps, {"say": " and half"}))
    found.until(lambda line: line.get("event", {}).get("type") == "TOOL_CALL_END")
    server.restart()
    found.at(server)

    assert found.verdict()[0] == ["well"]
    assert any("lost" in line for line in found.seen)
    assert [event["value"]["attempt"] for event in found.events if event["type"] == "CUSTOM"] == [2]
    assert list(said(found.events).values()) == ["half", "half and half"]


def test_two_users_who_make_up_the_same_thread_have_one_each(server):
    thread = str(uuid.uuid4())
    for who in ("demo", "demo2"):
        body = {"threadId": thread, "runId": "same", "messages": user(script({"answer": f"for {who}"}))}
        answer = post(server, who, **body, forwardedProps={"agent": "rehearsal"})
        assert answer.status == 200, answer
        assert f"for {who}" in answer.body.decode()
    for who in ("demo", "demo2"):
        mine = session_of_thread(server.known(who).user_id, thread)
        texts = [event["data"].get("text") for event in server.events(server.known(who), mine)]
        assert f"for {who}" in texts
        other = "demo2" if who == "demo" else "demo"
        assert server.call("GET", f"/v1/sessions/{mine}/events", token=server.known(other).token).status == 404


def test_another_users_session_is_no_thread_of_mine(server):
    theirs = server.new_session(server.known("demo2"))

    as_theirs = post(server, threadId=theirs, runId=str(uuid.uuid4()), messages=user("hello"))
    as_nobodys = post(server, threadId="s_0123456789abcdef", runId=str(uuid.uuid4()), messages=user("hello"))

    assert as_theirs.status == as_nobodys.status == 404
    assert as_theirs.body == as_nobodys.body


def test_a_session_of_mine_is_a_thread(server, session):
    answer = post(server, threadId=session, runId=str(uuid.uuid4()), messages=user("what is 2 + 2?"))

    assert answer.status == 200
    assert next(event["session_id"] for event in server.events(server.known("demo"), session)) == session


def test_a_run_that_is_sent_twice_runs_once_and_is_told_twice(server):
    thread, run_id = str(uuid.uuid4()), str(uuid.uuid4())
    body = {"threadId": thread, "runId": run_id, "messages": user(script({"answer": "once"}))}

    first, second = (post(server, **body, forwardedProps={"agent": "rehearsal"}) for _ in range(2))

    assert data_of(first) == data_of(second)
    logged = server.events(server.known("demo"), session_of_thread(server.known("demo").user_id, thread))
    assert [event["type"] for event in logged].count("message_accepted") == 1


def data_of(answer):
    blocks = answer.body.decode().split("\n\n")
    return [json.loads(block.partition("data: ")[2]) for block in blocks if "data: " in block]


def test_a_client_that_leaves_doesnt_cancel(server):
    thread = str(uuid.uuid4())
    body = {
        "threadId": thread,
        "runId": str(uuid.uuid4()),
        "messages": user(script({"say": "I go on"}, {"sleep_ms": 500}, {"answer": "I went on"})),
        "forwardedProps": {"agent": "rehearsal"},
    }
    login = server.known("demo")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("POST", "/v1/agui", json.dumps(body), {"Authorization": f"Bearer {login.token}"})
        with connection.getresponse() as response:
            assert b"accepted" in response.readline()
    session_id = session_of_thread(login.user_id, thread)
    deadline = time.monotonic() + SECONDS
    while not (ends := [event for event in server.events(login, session_id) if event["type"] == "agent_completed"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (ends[0]["data"]["outcome"], ends[0]["data"]["text"]) == ("success", "I went on")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"messages": []}, 400, "bad_request"),
        ({"messages": [{"role": "tool", "content": "x"}]}, 400, "bad_request"),
        ({"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]}, 400, "bad_request"),
        ({"messages": [{"role": "user", "content": ""}]}, 400, "bad_request"),
        ({"messages": [{"role": "user", "content": "x" * 70_000}]}, 413, "too_large"),
        ({"threadId": ""}, 400, "bad_request"),
        ({"forwardedProps": {"agent": "nobody"}}, 404, "not_found"),
    ],
)
def test_what_isnt_a_message_for_an_agent_is_refused(server, change, status, code):
    body = {"threadId": "refused", "runId": str(uuid.uuid4()), "messages": user("hello")} | change

    answer = post(server, **body)

    assert (answer.status, answer.error["code"]) == (status, code)


@pytest.mark.parametrize(
    ("last", "status"), [("nonsense", 400), ("00000000:1", 409), ("{epoch}:999", 409), ("{epoch}:0:1-zz", 400)]
)
def test_a_place_that_isnt_in_the_log_is_refused(server, last, status):
    login, run_id = server.known("demo"), str(uuid.uuid4())
    body = {"threadId": "placed-" + run_id, "runId": run_id, "messages": user("what is 1 + 1?")}
    assert post(server, **body).status == 200
    path = f"/v1/sessions/{session_of_thread(login.user_id, body['threadId'])}/events"
    epoch = server.call("GET", path, token=login.token).json["epoch"]

    assert post(server, **body, headers={"Last-Event-ID": last.format(epoch=epoch)}).status == status
    unknown = body | {"runId": str(uuid.uuid4())}
    assert post(server, **unknown, headers={"Last-Event-ID": f"{epoch}:1"}).status == 404


def test_it_takes_a_login(server):
    assert server.call("POST", "/v1/agui", {"threadId": "t", "runId": "r", "messages": user("x")}).status == 401


def test_a_drain_ends_the_streams_cleanly_and_the_run_goes_on_in_the_next_process(launch):
    server = launch("--demo", toml="[timeouts]\ndrain = 0.5\n")
    steps = [{"say": "I wait"}, {"tool": "wait", "arguments": {"seconds": 5}}, {"answer": "I waited"}]
    body = {
        "threadId": "drained",
        "runId": "drained",
        "messages": user(script(*steps)),
        "forwardedProps": {"agent": "rehearsal"},
    }
    login = server.known("demo")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with contextlib.closing(connection):
        connection.request("POST", "/v1/agui", json.dumps(body), {"Authorization": f"Bearer {login.token}"})
        response = connection.getresponse()
        told = b""
        while b"TOOL_CALL_END" not in told:
            told += response.readline()
        server.signal()
        told += response.read()  # Raises where the answer isn't whole: its last chunk is missing.
    assert b"RUN_FINISHED" not in told
    assert server.wait() == 0
    last = [line for line in told.decode().splitlines() if line.startswith("id: ")][-1].removeprefix("id: ")
    server.start()

    rest = data_of(post(server, **body, headers={"Last-Event-ID": last}))

    assert (rest[-1]["type"], rest[-1]["outcome"]) == ("RUN_FINISHED", {"type": "success"})
    assert "RUN_STARTED" not in {event["type"] for event in rest}
