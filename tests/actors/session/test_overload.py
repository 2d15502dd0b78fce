"""When sessions crash by the dozen, no new ones begin, and those that run go on."""

import pytest

from actors.runtime import storms
from actors.runtime.policies import Policy
from actors.runtime.restarts import Intensity
from actors.runtime.telemetry import Restarting, StormBegan, StormEnded
from actors.session.environment import Policies
from actors.session.messages import LookAtWeather
from tests.actors.runtime.policies import AT_ONCE
from tests.actors.session.deaths import kill


@pytest.fixture
def house(make_house):
    return make_house(policies=Policies(session=Policy(Intensity(100, 60.0), AT_ONCE)))


def raise_storm(house):
    """Kill one session until the root has counted enough."""
    while not house.runtime.telemetry.counts[StormBegan]:
        kill(house.actor())


def test_new_sessions_are_refused_in_a_storm_and_others_served(house):
    tab, other = house.tab(), house.tab("u_2", "s_2")
    tab.completed(tab.run({"answer": "x"}))
    other.completed(other.run({"answer": "x"}))
    raise_storm(house)
    late = house.tab("u_3", "s_3")
    refusal = late.refusal(late.submit({"answer": "y"}))

    assert (refusal.code, refusal.temporary) == ("internal", True)
    assert refusal.retry_after_ms > 0
    assert "overloaded" in refusal.message
    assert other.completed(other.run({"answer": "z"}))["data"]["text"] == "z"
    assert house.runtime.telemetry.counts[Restarting] == storms.RESTARTS


def test_new_sessions_begin_again_once_it_is_calm(house):
    tab = house.tab()
    tab.completed(tab.run({"answer": "x"}))
    raise_storm(house)
    # The storm is ten seconds ago.
    house.root._cell.actor._weather = storms.Weather((), storm=True)
    house.root._cell.deliver_system(LookAtWeather())
    late = house.tab("u_3", "s_3")

    assert late.completed(late.run({"answer": "y"}))["data"]["text"] == "y"
    assert house.runtime.telemetry.counts[StormEnded] == 1
