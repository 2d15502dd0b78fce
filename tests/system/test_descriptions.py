"""The descriptions that the server publishes, and that it does what they say."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import validator_for
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.system.accounts import add_logins
from tests.system.client import on_stage

pytestmark = pytest.mark.system

INSIDE = ("Traceback", ".py", "site-packages", "werkzeug", "msgspec", "gevent", "sqlite")
EXAMPLES = 60
FEW_EXAMPLES = 6
"""For what takes long by design: checking a password."""


@pytest.fixture(scope="module")
def logins():
    return []


@pytest.fixture(scope="module")
def described(launch, logins):
    names = [f"person{number}" for number in range(200)]
    toml = "[limits]\nlogins_per_username = 1000000\nlogins_per_address = 1000000\nsessions_per_user = 1000\n"
    server = launch("--demo", toml=toml, prepare=lambda path: logins.extend(add_logins(path, names)))
    yield server
    assert server.faults() == []


@pytest.fixture(scope="module")
def document(described):
    return described.call("GET", "/v1/openapi.json").json


OPERATIONS = [
    ("POST", "/v1/login"),
    ("POST", "/v1/refresh"),
    ("POST", "/v1/logout"),
    ("POST", "/v1/ws-ticket"),
    ("GET", "/v1/me"),
    ("GET", "/v1/sessions"),
    ("POST", "/v1/sessions"),
    ("DELETE", "/v1/sessions/{session_id}"),
    ("GET", "/v1/sessions/{session_id}/events"),
    ("GET", "/v1/ops/overview"),
    ("GET", "/v1/ops/sessions"),
    ("POST", "/v1/ops/sessions/{session_id}/restart"),
    ("POST", "/v1/ops/sessions/{session_id}/stop"),
    ("GET", "/v1/ops/actors"),
    ("GET", "/v1/ops/crashes"),
    ("GET", "/v1/ops/crashes/{number}"),
    ("GET", "/v1/ops/dead-letters"),
    ("GET", "/v1/ops/connections"),
    ("POST", "/v1/agui"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
]


def test_every_call_of_the_protocol_is_described(document):
    calls = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}

    assert calls == set(OPERATIONS)


EVENTS = "/v1/sessions/{session_id}/events"
LISTS = [("GET", f"/v1/ops/{name}") for name in ("overview", "sessions", "actors", "crashes", "connections")]
AGUI = ("POST", "/v1/agui")
UNTOLD = {
    # A parameter or a field that isn't known is ignored, so that a client may be newer than its server.
    **{path: [negative_data_rejection] for path in (EVENTS, *(path for _, path in LISTS))},
    # That the last message must be a person's, and hold a text, is beyond a schema.
    AGUI[1]: [positive_data_acceptance],
}
WITH_INPUT = [("POST", "/v1/login"), ("POST", "/v1/refresh"), ("POST", "/v1/sessions"), ("GET", EVENTS), AGUI, *LISTS]
ASKED = [
    *((method, path, GenerationMode.POSITIVE) for method, path in OPERATIONS),
    *((method, path, GenerationMode.NEGATIVE) for method, path in WITH_INPUT),
]


@pytest.mark.parametrize(("method", "path", "mode"), ASKED)
def test_whatever_is_asked_the_answer_is_as_described(described, document, logins, method, path, mode):
    load_all_checks()
    operation = schemathesis.openapi.from_dict(document)[path][method]
    tokens, known = iter(logins), described.known("operator" if path.startswith("/v1/ops") else "demo")
    mine = {"path_parameters": {"session_id": described.new_session(known)}} if path == EVENTS else {}
    statuses = set()

    @settings(
        max_examples=EXAMPLES if path != "/v1/login" else FEW_EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode, **mine))
    def check(case):
        # A logout ends its login.
        token = next(tokens).token if path == "/v1/logout" else known.token
        answer = case.call(base_url=described.url, headers={"Authorization": f"Bearer {token}"})
        case.validate_response(answer, excluded_checks=UNTOLD.get(path, []))
        statuses.add(answer.status_code)
        assert answer.status_code < 500
        for inside in INSIDE:
            assert inside not in answer.text

    check()
    if path == EVENTS or (method, path) in LISTS:
        assert (200 if mode is GenerationMode.POSITIVE else 400) in statuses


def test_the_document_describes_the_frames_of_both_sides(described):
    document = described.call("GET", "/v1/asyncapi.json").json
    messages = document["components"]["messages"]
    from_client = {message["name"] for name, message in messages.items() if name.startswith("client.")}
    from_server = {message["name"] for name, message in messages.items() if name.startswith("server.")}

    assert document["asyncapi"] == "3.0.0"
    assert from_client == {"auth", "subscribe", "unsubscribe", "message", "cancel", "dequeue", "ping", "pong"}
    assert from_server >= {"welcome", "error", "ack", "bye", "draining", "pong", "message_delta", "progress"}
    assert from_server >= {"message_accepted", "agent_started", "tool_completed", "agent_completed"}


@pytest.mark.parametrize("path", ["/v1/openapi.json", "/v1/asyncapi.json"])
def test_every_reference_leads_somewhere(described, path):
    document = described.call("GET", path).json

    def references(part):
        if isinstance(part, dict):
            yield from (part["$ref"],) if isinstance(part.get("$ref"), str) else ()
            for inner in part.values():
                yield from references(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from references(inner)

    found = set(references(document))
    assert found
    for reference in found:
        place = document
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]


async def test_what_crosses_a_socket_is_as_described(described, document):
    described_frames = described.call("GET", "/v1/asyncapi.json").json
    components = {"components": described_frames["components"]}
    async with on_stage(described) as client:
        await client.perform({"think": "x"}, {"tool": "echo", "arguments": {"value": 1}}, {"say": "hello"})
        await client.request("ping")
        await client.refused("subscribe", session_id="s_none")
    for frame in client.frames:
        payload = components["components"]["messages"][f"server.{frame['type']}"]["payload"]
        validator_for({**components, **payload}).validate(frame)
