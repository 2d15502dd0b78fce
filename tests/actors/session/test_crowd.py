"""A thousand sessions, one in ten of which crashes again and again: the others don't notice."""

import pytest

from actors.runtime.backoff import Backoff
from actors.runtime.faultplan import FaultPlan
from actors.runtime.faults import Faults
from actors.runtime.policies import Policy
from actors.runtime.restarts import Intensity
from actors.runtime.telemetry import StormBegan
from actors.session.environment import Policies

SESSIONS, LOOPING = 1000, 100
STEPS = ({"think": "a"}, {"tool": "echo", "arguments": {"value": 1}}, {"answer": "x"})
KINDS = ["message_accepted", "agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]


@pytest.fixture
def crowd(make_house):
    stubborn = Policy(Intensity(100, 30), Backoff(0.0, 1.0, 0.0, 0.0))
    return make_house(policies=Policies(session=stubborn))


def test_a_crowd_with_crash_loops_in_it(crowd):
    storms = []
    crowd.runtime.telemetry.subscribe(lambda event: storms.append(event) if isinstance(event, StormBegan) else None)
    tabs = [crowd.tab(f"u_{number}", f"s_{number}") for number in range(SESSIONS)]
    for tab in tabs:
        tab.subscribe()
    rule = {"address": "session/*/s_?", "message": "Submit", "every": 1, "action": "raise"}
    rules = [rule, rule | {"address": "session/*/s_??"}]  # The sessions 0 to 99.
    crowd.runtime.faults = Faults(FaultPlan.from_dict({"rules": rules}))
    asked = [(tab, tab.submit(*STEPS)) for _ in range(2) for tab in tabs]
    looping, healthy = asked[:LOOPING], asked[LOOPING:SESSIONS]

    for tab, frame_id in looping:
        assert tab.refusal(frame_id).temporary
    for tab, frame_id in healthy:
        tab.completed(tab.ack(frame_id)["run_id"])
    for tab in tabs[LOOPING:]:
        tab.connection.wait_for(lambda seen: seen.types.count("agent_completed") == 2)
        assert sorted(event["type"] for event in tab.connection.events) == sorted(KINDS * 2)
        assert [event["seq"] for event in tab.connection.events] == list(range(1, 13))
        assert crowd.actor("", tab.user, tab.session).incarnation == 1
        assert crowd.actor("agent", tab.user, tab.session).incarnation == 1

    assert storms, "a hundred restarts are a storm"
    newcomer = crowd.tab("u_new", "s_new")
    refusal = newcomer.refusal(newcomer.submit({"answer": "x"}))
    assert (refusal.code, refusal.temporary) == ("internal", True)
    assert refusal.retry_after_ms
