from actors.agents.assistant.endpoint import Endpoint
from config.settings import Model


def test_what_a_request_says_of_this_server_is_its_settings_alone(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "http://from.the.environment")

    with Endpoint(Model(name="m", api_key="sk-set")).client() as client:
        headers = client.default_headers | client.auth_headers

        assert str(client.base_url) == "https://api.openai.com/v1/"
        assert headers["Authorization"] == "Bearer sk-set"
        assert "environment" not in repr(headers)


def test_an_endpoint_that_wants_no_key_gets_none_of_the_environment(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")

    with Endpoint(Model(name="m", base_url="http://127.0.0.1:9/v1")).client() as client:
        assert client.auth_headers == {"Authorization": "Bearer none"}
