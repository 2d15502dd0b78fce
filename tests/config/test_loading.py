from pathlib import Path

import pytest

from config.errors import SettingsError
from config.loading import load
from config.names import FIELDS


@pytest.fixture
def toml(tmp_path):
    def write(text, name="settings.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def problems(config_file=None, flags=None, environ=None):
    with pytest.raises(SettingsError) as caught:
        load(config_file, flags or {}, environ or {})
    return caught.value.problems


def test_without_any_source_every_setting_is_a_default():
    loaded = load(None, {}, {})

    assert loaded.settings.port == 8765
    assert loaded.origins.keys() == FIELDS.keys()
    assert set(loaded.origins.values()) == {"default"}


def test_a_file_outweighs_defaults_a_variable_the_file_and_a_flag_the_variable(toml):
    path = toml('host = "127.0.0.2"\nport = 1\n[limits]\nconnections = 5\n')
    environ = {"GREENROOM_PORT": "2", "GREENROOM_HOST": "127.0.0.3"}

    settings, origins = load(path, {"port": 3, "data_dir": None}, environ)

    assert (settings.limits.connections, settings.host, settings.port) == (5, "127.0.0.3", 3)
    assert origins["limits.connections"] == str(path)
    assert origins["host"] == "GREENROOM_HOST"
    assert origins["port"] == "--port"
    assert origins["data_dir"] == "default"


def test_variables_reach_into_groups_of_groups():
    settings = load(None, {}, {"GREENROOM_RESTART__AGENT__MAX_RESTARTS": "7"}).settings

    assert settings.restart.agent.max_restarts == 7
    assert settings.restart.session.max_restarts == 3


def test_a_variable_holds_a_list_or_a_group_as_json():
    environ = {"GREENROOM_AGENTS": '["a.b:C", "d:E"]', "GREENROOM_TIMEOUTS": '{"run": 5}'}

    settings, origins = load(None, {}, environ)

    assert settings.agents == ("a.b:C", "d:E")
    assert settings.timeouts.run == 5
    assert origins["timeouts.run"] == "GREENROOM_TIMEOUTS"


def test_variables_of_others_are_none_of_its_business():
    assert load(None, {}, {"PORT": "1", "GREEN": "2"}).settings.port == 8765


def test_a_variable_for_clients_is_no_setting_and_no_problem():
    assert load(None, {}, {"GREENROOM_PASSWORD": "secret"}).settings.port == 8765


def test_the_file_beside_the_data_is_found_without_being_named(toml, tmp_path):
    path = toml("port = 9", "greenroom.toml")

    settings, origins = load(None, {}, {"GREENROOM_DATA_DIR": str(tmp_path)})

    assert settings.port == 9
    assert origins["port"] == str(path)


def test_a_named_file_stands_in_place_of_the_one_beside_the_data(toml, tmp_path):
    toml("port = 9", "greenroom.toml")

    assert load(toml("demo = true"), {"data_dir": tmp_path}, {}).settings.port == 8765


def test_the_file_beside_the_data_cannot_say_that_the_data_is_elsewhere(toml, tmp_path):
    toml('data_dir = "/elsewhere"', "greenroom.toml")

    [problem] = problems(flags={"data_dir": tmp_path})

    assert "can't be set in the file that lies in it" in problem


def test_all_that_is_wrong_anywhere_is_said_at_once(toml):
    path = toml('prot = 1\nhost = ""\n[timeouts]\nrun = "long"\n')
    environ = {"GREENROOM_LIMITS__MESAGE_BYTES": "1", "GREENROOM_LIMITS__CONNECTIONS": "0", "GREENROOM_AGENTS": "x"}

    said = problems(path, {"port": "70000"}, environ)

    starts = ["prot (", "GREENROOM_LIMITS__MESAGE_BYTES:", "GREENROOM_AGENTS:", "host = ''", "port = '70000' (--port)"]
    starts += ["limits.connections = '0' (GREENROOM_LIMITS__CONNECTIONS)", f"timeouts.run = 'long' ({path})"]
    assert [problem[: len(start)] for problem, start in zip(said, starts, strict=True)] == starts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "did you mean port?"),
        ("[limits]\nmesage_bytes = 1", "did you mean limits.message_bytes?"),
        ("zzzz = 1", "`greenroom config` lists the names"),
        ("limits = 3", "write [limits] and the settings below it"),
        ('agents = ["librarian"]', "must look like mycompany.agents:Teller"),
        ('agents = "a:B"', "must be a list"),
        ('allowed_origins = ["chat.example.com"]', "must look like https://chat.example.com"),
        ('[journal]\nsync = "fast"', "must be 'normal' or 'full'"),
        ("[journal]\nkeep_days = 0", "must be greater than 0"),
        ("[journal]\nkeep_events = 0", "must be greater than or equal to 1"),
        ("port = [", "isn't valid TOML"),
    ],
)
def test_a_problem_in_a_file_says_what_to_do(toml, text, said):
    [problem] = problems(toml(text))

    assert said in problem


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GREENROOM_PROT", "1", "did you mean GREENROOM_PORT?"),
        ("GREENROOM_LIMITS__MESAGE_BYTES", "1", "did you mean GREENROOM_LIMITS__MESSAGE_BYTES?"),
        ("GREENROOM_LIMITS", "5", "set one of them, such as GREENROOM_LIMITS__MESSAGE_BYTES"),
        ("GREENROOM_LIMITS", '{"conections": 5}', "did you mean limits.connections?"),
        ("GREENROOM_AGENTS", "a:B", 'must be JSON, such as ["actors.agents.librarian:Librarian"]'),
        ("GREENROOM_TIMEOUTS__RUN", "nan", "must be a finite number"),
    ],
)
def test_a_problem_in_the_environment_says_what_to_do(name, value, said):
    [problem] = problems(environ={name: value})

    assert problem.startswith((name, "timeouts.run"))
    assert said in problem


