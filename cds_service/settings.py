"""Settings: scalars from the environment, tables from one TOML file. A wrong one stops the start by name."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cds_service.config_file import (
    Client,
    Content,
    Limits,
    Memory,
    Security,
    Silent,
    WebUrl,
    is_loopback,
    read_tables,
)

PREFIX = "PLATELET_HOOKS_"
UNNAMED = ("[key]", "codes", "paths")
"""Steps of pydantic that are nothing of the file."""
TABLES = ("limits", "clients", "security", "content", "memory", "silent")

STORES: Final = ("sqlite", "postgresql", "postgres")

PUBLIC_KEYS: Final = "sandbox.cds-hooks.org"
"""The public CDS Hooks sandbox: everyone can sign as it, for its private key is published."""


class SettingsError(Exception):
    """One line: the setting's name and what it expects. Never its value, which may be a secret."""


class Mode(StrEnum):
    """How much is trusted: `sandbox` answers everyone, `production` only clients that it knows."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


def _state_folder() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "platelet-hooks"


def _log_format() -> Literal["console", "json"]:
    return "console" if sys.stderr.isatty() else "json"


def _is_store_url(value: SecretStr) -> SecretStr:
    """As SQLAlchemy reads it; what it says of a wrong one may hold a password."""
    from sqlalchemy import make_url  # only where an address is set
    from sqlalchemy.exc import ArgumentError

    try:
        backend = make_url(value.get_secret_value()).get_backend_name()
    except (ArgumentError, ValueError):
        backend = ""
    if backend not in STORES:
        raise ValueError("not a URL")
    return value


def _fold(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class Settings(BaseSettings):
    """Everything that can be set. Frozen; secrets are not in its repr. `Settings()` reads the environment.

    A test gives members by name: `Settings(limits=Limits(depth=8))`. ValidationError when one is wrong;
    a start reads them with `load_settings`, which says so in one line.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    mode: Mode = Field(default=Mode.SANDBOX, description="sandbox or production")
    public_url: WebUrl = Field(
        default="http://127.0.0.1:8080",
        description="the base address that clients use, such as https://cds.example.org",
    )
    config: Path | None = Field(default=None, description="the path of a TOML file")
    database_url: Annotated[SecretStr, AfterValidator(_is_store_url)] | None = Field(
        default=None,
        description="an SQLAlchemy URL of SQLite or PostgreSQL, such as sqlite:////var/lib/platelet-hooks/store.db "
        "or postgresql://user:password@host:5432/name (signs of a password percent-encoded)",
    )
    state_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        default_factory=_state_folder, description="the path of a folder"
    )
    secret: SecretStr | None = Field(default=None, min_length=1, description="a long random text")
    admin_token: SecretStr | None = Field(default=None, min_length=1, description="a long random text")
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_fold)] = Field(
        default="info", description="debug, info, warning or error"
    )
    log_format: Literal["console", "json"] = Field(default_factory=_log_format, description="console or json")

    traces: Annotated[Literal["off", "otlp"], BeforeValidator(_fold)] = Field(
        default="off", description="off, or otlp where the extra `otel` is installed"
    )

    limits: Limits = Field(default=Limits(), description="a table")
    clients: tuple[Client, ...] = Field(default=(), description="tables [[clients]]")
    security: Security = Field(default=Security(), description="a table")
    content: Content = Field(default=Content(), description="a table")
    memory: Memory = Field(default=Memory(), description="a table")
    silent: Silent = Field(default=Silent(), description="a table")

    @property
    def sandbox(self) -> bool:
        """Whether anyone who reaches the service is answered."""
        return self.mode is Mode.SANDBOX

    @property
    def requests_per_minute(self) -> int:
        """The limit per client, 0 = none. Unless the site sets one: 6000, and none in sandbox mode."""
        if self.limits.requests_per_minute is not None:
            return self.limits.requests_per_minute
        return 0 if self.sandbox else 6000

    def beside_config(self, path: str) -> Path:
        """A path of the TOML file: from its own folder, unless it is absolute."""
        folder = Path() if self.config is None else self.config.expanduser().parent
        return folder / Path(path).expanduser()

    @model_validator(mode="after")
    def _names_clients_once(self) -> Self:
        names = [client.name for client in self.clients]
        for name in names:
            if names.count(name) > 1:
                raise ValueError("[[clients]] name: expected each name once")
        return self

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        """A slip in `[silent]` would show the cards that nobody should see yet, one in an entry shut its client out."""
        from cds_service.discovery import SERVICES  # what reads settings alone loads no value sets

        offered = [row.id for row in SERVICES]
        clients = [client.name for client in self.clients]
        named = [
            (f"[[clients]] {number}, services", client.services, ["*", *offered])
            for number, client in enumerate(self.clients, 1)
        ]
        named.append(("[silent] services", self.silent.services, offered))
        if clients:  # without any, a part of a file is looked at by itself
            named.append(("[silent] clients", self.silent.clients, clients))
        for where, names, known in named:
            if unknown := [name for name in names if name not in known]:
                raise ValueError(f"{where}: expected {', '.join(known)}, not {unknown[0]}")
        return self

    @model_validator(mode="after")
    def _never_serves_strangers_in_production(self) -> Self:
        if self.sandbox:
            return self
        for setting in ("public_url", "secret"):
            if setting not in self.model_fields_set:
                raise ValueError(f"{PREFIX}{setting.upper()}: must be set in production mode")
        if not self.public_url.startswith("https://") and not is_loopback(self.public_url):
            raise ValueError(f"{PREFIX}PUBLIC_URL: expected an https address in production mode")
        if not self.clients:
            raise ValueError(f"{PREFIX}CONFIG: expected at least one [[clients]] entry in production mode")
        for number, client in enumerate(self.clients, 1):
            if PUBLIC_KEYS in f"{client.iss} {client.jku}":
                raise ValueError(f"[[clients]] {number}: expected another client than the public sandbox")
        return self

    @model_validator(mode="after")
    def _fetches_keys_safely(self) -> Self:
        allows_http = self.sandbox or self.security.allow_http_loopback
        for number, client in enumerate(self.clients, 1):
            jku = client.jku or "https://"
            if not jku.startswith("https://") and not (allows_http and is_loopback(jku)):
                raise ValueError(f"[[clients]] {number}, jku: expected an https address")
        return self

    @model_validator(mode="after")
    def _tells_clients_apart(self) -> Self:
        """Entries that share their keys differ in their tenants: a token must not fit two."""
        seen: set[tuple[str, str | None, str | None, str]] = set()
        for number, client in enumerate(self.clients, 1):
            mine = {(client.iss, client.jku, client.jwks_file, tenant) for tenant in client.tenants}
            if mine & seen:
                raise ValueError(f"[[clients]] {number}, tenants: expected others than in an entry before")
            seen |= mine
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What a caller gives, then the environment, then the TOML file; no `.env` that lies about."""
        return init_settings, env_settings, _TomlTables(settings_cls)


class _TomlTables(PydanticBaseSettingsSource):
    """The tables of the file that the sources before this one name."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # asked for by pydantic-settings; all tables are given at once

    def __call__(self) -> dict[str, Any]:
        path = self.current_state.get("config")
        if path is None:
            return {}
        tables = read_tables(Path(path).expanduser())
        if unknown := sorted(tables.keys() - set(TABLES)):
            raise ValueError(f"expected only the tables {', '.join(TABLES)}, not {unknown[0]}")
        return tables


