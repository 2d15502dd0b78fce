"""What docs/build-an-agent.md shows is what runs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "build-an-agent.md").read_text()
METADATA = "Metadata-Version: 2.1\nName: mycompany\nVersion: 1.2\n"


def code(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def elsewhere(tmp_path):
    """A place with the page's module and its settings."""
    (tmp_path / "mycompany_agents.py").write_text(code("python")[0])
    (tmp_path / "greenroom.toml").write_text(code("toml")[0])
    return tmp_path


def agents(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GREENROOM_")}
    command = [sys.executable, "-W", "error", "-m", "server", "agents", "--data-dir", str(place), *arguments]
    path = os.pathsep.join((str(place), str(ROOT)))
    return subprocess.run(
        command, env=environment | {"PYTHONPATH": path}, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_pages_test_passes_as_it_stands(pytester):
    agent, test = code("python")
    pytester.makepyfile(mycompany_agents=agent, test_teller=test)
    pytester.syspathinsert()
    pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_pages_agent_is_listed_with_its_tools_and_where_it_came_from(elsewhere):
    told = json.loads(agents(elsewhere, "--json").stdout)
    teller, librarian = told["agents"]
    assert (teller["name"], teller["default"], teller["from"]) == ("teller", True, "settings mycompany_agents:Teller")
    assert (librarian["name"], librarian["default"], librarian["from"]) == ("librarian", False, "built-in")
    tools = {tool["name"]: tool for tool in told["tools"]}
    assert tools["calculator"]["from"] == "built-in"
    assert tools["forecast"]["isolation"] == "process"
    assert tools["greeting"]["parameters"]["properties"] == {}
    assert tools["exchange_rate"]["parameters"]["required"] == ["base"]


def test_what_an_installed_distribution_offers_is_listed_with_its_name(elsewhere):
    (elsewhere / "greenroom.toml").write_text("agents = []\n")
    (elsewhere / "mycompany-1.2.dist-info").mkdir()
    (elsewhere / "mycompany-1.2.dist-info" / "METADATA").write_text(METADATA)
    points = code("ini")[0].replace("[options.entry_points]\n", "")
    groups = re.sub(r"^(greenroom\.\w+) =$", r"[\1]", points, flags=re.MULTILINE).replace("    ", "")
    (elsewhere / "mycompany-1.2.dist-info" / "entry_points.txt").write_text(groups)
    told = json.loads(agents(elsewhere, "--json").stdout)
    assert {agent["name"]: agent["from"] for agent in told["agents"]} == {
        "teller": "entry point teller of mycompany 1.2"
    }
    tools = {tool["name"]: tool["from"] for tool in told["tools"]}
    assert tools["exchange_rate"] == "entry point exchange_rate of mycompany 1.2"
    assert tools["greeting"] == "agent teller"


def test_an_agent_that_does_not_load_is_named_with_its_error(elsewhere):
    (elsewhere / "mycompany_agents.py").write_text("import nothing_of_the_kind\n")
    done = agents(elsewhere)
    assert done.returncode == 1
    assert "settings mycompany_agents:Teller: ModuleNotFoundError" in done.stderr


def test_the_list_is_a_table_for_people(elsewhere):
    told = agents(elsewhere).stdout
    assert re.search(r"teller \(default\) +settings mycompany_agents:Teller +exchange_rate greeting forecast", told)
    assert re.search(r"exchange_rate +agent teller +base quote\?", told)
