"""The HTTP side: health, and every error in the one shape, whoever asks for whatever."""

import pytest

from tests.system.client import dial, script
from tests.system.process import JSON, posted

pytestmark = pytest.mark.system


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_server_that_is_well_says_so(server, path):
    assert server.call("GET", path).status == 200


PROTECTED = [
    ("POST", "/v1/logout"),
    ("POST", "/v1/ws-ticket"),
    ("GET", "/v1/me"),
    ("GET", "/v1/sessions"),
    ("POST", "/v1/sessions"),
    ("DELETE", "/v1/sessions/s_1"),
    ("GET", "/v1/sessions/s_1/events"),
]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer nonsense", "Basic ZGVtbzpkZW1v", "\xff"]
)
def test_without_a_good_token_every_call_is_401(server, method, path, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = server.call(method, path, headers=headers)

    assert (answer.status, answer.error["code"]) == (401, "unauthorized")


@pytest.mark.parametrize(("method", "path"), PROTECTED)
def test_a_token_in_the_query_string_is_refused_even_beside_a_good_one(server, method, path):
    token = server.known("demo").token

    assert server.call(method, f"{path}?x={token}", token=token).status == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1", 404),
        ("GET", "/v1/sessions/../../etc/passwd", 404),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/..%2fapp.py", 404),
        ("GET", "/static/%2e%2e/app.py", 404),
        ("GET", "/v1/login", 405),
        ("PUT", "/v1/sessions", 405),
        ("POST", "/healthz", 405),
        ("DELETE", "/v1/sessions", 405),
    ],
)
def test_what_isnt_there_is_told_in_the_one_shape(server, method, path, status):
    answer = server.call(method, path, token=server.known("demo").token)

    assert answer.status == status
    assert answer.headers["Content-Type"] == JSON
    assert answer.error["code"]
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_body_that_is_too_large_is_413(server):
    answer = posted(server, "/v1/login", b"x" * 262_145)

    assert (answer.status, answer.error["code"]) == (413, "too_large")


def test_no_error_tells_of_the_inside(server):
    token = server.known("demo").token
    answers = [
        posted(server, "/v1/login", b"{"),
        posted(server, "/v1/login", {"username": 7}),
        posted(server, "/v1/sessions", b"[[[", token),
        posted(server, "/v1/sessions", {"title": 7}, token),
        posted(server, "/v1/refresh", {"refresh_token": "x"}),
        server.call("GET", "/nowhere"),
        server.call("GET", "/v1/sessions/%00/events", token=token),
        server.call("GET", "/v1/sessions/%ff/events", token=token),
        server.call("DELETE", "/v1/sessions/a%2Fb", token=token),
        server.call("GET", "/v1/ws", token=token),
    ]
    for answer in answers:
        assert 400 <= answer.status < 500, answer
        assert answer.error["message"]
        for inside in (b"Traceback", b".py", b"site-packages", b"werkzeug", str(server.data_dir).encode()):
            assert inside not in answer.body


def test_every_answer_bears_the_headers_that_keep_a_page_safe(server):
    for path in ("/", "/healthz", "/nowhere"):
        headers = server.call("GET", path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


async def test_a_request_without_an_upgrade_is_told_to_upgrade(server):
    answer = server.call("GET", "/v1/ws", token=server.known("demo").token)

    assert answer.status == 426
    client = await dial(server, token=server.known("demo").token)
    ack = await client.request("message", text=script({"answer": "fine"}), agent="rehearsal")
    await client.ended(ack["run_id"])
    await client.close()
