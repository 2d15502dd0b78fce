"""The turn of the asyncio peers: five events around one tool call, as a person would write it by hand."""

import itertools
import time
from collections.abc import Callable
from typing import Any

_run_ids = itertools.count(1)


async def echo(value: str) -> str:
    """Return the value: the agent's tool."""
    return value


async def turn(text: str, emit: Callable[[dict[str, Any]], None]) -> None:
    """Work on one message."""
    run_id, began = f"run-{next(_run_ids)}", time.monotonic()

    def event(kind: str, data: dict[str, Any]) -> None:
        emit({"type": kind, "run_id": run_id, "ts": round(time.time() * 1000), "data": data})

    event("agent_started", {"agent": "bench", "attempt": 1, "queued_ms": 0, "deadline_ms": 120_000})
    event("agent_thinking", {"step": 1, "thought": "Looking it up"})
    event("tool_executing", {"tool_call_id": f"{run_id}-1", "tool": "echo", "arguments": {"value": text}, "step": 1})
    result = await echo(text)
    event("tool_completed", {"tool_call_id": f"{run_id}-1", "tool": "echo", "ok": True, "result": result})
    duration_ms = round((time.monotonic() - began) * 1000)
    event("agent_completed", {"outcome": "success", "text": result, "duration_ms": duration_ms, "attempts": 1})