def test_a_file_that_is_not_there_is_a_problem_where_it_was_named():
    [problem] = problems(Path("/nowhere/greenroom.toml"))

    assert problem == "/nowhere/greenroom.toml: can't be read (No such file or directory); check --config"


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"GREENROOM_TIMEOUTS__PING_INTERVAL": "60"}, "timeouts.dead_after = 35.0 (default): must be more than"),
        ({"GREENROOM_TIMEOUTS__DEAD_AFTER": "25"}, "timeouts.dead_after = '25' (GREENROOM_TIMEOUTS__DEAD_AFTER): must"),
        ({"GREENROOM_LIMITS__MESSAGES_PER_SECOND": "50"}, "limits.message_burst = 40 (default): must be at least"),
        ({"GREENROOM_TOKENS__REFRESH_TTL": "900"}, "tokens.refresh_ttl = '900' (GREENROOM_TOKENS__REFRESH_TTL): must"),
        ({"GREENROOM_FAULTS__PLAN": "p.toml"}, "faults.plan = 'p.toml' (GREENROOM_FAULTS__PLAN): injects faults only"),
        ({"GREENROOM_DEMO": "1", "GREENROOM_HOST": "0.0.0.0"}, "demo = '1' (GREENROOM_DEMO): --demo is for this"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(environ, said):
    [problem] = problems(environ=environ)

    assert problem.startswith(said)


def test_a_secret_is_in_no_problem_and_in_no_printed_settings(toml):
    [problem] = problems(toml('[model]\napi_key = ["sk-1234"]'))

    assert "sk-1234" not in problem
    assert "sk-1234" not in repr(load(None, {}, {"GREENROOM_MODEL__API_KEY": "sk-1234"}))


def test_a_table_of_named_entries_is_filled_from_every_source(toml):
    path = toml('[mcp.search]\nurl = "https://search.example.com/mcp"\ntimeout = 5\n[mcp.files]\ncommand = ["f"]\n')

    loaded = load(path, {}, {"GREENROOM_MCP__SEARCH__HEADERS__AUTHORIZATION": "Bearer x", "GREENROOM_MCP": "{}"})

    search = loaded.settings.mcp["search"]
    assert (search.url, search.timeout) == ("https://search.example.com/mcp", 5.0)
    assert search.headers["authorization"].get_secret_value() == "Bearer x"
    assert loaded.settings.mcp["files"].command == ("f",)
    assert loaded.origins["mcp"].startswith(f"{path}, ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("[mcp.files]\n", "mcp.files ({}): needs a command or a url, and not both"),
        ('[mcp.files]\ncommand = ["a"]\nurl = "http://b"\n', "mcp.files ({}): needs a command or a url, and not both"),
        (
            '[mcp.files]\nurl = "http://b"\n[mcp.files.env]\nA = "b"\n',
            "mcp.files ({}): env is for a command; a url takes",
        ),
        (
            '[mcp.files]\ncommand = ["a"]\n[mcp.files.headers]\nA = "b"\n',
            "mcp.files ({}): headers are for a url; a command",
        ),
        ('[mcp.files]\nurl = "b"\n', "mcp.files.url ({}): must look like https://"),
        ('[mcp.my_files]\ncommand = ["a"]\n', "mcp.my_files.[key] ({}): must look like files"),
    ],
)
def test_an_mcp_server_that_cannot_be_is_named(toml, given, said):
    path = toml(given)

    (problem,) = problems(path)
    assert problem.startswith(said.format(path)), problem


def test_what_is_wrong_about_a_secret_is_told_without_it(toml):
    path = toml('[mcp.files]\ncommand = ["a"]\n[mcp.files.env]\nKEY = ["hush"]\n')

    (problem,) = problems(path)
    assert problem.startswith("mcp.files.env.KEY")
    assert "hush" not in problem
