"""An agent's class is checked where it is written."""

import pytest

from actors.agents import Agent, Turn
from actors.tools import tool


@tool
def ping() -> str:
    return "pong"


@tool(name="ping")
def another_ping() -> str:
    return "pong again"


class Greeter(Agent):
    name = "greeter"
    tools = (ping,)

    def run(self, turn: Turn) -> str:
        return f"Hello, {turn.text}"


def test_an_agent_answers_a_turn(turn_of):
    assert Greeter().run(turn_of(Greeter, "Kari")) == "Hello, Kari"


def test_an_agent_has_two_attempts_by_default():
    assert Greeter.max_attempts == 2


def test_an_agent_without_run_is_never_made():
    class Unfinished(Agent):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Unfinished()  # type: ignore[abstract] # what is tested


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"name": None}, "name is None"),
        ({"name": "two words"}, "name is 'two words'"),
        ({"name": "x", "tools": [ping]}, "tools must be a tuple"),
        ({"name": "x", "tools": (print,)}, "tools must be a tuple of functions decorated with @tool"),
        ({"name": "x", "tools": (ping, another_ping)}, "more than one tool is named ping"),
        ({"name": "x", "max_attempts": 0}, "max_attempts is 0"),
        ({"name": "x", "max_attempts": True}, "max_attempts is True"),
    ],
)
def test_a_class_that_will_not_do_is_refused_in_clear_words(attributes, message):
    with pytest.raises(TypeError, match=f"agent Wrong: {message}"):
        type("Wrong", (Agent,), {"run": Greeter.run, **attributes})


def test_a_class_without_a_name_is_refused():
    with pytest.raises(TypeError, match="name is None"):
        type("Wrong", (Agent,), {"run": Greeter.run})
