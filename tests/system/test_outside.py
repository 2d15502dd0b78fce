"""A server whose users come with tokens of an outside identity provider."""

import asyncio
import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from websockets.exceptions import InvalidStatus

from tests.system.client import dial, on_stage
from tests.system.process import Login, run_greenroom
from tests.system.provider import Provider, new_key

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def provider():
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def house(launch, provider):
    rehearsal = 'agents = ["actors.agents.rehearsal:Rehearsal"]\n'
    server = launch(toml=f"{rehearsal}[tokens]\nexpiry_grace = 1\n{provider.toml}")
    yield server
    assert server.faults() == []


def me(server, token):
    return server.call("GET", "/v1/me", token=token)


async def test_whoever_the_provider_vouches_for_sends_a_message_and_gets_the_answer(house, provider):
    token = provider.token()
    login = Login("person-7", token, "", me(house, token).json["user_id"])
    async with on_stage(house, login) as client:
        events = await client.perform({"answer": "welcome to the house"})

    assert events[-1]["data"]["text"] == "welcome to the house"
    assert client.welcome["user_id"] == login.user_id
    assert 290 <= client.welcome["token_expires_in"] <= 300


def test_the_claims_say_who_it_is_and_with_which_roles(house, provider):
    first = me(house, provider.token("8", roles=["staff", "operator"])).json
    later = me(house, provider.token("8", roles="operator", preferred_username="renamed")).json
    none = me(house, provider.token("8", roles={"not": "a list"}, preferred_username=None)).json

    assert (first["username"], first["roles"]) == ("person-8", ["operator", "staff"])
    assert (later["username"], later["roles"]) == ("renamed", ["operator"])
    assert (none["username"], none["roles"]) == (none["user_id"], [])
    assert first["user_id"] == later["user_id"] == none["user_id"] != me(house, provider.token("9")).json["user_id"]


def test_a_name_that_is_anothers_or_cant_be_isnt_taken_over(house, provider):
    names = ["twin", "twin", "né à l'Opéra", ""]
    answers = [me(house, provider.token(f"t{n}", preferred_username=name)).json for n, name in enumerate(names)]

    assert len({answer["user_id"] for answer in answers}) == 4
    assert [answer["username"] == name for answer, name in zip(answers, names, strict=True)] == [
        True,
        False,
        False,
        False,
    ]


def test_what_cant_be_a_role_is_left_out(house, provider):
    answer = me(house, provider.token("r", roles=["Two Words", "ok", 7, None, "x" * 99, "operator\n"])).json

    assert answer["roles"] == ["ok"]


def by_hand(header, claims, key):
    """Sign with HMAC whatever a library would refuse to."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = hmac.new(key, b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def forged(provider):
    """Return tokens that aren't good, by what is wrong with them."""
    claims = jwt.decode(provider.token(), options={"verify_signature": False})
    stranger = new_key()
    head, body, signature = provider.token().split(".")
    return {
        "no signature": jwt.encode(claims, None, "none", {"kid": "k1"}),
        "no signature, by another spelling": by_hand({"alg": "None", "kid": "k1"}, claims, b"")[:-43],
        "HS256 with the public key": by_hand({"alg": "HS256", "kid": "k1"}, claims, provider.public_pem()),
        "HS256 with the modulus": by_hand({"alg": "HS256", "kid": "k1"}, claims, provider.published()[0]["n"].encode()),
        "another issuer": provider.token(iss="https://id.example.com/realms/other"),
        "an issuer that begins alike": provider.token(iss="https://id.example.com/realms/house/"),
        "no issuer": provider.token(iss=None),
        "another audience": provider.token(aud="another-service"),
        "no audience": provider.token(aud=None),
        "no subject": provider.token(sub=None),
        "an empty subject": provider.token(sub=""),
        "no end": provider.token(exp=None),
        "not yet good": provider.token(nbf=time.time() + 600),
        "no key id": provider.token(kid=None),
        "an unknown key id": provider.token(kid="k9"),
        "another's key under the key id": provider.token(key=stranger),
        "another algorithm with the right key": jwt.encode(claims, provider.keys["k1"], "RS512", {"kid": "k1"}),
        "a key of its own": jwt.encode(claims, stranger, "RS256", {"kid": "k9", "jwk": provider.published()[0]}),
        "altered claims": ".".join([head, body[:-4] + "AAAA", signature]),
        "no token": "nonsense",
        "a token of our own kind": jwt.encode(claims | {"iss": "greenroom", "aud": "greenroom"}, b"x" * 32, "HS256"),
    }


def test_what_the_provider_didnt_sign_for_us_is_refused(house, provider):
    statuses = {wrong: me(house, token).status for wrong, token in forged(provider).items()}

    assert statuses == dict.fromkeys(statuses, 401)


