import pickle

from actors.agents import AgentError
from actors.agents.errors import ToolCrash


def test_an_agents_error_reads_as_its_words_for_the_user():
    error = AgentError("The bank is closed.")
    assert (str(error), error.code) == ("The bank is closed.", "agent_error")


def test_an_agents_error_survives_the_way_to_another_process():
    error = pickle.loads(pickle.dumps(AgentError("The bank is closed.", code="closed")))
    assert (error.message, error.code) == ("The bank is closed.", "closed")


def test_a_tool_crash_is_no_exception_that_a_handler_swallows():
    assert not issubclass(ToolCrash, Exception)
