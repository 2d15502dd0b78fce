"""What the server refuses, named by whose fault it is.

::

    ServerFault
    ├── AccountFault         whoever keeps the accounts asked for what can't be
    │   ├── UsernameInvalid  a name that isn't 1 to 64 letters, digits, `.`, `_`, `-`, `@`
    │   ├── UsernameTaken    another account has that name
    │   ├── PasswordInvalid  an empty or a far too long password
    │   ├── RoleInvalid      a role that isn't a plain lower-case word
    │   └── AccountUnknown   nobody has that name
    ├── TokenFault           the client's credential is no good
    │   ├── TokenInvalid     forged, unknown, spent, revoked, or of a disabled account
    │   └── TokenExpired     it was good once: refresh, and come again
    ├── IssuerUnreachable    the outside identity provider can't be asked whether a token is good
    └── DataFault            the data directory isn't as it must be
        ├── DataDirInUse     another server works on it
        ├── DataDirUnusable  it can't be made, read or written
        ├── DatabaseMissing  it holds no database, and something is to be read
        ├── DatabaseTooNew   a later Greenroom wrote the database
        ├── DatabaseTooOld   an earlier one did, and it is only to be read
        ├── DatabaseUnusable the database can't be opened, is locked, or isn't one
        └── KeyUnusable      the signing key is damaged, or others may read it
"""


class ServerFault(Exception):
    """The root of everything the server refuses."""


class AccountFault(ServerFault):
    """An account can't be made or changed as asked; the message is for people."""


class UsernameInvalid(AccountFault):
    """The name can't be a username."""


class UsernameTaken(AccountFault):
    """Another account has that name."""


class PasswordInvalid(AccountFault):
    """The text can't be a password."""


class RoleInvalid(AccountFault):
    """The text can't be a role."""


class AccountUnknown(AccountFault):
    """No account has that name."""


class TokenFault(ServerFault):
    """A credential is refused; the message holds nothing of it."""


class TokenInvalid(TokenFault):
    """The credential is forged, unknown, spent, revoked, or of a disabled account."""


class TokenExpired(TokenFault):
    """The credential was good, and its time is over."""


class IssuerUnreachable(ServerFault):
    """The outside identity provider can't be reached, or doesn't answer as it must."""


class DataFault(ServerFault):
    """The data directory isn't as it must be; the message says what to do."""


class DataDirInUse(DataFault):
    """Another server works on the data directory."""


class DataDirUnusable(DataFault):
    """The data directory can't be made, read or written."""


class DatabaseMissing(DataFault):
    """The data directory holds no database."""


class DatabaseTooNew(DataFault):
    """A later version of Greenroom wrote the database."""


class DatabaseTooOld(DataFault):
    """An earlier version of Greenroom wrote the database, which is only to be read."""


class DatabaseUnusable(DataFault):
    """The database can't be opened, is locked, or isn't one."""


class KeyUnusable(DataFault):
    """The signing key is damaged, or others may read it."""
