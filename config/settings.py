"""Everything about a server that can be set, with its default and its bounds."""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.limits import Group, Lifetimes, Limits, Seconds, Timeouts


def _shaped(pattern: str, sample: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must look like {sample}")
        return text

    return AfterValidator(check)


DottedPath = Annotated[str, _shaped(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", "mycompany.agents:Teller")]
Origin = Annotated[str, _shaped(r"https?://[^/\s]+", "https://chat.example.com")]
Url = Annotated[str, _shaped(r"https?://\S+", "https://models.example.com/v1")]
Name = Annotated[str, Field(min_length=1)]
# No underscore: in the name of a tool the first one ends the name of its server.
ServerName = Annotated[str, _shaped(r"[a-z][a-z0-9-]{0,31}", "files: lower-case letters, digits and -, 32 at most")]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Days = Annotated[float, Field(gt=0, le=36_525, allow_inf_nan=False)]
Delay = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]


class Model(Group):
    """Name the language model that the assistant asks; without a name there is no assistant.

    ``base_url`` is that of any endpoint that speaks chat completions; without one it is OpenAI's. A model answers in at
    most ``max_steps`` steps, each a question to it and then its tool calls. It is told as much of the session as fits
    into ``history_tokens``, by a rough count. ``idle_timeout`` is how many seconds it may send nothing. A request that
    is refused for now, or finds no connection, is made again up to ``retries`` times.
    """

    name: Name | None = None
    base_url: Url | None = None
    api_key: Annotated[SecretStr, Field(min_length=1)] | None = None
    system_prompt: Name = (
        "You are a helpful assistant. Answer in the language of the person who asks. "
        "For sums, units, dates and times use the tools instead of your memory."
    )
    temperature: float | None = Field(default=None, ge=0, le=2, allow_inf_nan=False)
    max_steps: int = Field(default=10, ge=1, le=1000)
    history_tokens: int = Field(default=8_000, ge=0, le=10_000_000)
    connect_timeout: Seconds = 10.0
    idle_timeout: Seconds = 60.0
    retries: int = Field(default=4, ge=0, le=100)

    @field_validator("base_url")
    @classmethod
    def _holds_no_secret(cls, base_url: str | None) -> str | None:
        if base_url is not None and urlsplit(base_url).username is not None:
            raise ValueError("holds a name or a password, which would be shown; the key belongs into model.api_key")
        return base_url


class McpServer(Group):
    """Name an MCP server whose tools agents may call: a command to run, or the URL of a streamable HTTP server.

    ``timeout`` is what one call may take, and how long the server may be silent. ``agents`` and ``roles`` say whose
    tools they are: every agent's that asks for shared ones, and every user's, where they are left out.
    """

    command: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    url: Url | None = None
    env: Mapping[Name, SecretStr] = {}
    headers: Mapping[Name, SecretStr] = {}
    timeout: Seconds = 30.0
    start_timeout: Seconds = 60.0
    agents: tuple[Name, ...] = ()
    roles: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _is_reached_in_one_way(self) -> "McpServer":
        if (self.command is None) == (self.url is None):
            raise ValueError("needs a command or a url, and not both")
        if self.env and self.command is None:
            raise ValueError("env is for a command; a url takes headers")
        if self.headers and self.url is None:
            raise ValueError("headers are for a url; a command takes env")
        return self


class Issuer(Lifetimes):
    """Say how long credentials are good for, and who issues access tokens: this server, or an identity provider.

    With the latter there are no logins here. `jwks_url` is where its public keys are; a claim is named whole, or by the
    dotted path to it.
    """

    issuer: Name | None = None
    audience: Name | None = None
    jwks_url: Url | None = None
    username_claim: Name = "preferred_username"
    roles_claim: Name = "roles"

    @field_validator("jwks_url")
    @classmethod
    def _goes_with_the_others(cls, jwks_url: str | None, info: ValidationInfo) -> str | None:
        if len({info.data.get("issuer") is None, info.data.get("audience") is None, jwks_url is None}) > 1:
            raise ValueError("goes with tokens.issuer and tokens.audience: set all three, or none")
        return jwks_url


class Tls(Group):
    """Name the PEM files of the certificate, with its chain, and of its key. Without them nothing is encrypted."""

    certificate: Path | None = None
    key: Path | None = None

    @field_validator("key")
    @classmethod
    def _goes_with_the_certificate(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        if (info.data.get("certificate") is None) != (key is None):
            raise ValueError("goes with tls.certificate: set both, or none")
        return key


class Backoff(Group):
    """Wait nothing before the first restart, then `min` seconds, each time `factor` times as long, up to `max`.

    `jitter` adds up to that share. A life of (min + max) / 2 seconds makes the next failure the first again.
    """

    min: Delay = 0.1
    factor: float = Field(default=2.0, ge=1, le=1000, allow_inf_nan=False)
    max: Delay = 5.0
    jitter: float = Field(default=0.2, ge=0, le=1, allow_inf_nan=False)

    @field_validator("max")
    @classmethod
    def _reaches_min(cls, longest: float, info: ValidationInfo) -> float:
        shortest = info.data.get("min", 0.0)
        if longest < shortest:
            raise ValueError(f"must be at least min, which is {shortest:g}")
        return longest


class RestartPolicy(Group):
    """Allow `max_restarts` restarts within any `within` seconds; one more goes up to the next supervisor.

    That the delays leave room for so many restarts is for `server.policies` to check.
    """

    max_restarts: int = Field(default=3, ge=0, le=1000)
    within: float = Field(default=30.0, gt=0, le=86_400, allow_inf_nan=False)
    backoff: Backoff = Backoff()


class RestartPolicies(Group):
    """Give each kind of actor its restart policy."""

    session: RestartPolicy = RestartPolicy()
    agent: RestartPolicy = RestartPolicy()
    tools: RestartPolicy = RestartPolicy()
    emitter: RestartPolicy = RestartPolicy()
    mcp: RestartPolicy = RestartPolicy()


class Journal(Group):
    """Say what a committed event survives, and how long it is kept.

    ``sync``: a kill of the process (normal), or loss of power as well (full). An event past ``keep_days`` or behind
    ``keep_events`` newer ones of its session is dropped; one of an unfinished run never is.
    """

    sync: Literal["normal", "full"] = "normal"
    keep_days: Days = 30.0
    keep_events: int = Field(default=10_000, ge=1, le=1_000_000_000)


class Logs(Group):
    """Say what is logged, and in which form."""

    level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


class Faults(Group):
    """Say whether faults may be injected into the running server. Never where people rely on it.

    An operator may then load plans of them; ``plan`` is the file of one that holds from the start.
    """

    enabled: bool = False
    plan: Path | None = None

    @field_validator("plan")
    @classmethod
    def _is_allowed(cls, plan: Path | None, info: ValidationInfo) -> Path | None:
        if plan is not None and info.data.get("enabled") is False:
            raise ValueError("injects faults only where faults.enabled is true; leave it out where people rely on it")
        return plan


class Settings(BaseSettings):
    """Hold every setting of a server.

    Made by `config.loading.load`. Made directly it takes what it is given and nothing from the process's
    environment, so that a test's settings are the test's alone.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        env_prefix="GREENROOM_",
        env_nested_delimiter="__",
    )

    host: Name = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65_535)
    data_dir: Path = Path(".greenroom")
    agents: tuple[DottedPath, ...] = ("actors.agents.librarian:Librarian",)
    tools: tuple[DottedPath, ...] = (
        "actors.tools.calculator:calculator",
        "actors.tools.convert_units:convert_units",
        "actors.tools.date_time:date_time",
        "actors.tools.search_documents:search_documents",
        "actors.tools.notes:remember",
        "actors.tools.notes:recall",
        "actors.tools.notes:forget",
    )
    documents: Path | None = None
    default_agent: Name | None = None
    allowed_origins: tuple[Origin, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    tls: Tls = Tls()
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()
    tokens: Issuer = Issuer()
    demo: bool = False
    model: Model = Model()
    mcp: Mapping[ServerName, McpServer] = {}
    restart: RestartPolicies = RestartPolicies()
    journal: Journal = Journal()
    logs: Logs = Logs()
    faults: Faults = Faults()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings'
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what the caller gives alone: `load` has laid the sources over each other and knows which won."""
        return (init_settings,)

    @field_validator("demo")
    @classmethod
    def _stays_on_this_machine(cls, demo: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic calls it
        host = info.data.get("host", "127.0.0.1")
        if demo and not is_loopback(host):
            raise ValueError(
                f"--demo is for this machine only: its passwords are public, and host {host} can be reached from "
                "others. Use --host 127.0.0.1, or leave --demo out and add accounts with `greenroom users add`"
            )
        if demo and "tokens" in info.data and info.data["tokens"].issuer is not None:
            raise ValueError("--demo adds accounts of our own, and tokens.issuer leaves no logins here; leave one out")
        return demo


def is_loopback(host: str) -> bool:
    """Tell whether `host`, a name or an address, can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
