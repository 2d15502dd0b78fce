"""Access tokens: short-lived JWTs, signed with the server's own key."""

from typing import NamedTuple

import jwt

from server.errors import TokenInvalid

ALGORITHM = "HS256"
NAME = "greenroom"
REQUIRED = ["sub", "sid", "exp", "iat", "iss", "aud"]


class Claims(NamedTuple):
    """What an access token says.

    Attributes:
        user_id: whose it is.
        family: the login that it grew out of.
        expires_at: seconds since 1970 UTC.
    """

    user_id: str
    family: str
    expires_at: float


def sign(claims: Claims, now: float, key: bytes) -> str:
    """Return `claims`, issued at `now` (seconds since 1970 UTC), as a signed token."""
    payload = {
        "sub": claims.user_id,
        "sid": claims.family,
        "exp": claims.expires_at,
        "iat": now,
        "iss": NAME,
        "aud": NAME,
    }
    return jwt.encode(payload, key, algorithm=ALGORITHM)


def read(token: str, key: bytes) -> Claims:
    """Return what a token says, if this server signed it. Whether its time is over is for the caller's clock to say.

    Raises:
        TokenInvalid: when it isn't a token of this server, for this server, complete.
    """
    options: jwt.types.Options = {"require": REQUIRED, "verify_exp": False, "verify_iat": False}
    try:
        said = jwt.decode(token, key, algorithms=[ALGORITHM], audience=NAME, issuer=NAME, options=options)
    except (jwt.InvalidTokenError, UnicodeError) as error:
        raise TokenInvalid("the access token isn't valid") from error
    return Claims(said["sub"], said["sid"], said["exp"])
