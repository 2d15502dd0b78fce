import base64
import json
import stat

import jwt
import pytest
from argon2 import PasswordHasher

from config.limits import Lifetimes
from server.errors import KeyUnusable, TokenExpired, TokenInvalid
from server.identity.accounts import Accounts
from server.identity.key import load_key
from server.identity.passwords import Passwords
from server.identity.tokens import Tokens
from server.storage.database import open_database

START = 1_700_000_000.0


class Clock:
    now = START

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(tmp_path):
    database = open_database(tmp_path)
    yield database
    database.close()


@pytest.fixture
def accounts(database):
    return Accounts(database, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))


@pytest.fixture
def key(database, tmp_path):
    return load_key(tmp_path)


@pytest.fixture
def tokens(database, key, clock):
    return Tokens(database, key, Lifetimes(), clock)


@pytest.fixture
def revoked(tokens):
    families: list[str] = []
    tokens.on_revoked.append(families.append)
    return families


@pytest.fixture
def ann(accounts):
    return accounts.add("ann", "pw")


def counted(database, table):
    return database.read(lambda connection: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_login_gives_an_access_token_that_names_its_user(tokens, ann):
    grant = tokens.login(ann)
    claims = tokens.verify(grant.access_token)

    assert (grant.user_id, grant.expires_in) == (ann.user_id, 900)
    assert (claims.user_id, claims.expires_at) == (ann.user_id, START + 900)


def test_an_access_token_expires(tokens, ann, clock):
    grant = tokens.login(ann)
    clock.now += 899.9
    tokens.verify(grant.access_token)

    clock.now += 0.1
    with pytest.raises(TokenExpired):
        tokens.verify(grant.access_token)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\ud800", "é.é.é"])
def test_what_is_no_token_is_invalid(tokens, token):
    with pytest.raises(TokenInvalid):
        tokens.verify(token)


@pytest.mark.parametrize(
    "change", [{"aud": "other"}, {"iss": "other"}, {"sub": None}, {"sid": None}, {"exp": None}, {"sub": "u_other"}]
)
def test_a_token_that_says_something_else_is_invalid(tokens, ann, key, change):
    said = jwt.decode(
        tokens.login(ann).access_token, key, ["HS256"], audience="greenroom", options={"verify_exp": False}
    )
    changed = {name: value for name, value in (said | change).items() if value is not None}

    with pytest.raises(TokenInvalid):
        tokens.verify(jwt.encode(changed, key, "HS256"))


@pytest.mark.parametrize("algorithm", ["HS512", "none"])
def test_a_token_by_another_algorithm_is_invalid(tokens, ann, key, algorithm):
    said = jwt.decode(tokens.login(ann).access_token, options={"verify_signature": False})
    signing = key * 2 if algorithm == "HS512" else None

    with pytest.raises(TokenInvalid):
        tokens.verify(jwt.encode(said, signing, algorithm))


def test_a_token_whose_claims_were_altered_is_invalid(tokens, ann):
    head, body, signature = tokens.login(ann).access_token.split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "==")) | {"exp": START * 2}
    altered = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()

    with pytest.raises(TokenInvalid):
        tokens.verify(f"{head}.{altered}.{signature}")


def test_a_refresh_gives_new_tokens_of_the_same_login(tokens, ann, clock):
    first = tokens.login(ann)
    clock.now += 1000
    second = tokens.refresh(first.refresh_token)

    assert second.refresh_token != first.refresh_token
    assert tokens.verify(second.access_token).expires_at == START + 1900
    assert tokens.refresh(second.refresh_token).user_id == ann.user_id


def test_a_spent_refresh_token_that_comes_again_ends_its_login_and_no_other(tokens, ann, revoked):
    first, other = tokens.login(ann), tokens.login(ann)
    family = tokens.verify(first.access_token).family
    second = tokens.refresh(first.refresh_token)

    with pytest.raises(TokenInvalid):
        tokens.refresh(first.refresh_token)

    assert revoked == [family]
    for grant in (first, second):
        with pytest.raises(TokenInvalid):
            tokens.verify(grant.access_token)
    with pytest.raises(TokenInvalid):
        tokens.refresh(second.refresh_token)
    assert tokens.verify(other.access_token).user_id == ann.user_id
    assert revoked == [family]


def test_a_refresh_token_expires(tokens, ann, clock):
    grant = tokens.login(ann)
    clock.now += 14 * 86_400

    with pytest.raises(TokenExpired):
        tokens.refresh(grant.refresh_token)


@pytest.mark.parametrize("token", ["", "x", "\ud800"])
def test_an_unknown_refresh_token_is_invalid(tokens, token):
    with pytest.raises(TokenInvalid):
        tokens.refresh(token)


def test_refresh_tokens_are_not_kept_as_they_are(tokens, ann, tmp_path):
    grant = tokens.login(ann)

    assert not [path for path in tmp_path.iterdir() if grant.refresh_token.encode() in path.read_bytes()]


