"""Events written by hand, and a good log made of them."""

SESSION = "s_mine"
NOW = 1_760_000_000_000


def event(seq, kind, run_id="r_1", **data):
    return {"type": kind, "session_id": SESSION, "run_id": run_id, "seq": seq, "ts": NOW + seq, "data": data}


def accepted(seq, run_id="r_1", position=0):
    return event(seq, "message_accepted", run_id, text="hi", client_msg_id=None, agent="a", position=position)


def started(seq, run_id="r_1", attempt=1):
    return event(seq, "agent_started", run_id, agent="a", attempt=attempt, queued_ms=0, deadline_ms=1000)


def executing(seq, call="tc_1", run_id="r_1"):
    return event(seq, "tool_executing", run_id, tool_call_id=call, tool="echo", arguments={}, step=1)


def completed_call(seq, call="tc_1", run_id="r_1"):
    data = {"tool_call_id": call, "tool": "echo", "ok": True, "duration_ms": 1, "truncated": False, "result": 1}
    return event(seq, "tool_completed", run_id, **data)


def restarted(seq, run_id="r_1", attempt=2):
    return event(seq, "agent_restarted", run_id, attempt=attempt, reason="it crashed", retry_in_ms=0)


def completed(seq, run_id="r_1", attempts=1):
    return event(seq, "agent_completed", run_id, outcome="success", text="ok", duration_ms=5, attempts=attempts)


def dequeued(seq, run_id="r_1"):
    return event(seq, "message_dequeued", run_id, reason="cancelled")


def numbered(events):
    return [{**entry, "seq": seq} for seq, entry in enumerate(events, start=1)]


GOOD = numbered(
    [
        *(accepted(0), started(0), event(0, "agent_thinking", step=1, thought="well")),
        *(executing(0), accepted(0, "r_2", position=1), executing(0, "tc_2"), completed_call(0, "tc_2")),
        *(completed_call(0), restarted(0), started(0, attempt=2), accepted(0, "r_3", position=2), dequeued(0, "r_3")),
        *(completed(0, attempts=2), started(0, "r_2"), completed(0, "r_2")),
    ]
)
