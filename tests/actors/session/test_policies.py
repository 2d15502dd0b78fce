"""The restart policies by name change what happens."""

import gevent
import pytest

from actors.runtime.backoff import Backoff
from actors.runtime.policies import Policy
from actors.runtime.restarts import Intensity
from actors.session.environment import Policies
from tests.actors.runtime.policies import AT_ONCE


@pytest.mark.parametrize("name", ["emitter", "tools", "agent"])
@pytest.mark.parametrize("allowed", [0, 2, 5])
def test_a_part_of_a_session_may_fail_as_often_as_its_policy_says(make_house, name, allowed):
    house = make_house(policies=Policies(**{name: Policy(Intensity(allowed, 60.0), AT_ONCE)}))
    tab = house.tab()
    tab.completed(tab.run({"answer": "x"}))
    session = house.actor()

    for failure in range(1, allowed + 2):
        part, life = house.actor(name), house.actor(name).incarnation
        part.kill()
        with gevent.Timeout(5):
            while session.incarnation == 1 and house.actor(name).incarnation == life:
                gevent.sleep(0)
        assert session.incarnation == (1 if failure <= allowed else 2)


def test_a_part_waits_as_its_policy_says(make_house):
    slow = Backoff(minimum=30.0, maximum=30.0, jitter=0.0)
    house = make_house(policies=Policies(agent=Policy(Intensity(1, 60.0), slow)))
    tab = house.tab()
    tab.completed(tab.run({"answer": "x"}))

    assert house.actor("agent")._cell.spec.backoff == slow
    assert house.actor("tools")._cell.spec.backoff == Backoff()