def load_settings() -> Settings:
    """The settings of this process. SettingsError, one line, for the first wrong one."""
    _refuse_misspelt(os.environ)
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(describe(first["loc"], first["type"], first.get("ctx", {}))) from None
    except ValueError as error:  # the file as a whole
        raise SettingsError(f"{PREFIX}CONFIG: {error}") from None
    except RuntimeError:  # of Path.expanduser
        raise SettingsError(f"{PREFIX}STATE_DIR: must be set, this user has no home folder") from None


def _refuse_misspelt(environ: Iterable[str]) -> None:
    """A mistyped MODE would otherwise serve a sandbox where production was meant."""
    known = [name.upper() for name in Settings.model_fields if name not in TABLES]
    for variable in sorted(environ):
        name = variable.upper().removeprefix(PREFIX)
        if name == variable.upper() or name in known:
            continue
        if name.lower() in TABLES:
            raise SettingsError(f"{variable}: expected as a table of the TOML file that {PREFIX}CONFIG names")
        if close := get_close_matches(name, known, n=1, cutoff=0.75):
            raise SettingsError(f"{variable}: not a setting; {PREFIX}{close[0]} is one")


def describe(loc: Sequence[str | int], kind: str, context: Mapping[str, Any]) -> str:
    """The setting at `loc` and what it expects: of an error of pydantic its location, kind and context."""
    reason = str(context.get("error", ""))
    if not loc or reason.startswith("["):
        return reason
    name, fields = _name(loc), list(_fields_along(loc))
    if kind == "extra_forbidden":
        return f"{name}: not a setting"
    if reason.startswith("expected"):
        return f"{name}: {reason}"
    return f"{name}: {'missing; ' if kind == 'missing' else ''}expected {fields[-1].description}"


def _name(loc: Sequence[str | int]) -> str:
    """`PLATELET_HOOKS_MODE`, `[limits] depth`, `[[clients]] 2, jku`, `[content.links] TRF-04, 2, url`."""
    if loc[0] not in TABLES:
        return f"{PREFIX}{str(loc[0]).upper()}"
    if loc[0] == "clients":
        number = f" {int(loc[1]) + 1}" if len(loc) > 1 else ""
        return f"[[clients]]{number}" + "".join(f", {step}" for step in loc[2:3])
    if loc[0] == "content":
        steps = (step + 1 if isinstance(step, int) else step for step in loc[2:] if step not in UNNAMED)
        return f"[{'.'.join(map(str, loc[:2]))}] {', '.join(map(str, steps))}".rstrip()
    return f"[{loc[0]}]" + "".join(f" {step}" for step in loc[1:2])


def _fields_along(loc: Sequence[str | int]) -> Iterator[FieldInfo]:
    """The fields that lead to `loc`, from `Settings` inwards."""
    model: type[BaseModel] | None = Settings
    for step in loc:
        if isinstance(step, str) and model is not None and step in model.model_fields:
            field = model.model_fields[step]
            yield field
            model = next(_models_in(field.annotation), None)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The sections of a type such as `dict[str, tuple[SiteLink, ...]]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