def test_a_logout_ends_the_logins_tokens_at_once_and_says_so(tokens, ann, revoked):
    grant = tokens.login(ann)
    claims = tokens.verify(grant.access_token)
    tokens.logout(claims.family)

    assert revoked == [claims.family]
    with pytest.raises(TokenInvalid):
        tokens.verify(grant.access_token)
    with pytest.raises(TokenInvalid):
        tokens.refresh(grant.refresh_token)


@pytest.mark.parametrize("change", [Accounts.disable, lambda accounts, name: accounts.set_password(name, "new")])
def test_disabling_or_a_new_password_ends_every_login_for_good(tokens, accounts, ann, change):
    grant = tokens.login(ann)
    change(accounts, "ann")
    accounts.enable("ann")

    with pytest.raises(TokenInvalid):
        tokens.verify(grant.access_token)
    with pytest.raises(TokenInvalid):
        tokens.refresh(grant.refresh_token)


def test_tokens_outlive_the_process(tokens, ann, tmp_path, clock):
    grant = tokens.login(ann)
    database = open_database(tmp_path)
    again = Tokens(database, load_key(tmp_path), Lifetimes(), clock)

    assert again.verify(grant.access_token).user_id == ann.user_id
    assert again.refresh(grant.refresh_token).user_id == ann.user_id
    database.close()


def test_a_ticket_stands_for_its_token_once(tokens, ann):
    claims = tokens.verify(tokens.login(ann).access_token)
    ticket = tokens.ticket(claims)

    assert tokens.redeem(ticket) == claims
    with pytest.raises(TokenInvalid):
        tokens.redeem(ticket)


def test_an_unknown_ticket_is_invalid(tokens):
    with pytest.raises(TokenInvalid):
        tokens.redeem("x")


def test_a_login_that_crosses_with_a_disabling_is_good_for_nothing(tokens, accounts, ann):
    accounts.disable("ann")
    grant = tokens.login(ann)

    with pytest.raises(TokenInvalid):
        tokens.verify(grant.access_token)
    with pytest.raises(TokenInvalid):
        tokens.refresh(grant.refresh_token)


def test_an_old_ticket_is_invalid(tokens, ann, clock):
    ticket = tokens.ticket(tokens.verify(tokens.login(ann).access_token))
    clock.now += 30

    with pytest.raises(TokenInvalid):
        tokens.redeem(ticket)


def test_an_old_ticket_is_invalid_also_when_newer_ones_were_given(tokens, ann, clock):
    claims = tokens.verify(tokens.login(ann).access_token)
    old = tokens.ticket(claims)
    clock.now += 30
    new = tokens.ticket(claims)

    with pytest.raises(TokenInvalid):
        tokens.redeem(old)
    assert tokens.redeem(new) == claims


def test_a_ticket_of_a_login_that_ended_is_invalid(tokens, ann):
    claims = tokens.verify(tokens.login(ann).access_token)
    ticket = tokens.ticket(claims)
    tokens.logout(claims.family)

    with pytest.raises(TokenInvalid):
        tokens.redeem(ticket)


def test_logins_that_are_over_are_forgotten_by_a_later_one(tokens, ann, database, clock):
    tokens.refresh(tokens.login(ann).refresh_token)
    clock.now += 14 * 86_400
    tokens.login(ann)

    assert (counted(database, "families"), counted(database, "refresh_tokens")) == (1, 1)


def test_the_key_is_made_once_for_its_owners_eyes_alone(tmp_path):
    key = load_key(tmp_path)

    assert len(key) == 32
    assert load_key(tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_a_key_that_others_may_read_is_refused(tmp_path):
    load_key(tmp_path)
    (tmp_path / "secret.key").chmod(0o644)

    with pytest.raises(KeyUnusable, match="chmod 600"):
        load_key(tmp_path)


def test_a_damaged_key_is_refused(tmp_path):
    load_key(tmp_path)
    (tmp_path / "secret.key").write_bytes(b"short")

    with pytest.raises(KeyUnusable, match="isn't 32 bytes"):
        load_key(tmp_path)


def test_what_others_revoke_in_the_database_is_told_once_in_order(tokens, accounts, revoked, ann):
    tokens.follow()
    first, second = (tokens.verify(tokens.login(ann).access_token).family for _ in range(2))
    accounts.disable("ann")
    tokens.follow()
    tokens.follow()

    assert sorted(revoked) == sorted([first, second])


def test_what_was_revoked_before_the_start_is_no_news(tokens, accounts, database, key, clock, ann):
    tokens.login(ann)
    accounts.disable("ann")
    later = Tokens(database, key, Lifetimes(), clock)
    told = []
    later.on_revoked.append(told.append)
    later.follow()

    assert told == []


def test_a_login_is_revoked_once(tokens, accounts, database, ann):
    tokens.login(ann)
    for _ in range(3):
        accounts.disable("ann")

    assert counted(database, "revocations") == 1
