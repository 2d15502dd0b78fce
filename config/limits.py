"""How much a client may ask for, and how long things may take: the "Limits" of the protocol, as settings."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Bytes = Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
LongSeconds = Annotated[float, Field(ge=1, le=366 * 86_400, allow_inf_nan=False)]


class Group(BaseModel):
    """Hold the settings below one name: frozen, and closed to names it doesn't know.

    Defaults are validated as well: a rule between two settings must hold where only one of them was given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Limits(Group):
    """Bound what one client, one address, one user and all of them together may use."""

    message_bytes: Bytes = 65_536
    messages_per_second: Count = 20
    message_burst: Count = 40
    connections_per_user: Count = 10
    connections_per_address: Count = 200
    connections: Count = 20_000
    http_connections: Count = 1_000
    sessions_per_user: Count = 100
    queued_messages: Count = 20
    logins_per_username: Count = 5
    logins_per_address: Count = 20
    http_header_bytes: Bytes = 32_768
    http_body_bytes: Bytes = 262_144

    @field_validator("message_burst")
    @classmethod
    def _holds_a_second(cls, burst: int, info: ValidationInfo) -> int:
        rate = info.data.get("messages_per_second", burst)
        if burst < rate:
            raise ValueError(f"must be at least limits.messages_per_second, which is {rate}")
        return burst


class Timeouts(Group):
    """Bound every wait, in seconds."""

    ping_interval: Seconds = 25.0
    dead_after: Seconds = 35.0
    write: Seconds = 10.0
    auth: Seconds = 10.0
    http_header: Seconds = 10.0
    http_body: Seconds = 10.0
    run: Seconds = 120.0
    tool: Seconds = 30.0
    idle_session: Seconds = 300.0
    drain: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 10.0

    @field_validator("dead_after")
    @classmethod
    def _outlasts_a_ping(cls, dead_after: float, info: ValidationInfo) -> float:
        interval = info.data.get("ping_interval", 0.0)
        if dead_after <= interval:
            raise ValueError(f"must be more than timeouts.ping_interval, which is {interval:g}")
        return dead_after


class Lifetimes(Group):
    """Say how long a credential is good for, in seconds; and a socket whose token is over, unless it is renewed."""

    access_ttl: LongSeconds = 900.0
    refresh_ttl: LongSeconds = 14 * 86_400.0
    ticket_ttl: Seconds = 30.0
    expiry_grace: Seconds = 30.0

    @field_validator("refresh_ttl")
    @classmethod
    def _outlasts_access(cls, refresh_ttl: float, info: ValidationInfo) -> float:
        access_ttl = info.data.get("access_ttl", 0.0)
        if refresh_ttl <= access_ttl:
            raise ValueError(f"must be more than tokens.access_ttl, which is {access_ttl:g}")
        return refresh_ttl
