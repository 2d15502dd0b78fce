"""How a run may end other than by an answer, named by whose decision it is.

::

    Exception
     ├─ AgentError        the agent's: an answer that says why there is none
     └─ ScriptedCrash     the rehearsal script's: a crash on purpose
    BaseException
     └─ ToolCrash         the rehearsal script's: the end of a tool's actor, on purpose
"""


class AgentError(Exception):
    """A failure told to the user in the agent's own words: the run's answer, not a crash, and never retried.

    Args:
        message: for the user.
        code: one lower-case word for programs.
    """

    def __init__(self, message: str, code: str = "agent_error") -> None:
        # Both go into args, so that the error survives the pickle to and from another process.
        super().__init__(message, code)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        """Return the words for the user."""
        return self.message


class ScriptedCrash(Exception):
    """The crash that a rehearsal's script asked for."""


class ToolCrash(BaseException):
    """The end of a tool's actor; not an Exception, so that no handler makes a mere failed call of it."""