def test_a_token_that_is_over_is_told_as_such(house, provider):
    answer = me(house, provider.token(exp=time.time() - 1))

    assert (answer.status, answer.error["code"]) == (401, "token_expired")


async def test_the_socket_refuses_them_too(house, provider):
    with pytest.raises(InvalidStatus) as refused:
        await dial(house, token=forged(provider)["HS256 with the public key"])
    client = await dial(house)
    await client.send("auth", token=forged(provider)["no signature"])

    assert refused.value.response.status_code == 401
    assert await client.close_code() == 4001


async def test_a_socket_whose_token_is_over_is_closed_unless_it_is_renewed(house, provider):
    def brief():
        return Login("x", provider.token(exp=time.time() + 1), "", "")

    async with on_stage(house, brief()) as left, on_stage(house, brief()) as renewed:
        await renewed.request("auth", token=provider.token())
        code = await left.close_code()
        assert (await renewed.request("ping", t=1))["t"] == 1

    assert code == 4001


async def test_a_ticket_stands_for_such_a_token_too(house, provider):
    ticket = house.call("POST", "/v1/ws-ticket", token=provider.token()).json["ticket"]
    client = await dial(house, f"?ticket={ticket}")

    assert (await client.event("welcome"))["user_id"] == me(house, provider.token()).json["user_id"]
    await client.close()


async def test_a_user_who_is_disabled_here_stays_out_and_may_come_back(house, provider):
    def users(command):
        done = run_greenroom("users", command, "person-d", "--data-dir", str(house.data_dir))
        assert done.returncode == 0, done.stderr

    login = Login("person-d", provider.token("d"), "", "")
    async with on_stage(house, login) as client:
        await asyncio.to_thread(users, "disable")
        code = await client.close_code()
    out = me(house, provider.token("d")).status
    await asyncio.to_thread(users, "enable")

    assert (code, out) == (4001, 401)
    async with on_stage(house, login) as again:
        assert again.welcome


@pytest.mark.parametrize("path", ["/v1/login", "/v1/refresh", "/v1/logout"])
def test_there_are_no_logins_of_our_own(house, path):
    added = run_greenroom("users", "add", f"own{path[4:]}", "--data-dir", str(house.data_dir), stdin="password\n")
    answer = house.call("POST", path, {"username": f"own{path[4:]}", "password": "password", "refresh_token": "x"})

    assert added.returncode == 0
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    assert "identity provider" in answer.error["message"]


def test_keys_are_kept_fetched_again_for_a_new_one_and_not_for_every_unknown_one(launch):
    provider = Provider()
    provider.extra = [{"kid": "sealed", "kty": "RSA", "use": "enc"}, {"kid": "broken", "kty": "RSA"}, {"kty": "oct"}]
    try:
        server = launch(toml=f"[tokens]\n{provider.toml}")
        known = [me(server, provider.token(str(number))).status for number in range(5)]
        after_known = provider.asked
        unknown = [me(server, provider.token(kid=f"no-{number}")).status for number in range(20)]
        after_unknown = provider.asked
    finally:
        provider.close()

    assert (known, unknown) == ([200] * 5, [401] * 20)
    assert after_known == 1
    assert after_unknown == 1, "within the first ten seconds it isn't asked again"


def test_while_no_key_can_be_had_the_answer_is_not_that_the_token_is_bad(launch):
    provider = Provider()
    provider.away = True
    try:
        server = launch(toml=f"[tokens]\n{provider.toml}")
        answer = me(server, provider.token())
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        handshake = upgrade | {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
        refused = server.call("GET", "/v1/ws", token=provider.token(), headers=handshake)
    finally:
        provider.close()

    for said in (answer, refused):
        assert (said.status, said.error["code"], said.error["retry_after_ms"]) == (503, "internal", 5000)


@pytest.mark.parametrize(
    ("flags", "toml", "named"),
    [
        ((), '[tokens]\nissuer = "x"\n', "tokens.jwks_url"),
        ((), '[tokens]\njwks_url = "https://x/keys"\naudience = "x"\n', "tokens.jwks_url"),
        ((), '[tokens]\nissuer = "x"\naudience = "x"\njwks_url = "file:///etc/keys"\n', "tokens.jwks_url"),
        (("--demo",), '[tokens]\nissuer = "x"\naudience = "x"\njwks_url = "https://x/keys"\n', "--demo"),
    ],
)
def test_half_an_issuer_is_refused_at_the_start(tmp_path, flags, toml, named):
    config = tmp_path / "half.toml"
    config.write_text(toml)
    done = run_greenroom("serve", "--config", str(config), "--data-dir", str(tmp_path / "data"), "--port", "0", *flags)

    assert done.returncode == 2
    assert named in done.stderr
