import pytest

from actors.runtime.backoff import Backoff
from actors.runtime.policies import Policy
from actors.runtime.restarts import Intensity
from actors.session.environment import Policies
from config.errors import SettingsError
from config.loading import load
from config.settings import RestartPolicies
from server.policies import restart_policies


def policies_of(toml, tmp_path):
    path = tmp_path / "greenroom.toml"
    path.write_text(toml)
    settings, origins = load(path, {}, {})
    return restart_policies(settings.restart, origins)


def test_the_defaults_are_the_runtimes():
    assert restart_policies(RestartPolicies()) == Policies()


def test_what_is_set_for_one_kind_of_actor_holds_for_it_alone(tmp_path):
    policies = policies_of("[restart.agent]\nmax_restarts = 5\n[restart.agent.backoff]\nmin = 0.5\nmax = 1\n", tmp_path)

    assert policies.agent == Policy(Intensity(5, 30.0), Backoff(0.5, 2.0, 1.0, 0.2))
    assert policies.session == policies.tools == policies.emitter == Policy()


def test_a_policy_that_would_restart_for_ever_is_named_with_its_place(tmp_path):
    with pytest.raises(SettingsError) as caught:
        policies_of("[restart.tools]\nmax_restarts = 100\n[restart.emitter]\nwithin = 0.1\n", tmp_path)

    tools, emitter = caught.value.problems
    assert tools.startswith(f"restart.tools ({tmp_path}/greenroom.toml): ")
    assert "can never be exceeded" in tools
    assert emitter.startswith("restart.emitter")


def test_delays_that_contradict_themselves_are_refused_with_the_setting(tmp_path):
    with pytest.raises(SettingsError, match=r"restart\.agent\.backoff\.max = 0\.2 .* must be at least min"):
        policies_of("[restart.agent.backoff]\nmin = 0.5\nmax = 0.2\n", tmp_path)
