"""What can be wrong with a configuration.

::

    SettingsError    the operator's: the file, the environment or the flags say something that can't be
"""

from collections.abc import Iterable


class SettingsError(Exception):
    """Carry everything that is wrong with the settings, so that it is mended in one go.

    Attributes:
        problems: one line each: the setting, where its value came from, and what to do.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))
