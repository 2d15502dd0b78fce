"""What the documentation of Flask-SocketIO has one write for gevent: handlers of events, and `emit`."""

from gevent import monkey

monkey.patch_all()

import itertools  # noqa: E402 - after the patch, as its documentation asks
import sys  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

from flask import Flask  # noqa: E402
from flask_socketio import SocketIO, emit  # noqa: E402

app = Flask(__name__)
socketio = SocketIO(app, async_mode="gevent")
run_ids = itertools.count(1)


def echo(value: str) -> str:
    """Return the value: the agent's tool."""
    return value


@socketio.on("connect")
def connected() -> None:
    """Greet."""
    emit("welcome", {})


@socketio.on("message")
def work(message: dict[str, Any]) -> None:
    """Work on one message."""
    text, run_id, began = message["text"], f"run-{next(run_ids)}", time.monotonic()

    def event(kind: str, data: dict[str, Any]) -> None:
        emit(kind, {"run_id": run_id, "ts": round(time.time() * 1000), "data": data})

    event("agent_started", {"agent": "bench", "attempt": 1, "queued_ms": 0, "deadline_ms": 120_000})
    event("agent_thinking", {"step": 1, "thought": "Looking it up"})
    event("tool_executing", {"tool_call_id": f"{run_id}-1", "tool": "echo", "arguments": {"value": text}, "step": 1})
    result = echo(text)
    event("tool_completed", {"tool_call_id": f"{run_id}-1", "tool": "echo", "ok": True, "result": result})
    duration_ms = round((time.monotonic() - began) * 1000)
    event("agent_completed", {"outcome": "success", "text": result, "duration_ms": duration_ms, "attempts": 1})


socketio.run(app, host="127.0.0.1", port=int(sys.argv[1]))
