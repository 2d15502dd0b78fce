"""What the person reads where a model server breaks its own rules, or the settings are wrong."""

import socket

import pytest

from actors.testing.views import check_foreign
from tests.system.client import seat
from tests.system.models import ASIDE, HEAD, KEY, RESET, SECRETS, BareModel, Model, chunk, discreet, event, said
from tests.system.process import ServerProcess, run_greenroom

pytestmark = pytest.mark.system

SETTINGS = """
[model]
name = "{name}"
base_url = "{url}/v1"
api_key = "{key}"
connect_timeout = 2
idle_timeout = 1
retries = 1
"""

END = b"data: [DONE]\n\n"
HELLO = chunk(content="Hello")
STATUS = "HTTP/1.1 {} No\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}"


def refusal(status, code):
    body = f'{{"error": {{"message": "{ASIDE}", "code": "{code}"}}}}'
    return STATUS.format(status, len(body), body).encode()


# What it does, what the person reads of it, and how much of the answer there is.
ACTS = {
    "declines": ([HEAD, chunk(refusal="I won't "), chunk(refusal="say."), chunk("stop"), END], "model_refused", ""),
    "garbles": ([HEAD, HELLO, b"data: {not json\n\n", END], "model_unreadable", "Hello"),
    "sends bytes": ([HEAD, HELLO, b"data: \xff\xfe\n\n", END], "model_unreadable", "Hello"),
    "shows a page": ([b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>Welcome</html>"], "model_unreadable", ""),
    "ends early": ([HEAD, HELLO], "model_cut_off", "Hello"),
    "never finishes": ([HEAD, HELLO, END], "model_cut_off", "Hello"),
    "resets": ([HEAD, HELLO, 0.3, RESET], "model_cut_off", "Hello"),
    "resets at once": ([RESET], "model_unreachable", ""),
    "isn't HTTP": ([b"SSH-2.0-OpenSSH_9.6\r\n"], "model_unreachable", ""),
    "reports an error": ([HEAD, HELLO, event({"error": {"message": ASIDE}})], "model_failed", "Hello"),
    "is struck dumb": ([HEAD, HELLO, 60.0], "model_silent", "Hello"),
    "only breathes": ([HEAD, *[b": alive\n\n", 0.3] * 20], "model_silent", ""),
    "says nothing": ([HEAD, chunk("stop"), END], "model_empty", ""),
    "sends odd shapes": ([HEAD, event([1]), event({"choices": [{"delta": {"content": 7}}]}), END], "model_cut_off", ""),
    "forbids": ([refusal(403, "no")], "model_unauthorized", ""),
    "is not paid": ([refusal(429, "insufficient_quota")], "model_quota", ""),
    "forgets": ([refusal(400, "context_length_exceeded")], "model_too_long", ""),
    "finds fault": ([refusal(400, "invalid_request")], "model_rejected", ""),
}


def launched(data_dir, **settings):
    return ServerProcess(data_dir, "--demo", toml=SETTINGS.format(**{"name": "gpt-test", "key": KEY, **settings}))


@pytest.fixture(scope="module")
def bare():
    model = BareModel({text: act for text, (act, _, _) in ACTS.items()})
    yield model
    model.end()


@pytest.fixture(scope="module")
def house(tmp_path_factory, bare):
    server = launched(tmp_path_factory.mktemp("house"), url=bare.url)
    with discreet(server):
        yield server


async def told(server, text):
    """Send a message and return the data of its run's last event."""
    async with seat(server, "demo") as (client, session_id):
        ack = await client.request("message", session_id=session_id, text=text)
        completed = await client.ended(ack["run_id"])
        check_foreign(client.entries, [*SECRETS, "127.0.0.1"])
    return completed["data"]


@pytest.mark.parametrize(("text", "code", "answer"), [(text, *outcome) for text, (_, *outcome) in ACTS.items()])
async def test_a_model_that_breaks_the_rules_ends_the_run_with_the_reason(house, text, code, answer):
    completed = await told(house, text)

    assert (completed["outcome"], completed["error"]["code"], completed["text"]) == ("error", code, answer)
    assert completed["attempts"] == 1
    assert completed["duration_ms"] < 6000


async def test_a_model_that_declines_is_quoted(house):
    completed = await told(house, "declines")

    assert completed["error"]["message"] == "The language model declined: I won't say."


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    model = Model(tmp_path_factory.mktemp("model"), [said("hello", {"content": "Hello."})], KEY)
    yield model
    model.end()


@pytest.fixture(scope="module")
def nobody():
    """An address where nobody listens, and nobody else will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"key": "sk-another"}, "model_unauthorized"),
        ({"name": "gpt-unknown"}, "model_unknown"),
        ({"url": "nobody"}, "model_unreachable"),
        ({"url": "http://model.invalid"}, "model_unreachable"),
    ],
)
async def test_wrong_settings_are_told_for_what_they_are(tmp_path, model, nobody, wrong, code):
    url = nobody if wrong.get("url") == "nobody" else wrong.get("url", model.url)
    server = launched(tmp_path / "house", **{**wrong, "url": url})
    try:
        completed = await told(server, "hello")
    finally:
        server.end()

    assert (completed["outcome"], completed["error"]["code"]) == ("error", code)
    assert "sk-another" not in server.log


def test_the_key_is_masked_and_an_address_with_a_password_refused():
    shown = run_greenroom("config", MODEL__API_KEY=KEY)
    refused = run_greenroom("config", MODEL__BASE_URL="https://me:secret@models.example.com/v1")

    assert KEY not in shown.stdout
    assert "model.api_key" in shown.stdout
    assert refused.returncode == 2
    assert "model.api_key" in refused.stderr
