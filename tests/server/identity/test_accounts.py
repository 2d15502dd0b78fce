import sqlite3

import gevent
import pytest
from argon2 import PasswordHasher

from server.errors import (
    AccountUnknown,
    DatabaseTooNew,
    PasswordInvalid,
    RoleInvalid,
    UsernameInvalid,
    UsernameTaken,
)
from server.identity.accounts import Accounts
from server.identity.demo import seed_demo
from server.identity.passwords import Passwords
from server.storage.database import connect, open_database
from server.storage.migrations import STEPS, migrate


class CountingHasher(PasswordHasher):
    """Real argon2, as cheap as it comes, that counts the work it was given."""

    def __init__(self, memory_cost=8):
        super().__init__(time_cost=1, memory_cost=memory_cost, parallelism=1)
        self.verified = 0

    def verify(self, *arguments):
        self.verified += 1
        return super().verify(*arguments)


@pytest.fixture
def database(tmp_path):
    database = open_database(tmp_path / "data")
    yield database
    database.close()


@pytest.fixture
def hasher():
    return CountingHasher()


@pytest.fixture
def accounts(database, hasher):
    return Accounts(database, Passwords(hasher), now=lambda: 1234.5678)


def kept_hash(database):
    return database.read(lambda connection: connection.execute("SELECT password_hash FROM accounts").fetchone()[0])


def test_an_account_has_a_stable_id_its_roles_and_its_age(accounts):
    account = accounts.add("Ann.B-c_d@e", "pw", ["operator", "editor", "editor"])

    assert account.user_id.startswith("u_")
    assert len(bytes.fromhex(account.user_id[2:])) == 8
    assert (account.roles, account.disabled, account.created_at) == (("editor", "operator"), False, 1234567)
    assert accounts.by_id(account.user_id) == accounts.by_name("Ann.B-c_d@e") == account


def test_names_are_told_apart_by_case(accounts):
    assert accounts.add("ann", "1").user_id != accounts.add("Ann", "2").user_id
    assert accounts.verify("Ann", "1") is None


def test_a_name_is_given_once(accounts):
    accounts.add("ann", "1")

    with pytest.raises(UsernameTaken):
        accounts.add("ann", "2")
    assert accounts.verify("ann", "1")


@pytest.mark.parametrize("name", ["", "a" * 65, "a b", "ä", "a\n", "a/b", "\ud800"])
def test_a_name_that_cannot_be_is_refused_and_never_logs_in(accounts, name):
    with pytest.raises(UsernameInvalid):
        accounts.add(name, "pw")
    assert accounts.verify(name, "pw") is None


@pytest.mark.parametrize("password", ["", "x" * 1025])
def test_an_empty_or_endless_password_is_refused(accounts, password):
    with pytest.raises(PasswordInvalid):
        accounts.add("ann", password)


def test_a_role_is_a_lower_case_word(accounts):
    with pytest.raises(RoleInvalid):
        accounts.add("ann", "pw", ["Operator of all"])


def test_the_right_password_gives_the_account_and_a_wrong_one_none(accounts):
    account = accounts.add("ann", "pässword")

    assert accounts.verify("ann", "pässword") == account
    assert accounts.verify("ann", "passwort") is None
    assert accounts.verify("ann", "") is None


def test_one_letter_spelt_in_two_ways_is_one_password(accounts):
    accounts.add("ann", "p\u00e4ss")

    assert accounts.verify("ann", "pa\u0308ss")


def test_a_password_does_not_pass_by_its_beginning(accounts):
    accounts.add("ann", "x" * 1024)

    assert accounts.verify("ann", "x" * 1025) is None


def test_every_refusal_takes_the_same_work(accounts, hasher):
    accounts.add("ann", "pw")
    accounts.add("off", "pw")
    accounts.disable("off")

    for name, password in [("ann", "no"), ("off", "pw"), ("off", "no"), ("nobody", "pw"), ("no body", "pw")]:
        hasher.verified = 0
        assert accounts.verify(name, password) is None
        assert hasher.verified == 1


