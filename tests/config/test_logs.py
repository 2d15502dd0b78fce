import io
import json
import logging

import pytest
import structlog

from config.logs import drop_secrets, name_session, set_up
from config.settings import Logs


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _own_logging():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines():
    stream = io.StringIO()
    set_up(Logs(), stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_what_is_no_terminal_gets_one_json_object_a_line(lines):
    structlog.get_logger("greenroom").info("session started", session_id="s_1")

    [line] = lines()
    assert (line["event"], line["session_id"], line["level"], line["logger"]) == (
        "session started",
        "s_1",
        "info",
        "greenroom",
    )
    assert line["timestamp"].endswith("Z")


def test_the_standard_librarys_lines_come_in_the_same_form(lines):
    logging.getLogger("pykka").warning("actor %s is gone", "a", extra={"actor": "session/u/s", "token": "t"})

    [line] = lines()
    assert (line["event"], line["actor"], line["level"]) == ("actor a is gone", "session/u/s", "warning")
    assert "token" not in line


def test_context_is_in_every_line_of_both(lines):
    structlog.contextvars.bind_contextvars(run_id="r_1")

    structlog.get_logger().info("one")
    logging.getLogger("x").info("two")

    assert [line["run_id"] for line in lines()] == ["r_1", "r_1"]


def test_lines_below_the_level_are_left_out(lines):
    structlog.get_logger().debug("one")
    logging.getLogger("x").debug("two")

    assert lines() == []


def failure(password):
    try:
        int("x" + password[:0])
    except ValueError as error:
        return type(error), error, error.__traceback__


def test_an_exception_is_within_its_line_without_local_variables(lines):
    failed = failure("hunter2")
    structlog.get_logger().error("failed", exc_info=failed)
    logging.getLogger("x").error("failed", exc_info=failed)

    for line in lines():
        assert "ValueError: invalid literal" in line["exception"]
        assert "hunter2" not in json.dumps(line)


def test_a_terminal_gets_colours_and_no_local_variables():
    stream = Terminal()
    set_up(Logs(), stream)
    structlog.get_logger().error("failed", exc_info=failure("hunter2"))

    assert "\x1b[" in stream.getvalue()
    assert "ValueError: invalid literal" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_json_can_be_had_on_a_terminal_too():
    stream = Terminal()
    set_up(Logs(format="json"), stream)
    structlog.get_logger().info("one")

    assert json.loads(stream.getvalue())["event"] == "one"


@pytest.mark.parametrize(
    "key", ["password", "token", "access_token", "refreshToken", "api_key", "X-API-Key", "Authorization", "text"]
)
def test_what_is_named_like_a_secret_is_dropped_at_any_depth(key):
    event = {"event": "login", key: "x", "deep": [{key: "x", "kept": 1}]}

    assert drop_secrets(None, "info", event) == {"event": "login", "deep": [{"kept": 1}]}


@pytest.mark.parametrize("key", ["event", "context", "input_tokens", "session_id", "texture"])
def test_what_only_resembles_a_secrets_name_stays(key):
    assert drop_secrets(None, "info", {key: 1}) == {key: 1}


@pytest.mark.parametrize("part", ["", "/agent", "/tools/tc_1"])
def test_a_line_about_a_sessions_actor_names_the_session_and_its_user(part):
    event = {"event": "crashed", "actor": f"session/u_1/s_2{part}"}

    assert name_session(None, "info", event) == event | {"user_id": "u_1", "session_id": "s_2"}


@pytest.mark.parametrize("event", [{"event": "x"}, {"actor": "root"}, {"actor": "mcp/files"}, {"actor": "session/u_1"}])
def test_a_line_about_anybody_else_stays_as_it_is(event):
    assert name_session(None, "info", event) == event
