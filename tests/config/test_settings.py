import pytest
from pydantic import ValidationError

from config.settings import Model, Settings, is_loopback


def test_what_is_made_directly_takes_nothing_from_the_environment(monkeypatch):
    monkeypatch.setenv("GREENROOM_PORT", "1")

    assert Settings().port == 8765


def test_the_defaults_are_those_of_the_protocol():
    settings = Settings()

    assert settings.limits.message_bytes == 65536
    assert (settings.limits.messages_per_second, settings.limits.message_burst) == (20, 40)
    assert (settings.timeouts.ping_interval, settings.timeouts.dead_after) == (25, 35)
    assert (settings.journal.keep_days, settings.journal.keep_events) == (30, 10_000)
    assert (settings.tokens.access_ttl, settings.tokens.refresh_ttl, settings.tokens.ticket_ttl) == (900, 1209600, 30)


def test_settings_cannot_be_changed_once_made():
    with pytest.raises(ValidationError):
        Settings().limits.connections = 1


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_addresses_are_this_machine_alone(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_other_addresses_can_be_reached_from_other_machines(host):
    assert not is_loopback(host)


def test_a_server_takes_no_fault_plans_unless_it_is_told_to():
    assert not Settings().faults.enabled


def test_there_is_no_model_unless_one_is_named():
    model = Settings().model

    assert model.name is None
    assert (model.max_steps, model.history_tokens, model.retries) == (10, 8000, 4)
    assert (model.connect_timeout, model.idle_timeout) == (10, 60)


def test_an_address_that_holds_a_secret_is_refused():
    with pytest.raises(ValidationError, match=r"belongs into model\.api_key"):
        Model(base_url="https://me:secret@models.example.com/v1")
