"""Runs to be in the middle of, and what is read of their events."""

HANG = {"hang": True}
SLOW = {"say": " ".join(f"word{number}" for number in range(40)), "chunks": 40, "every_ms": 100}
WORDS = SLOW["say"]


async def hanging(client, session_id, *before):
    """Start a run that never ends by itself, and wait until it is under way."""
    ack = await client.message(*before, {"think": "about to hang"}, HANG, session_id=session_id)
    await client.event("agent_thinking", ack["run_id"])
    return ack["run_id"]


def kinds(events):
    return [event["type"] for event in events]