def test_a_new_password_takes_the_place_of_the_old_one(accounts):
    accounts.add("ann", "old")
    accounts.set_password("ann", "new")

    assert accounts.verify("ann", "old") is None
    assert accounts.verify("ann", "new")


def test_a_disabled_account_logs_in_again_once_it_is_enabled(accounts):
    accounts.add("ann", "pw")
    accounts.disable("ann")
    assert accounts.list()[0].disabled

    accounts.enable("ann")
    assert accounts.verify("ann", "pw")


@pytest.mark.parametrize("change", [Accounts.disable, Accounts.enable, lambda a, name: a.set_password(name, "pw")])
def test_changing_an_account_that_is_not_there_is_refused(accounts, change):
    for name in ("nobody", "no body", "\ud800"):
        with pytest.raises(AccountUnknown, match="there is no account"):
            change(accounts, name)


def test_a_hash_of_weaker_days_is_renewed_by_a_login(database, accounts):
    account = accounts.add("ann", "pw")
    weak = kept_hash(database)
    stronger = Accounts(database, Passwords(CountingHasher(memory_cost=16)))

    assert stronger.verify("ann", "pw") == account
    assert kept_hash(database) != weak
    assert "m=16" in kept_hash(database)
    assert stronger.verify("ann", "pw") == account


def test_the_password_itself_is_in_no_file(accounts, database, tmp_path):
    accounts.add("ann", "correct horse")

    assert kept_hash(database).startswith("$argon2id$")
    assert not [path for path in (tmp_path / "data").iterdir() if b"correct horse" in path.read_bytes()]


def test_other_greenlets_run_while_a_password_is_hashed(hasher):
    passwords = Passwords(hasher)
    order: list[str | bool] = []
    kept = passwords.hash("pw")

    greenlets = [
        gevent.spawn(lambda: order.append(passwords.verify(kept, "pw").right)),
        gevent.spawn(lambda: order.append("other")),
    ]
    gevent.joinall(greenlets, raise_error=True)

    assert order == ["other", True]


def test_accounts_outlive_the_process(tmp_path, hasher):
    for _ in range(2):
        database = open_database(tmp_path)
        accounts = Accounts(database, Passwords(hasher))
        seed_demo(accounts)
        seed_demo(accounts)
        found = {account.username: account.roles for account in accounts.list()}
        database.close()

        assert found == {"demo": (), "demo2": (), "operator": ("operator",)}


def test_a_transaction_that_fails_leaves_nothing_and_no_traceback(database, capfd):
    def fail(connection):
        connection.execute("INSERT INTO accounts VALUES ('u', 'n', 'h', '', 0, 0)")
        raise LookupError

    with pytest.raises(LookupError):
        database.write(fail)

    assert database.read(lambda connection: connection.execute("SELECT * FROM accounts").fetchall()) == []
    assert capfd.readouterr().err == ""


def test_a_reader_waits_for_no_writer(database, tmp_path):
    other = connect(tmp_path / "data" / "greenroom.db")
    other.execute("BEGIN IMMEDIATE")

    assert database.read(lambda connection: connection.execute("SELECT count(*) FROM accounts").fetchone()) == (0,)
    other.close()


def test_a_step_that_fails_leaves_the_database_as_it_was(tmp_path):
    connection = connect(tmp_path / "greenroom.db")

    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, [*STEPS, "CREATE TABLE extra (x); CREATE TABLE accounts (x)"])

    assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
    assert connection.execute("SELECT name FROM sqlite_schema WHERE name = 'extra'").fetchone() is None
    connection.close()


def test_a_database_of_a_later_version_is_refused(tmp_path):
    connection = connect(tmp_path / "greenroom.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(DatabaseTooNew, match="upgrade"):
        open_database(tmp_path)
