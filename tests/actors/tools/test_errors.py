import pickle

from actors.tools.errors import PluginError, Problem, ToolFailed


def test_a_failure_reads_as_its_message():
    assert str(ToolFailed(code="timeout", message="It took too long.", tool="wait")) == "It took too long."


def test_a_failure_survives_the_way_to_another_process():
    failure = pickle.loads(pickle.dumps(ToolFailed("timeout", "It took too long.", "wait")))
    assert (failure.code, failure.message, failure.tool) == ("timeout", "It took too long.", "wait")


def test_a_plugin_error_lists_every_problem_on_its_line():
    error = PluginError([Problem("settings a:B", "gone"), Problem("settings c:D", "broken")])
    assert str(error) == "settings a:B: gone\nsettings c:D: broken"
