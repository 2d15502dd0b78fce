"""The restart policies of the settings, as the actors take them."""

from collections.abc import Mapping

from actors.runtime.backoff import Backoff
from actors.runtime.errors import SpecError
from actors.runtime.policies import Policy
from actors.runtime.restarts import Intensity
from actors.session.environment import Policies
from config.errors import SettingsError
from config.loading import DEFAULT
from config.settings import RestartPolicies, RestartPolicy


def restart_policies(settings: RestartPolicies, origins: Mapping[str, str] | None = None) -> Policies:
    """Make the policies; ``origins`` tell where the settings came from, by dotted path.

    Raises:
        SettingsError: with a line for each policy that would restart for ever.
    """
    made: dict[str, Policy] = {}
    problems = []
    for name, policy in settings:
        try:
            made[name] = _policy(policy)
        except SpecError as problem:
            problems.append(f"restart.{name} ({_origin(name, origins or {})}): {problem}")
    if problems:
        raise SettingsError(problems)
    return Policies(**made)


def _policy(settings: RestartPolicy) -> Policy:
    delays = settings.backoff
    intensity = Intensity(settings.max_restarts, settings.within)
    return Policy(intensity, Backoff(delays.min, delays.factor, delays.max, delays.jitter))


def _origin(name: str, origins: Mapping[str, str]) -> str:
    of_it = (origin for path, origin in origins.items() if path.startswith(f"restart.{name}."))
    return ", ".join(dict.fromkeys(origin for origin in of_it if origin != DEFAULT)) or DEFAULT
