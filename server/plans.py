"""The fault plan of the settings, as the runtime takes it."""

from collections.abc import Mapping

from actors.runtime.errors import FaultPlanInvalid
from actors.runtime.faultplan import FaultPlan
from config.errors import SettingsError
from config.loading import DEFAULT
from config.settings import Faults


def fault_plan(settings: Faults, origins: Mapping[str, str] | None = None) -> FaultPlan | None:
    """Read the plan that holds from the start, if there is to be one; blocks on the disk.

    ``origins`` tell where the settings came from, by dotted path.

    Raises:
        SettingsError: with a line for everything that is wrong with the file.
    """
    if settings.plan is None:
        return None
    named = f"faults.plan = {str(settings.plan)!r} ({(origins or {}).get('faults.plan', DEFAULT)})"
    try:
        return FaultPlan.from_toml(settings.plan.read_text("utf-8"))
    except FaultPlanInvalid as invalid:
        raise SettingsError([f"{named}: {problem}" for problem in invalid.problems]) from invalid
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{named}: can't be read ({error})"]) from error
