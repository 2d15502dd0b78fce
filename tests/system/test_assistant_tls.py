"""A model behind HTTPS is asked only where its certificate is trusted, and the person reads when it isn't."""

import ssl

import pytest

from tests.system.certificates import make_certificate
from tests.system.client import seat
from tests.system.models import HEAD, BareModel, chunk
from tests.system.process import ServerProcess

pytestmark = pytest.mark.system

TOML = """
[model]
name = "gpt-test"
base_url = "{url}/v1"
api_key = "sk-test-never-shown"
"""
WORDS = ["sealed " * 40, "and " * 40, "delivered " * 40]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def model(certificate):
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secured.load_cert_chain(*certificate)
    pieces = [part for word in WORDS for part in (chunk(content=word), 0.2)]
    model = BareModel({"hello": [HEAD, *pieces, chunk("stop"), b"data: [DONE]\n\n"]}, secured)
    yield model
    model.end()


@pytest.fixture
def house(tmp_path, model):
    server = ServerProcess(tmp_path, "--demo", toml=TOML.format(url=model.url))
    yield server
    server.end()


async def told(server):
    async with seat(server, "demo") as (client, session_id):
        ack = await client.request("message", session_id=session_id, text="hello")
        completed = await client.ended(ack["run_id"])
    return completed["data"], [frame["text"] for frame in client.frames if frame["type"] == "message_delta"]


@pytest.fixture
def trusted(monkeypatch, certificate):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


async def test_a_certificate_that_nobody_vouches_for_is_told_at_once(model, house):
    connected = model.connected

    completed, _ = await told(house)

    assert completed["error"]["code"] == "model_untrusted"
    assert completed["duration_ms"] < 5000
    assert model.connected == connected + 1, "it was tried again, which is of no use"
    assert model.asked == []
    assert not house.faults()


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_that_is_trusted_seals_an_answer_that_is_seen_as_it_comes(house):
    completed, deltas = await told(house)

    assert (completed["outcome"], completed["text"]) == ("success", "".join(WORDS))
    assert len(deltas) > 1
    assert not house.faults()
