"""The TOML file of `PLATELET_HOOKS_CONFIG`, read strictly: an unknown table or key is an error.

Every field's description is what it expects; the sentence that stops a start is made of it.
"""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    Tag,
    model_validator,
)

_WEB_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
_ORIGIN = re.compile(r"https?://[^\s/?#@]+")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_RULE_ID = re.compile(r"[A-Z]+(-[A-Z0-9]+)+")
_LINE = r"^[^<>\p{C}]*[^<>\p{C}\s][^<>\p{C}]*$"
_LINK = r"^https?://[^\s/?#@<>][^\s@<>]*$"


def check_web_url(value: str) -> str:
    """An http(s) URL without user, query and fragment; slashes at its end are cut. ValueError otherwise."""
    if not _WEB_URL.fullmatch(value):
        raise ValueError("not a web address")
    return value.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether a web address is one of this machine, by its name alone."""
    try:
        return urlsplit(url).hostname in _LOOPBACK
    except ValueError:
        return False


def _check_key_set_url(value: str) -> str:
    check_web_url(value)
    return value  # as it is: a token names it letter by letter


def _check_origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value):
        raise ValueError("not an origin")
    return value


def _check_rule_id(value: str) -> str:
    if not _RULE_ID.fullmatch(value):
        raise ValueError("not a rule's id")
    return value


WebUrl = Annotated[StrictStr, AfterValidator(check_web_url)]
KeySetUrl = Annotated[StrictStr, AfterValidator(_check_key_set_url)]
Origin = Annotated[StrictStr, AfterValidator(_check_origin)]
RuleId = Annotated[StrictStr, AfterValidator(_check_rule_id)]
Text = Annotated[StrictStr, Field(min_length=1)]


class Section(BaseModel):
    """A table of the file: frozen, and closed to keys that it does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Limits(Section):
    """What a request may cost: beyond depth the answer is 400, beyond bytes, entries and validated resources 413.

    Beyond the requests of a minute it is 429, beyond the large bodies at a time 503.
    """

    body_bytes: StrictInt = Field(
        default=4_194_304, ge=1024, description="a whole number of bytes, 1024 or more"
    )
    # The decoders give up near 1,000 levels, so a larger limit could not be kept.
    depth: StrictInt = Field(default=64, ge=8, le=256, description="a whole number from 8 to 256")
    entries: StrictInt = Field(
        default=10_000, ge=1, description="a whole number of Bundle entries, 1 or more"
    )
    validated: StrictInt = Field(
        default=400,
        ge=10,
        description="a whole number of resources of one call that are validated, 10 or more",
    )
    large_bodies: StrictInt = Field(
        default=2,
        ge=1,
        description="a whole number of bodies above 1 MiB that a worker reads at a time, 1 or more",
    )
    fetch_seconds: Decimal = Field(
        default=Decimal("1.5"),
        ge=Decimal("0.1"),
        le=30,
        description="a number of seconds from 0.1 to 30, for everything that a call reads from its FHIR server",
    )
    requests_per_minute: StrictInt | None = Field(
        default=None, ge=0, description="a whole number of requests per minute and client, 0 = no limit"
    )


class Client(Section):
    """One EHR: who signs its calls, which tenants and services it has, and how it wants to be answered."""

    name: Text = Field(description="a name of your choice, each once")
    iss: Text = Field(description="the issuer that its tokens name")
    jku: KeySetUrl | None = Field(default=None, description="the web address of its key set")
    jwks_file: Text | None = Field(
        default=None, description="the path of its key set, from the folder of the TOML file"
    )
    aud: tuple[Text, ...] = Field(default=(), description="a list of further audiences to accept")
    token_seconds: StrictInt = Field(
        default=900,
        ge=30,
        le=3600,
        description="a whole number from 30 to 3600: how long its tokens may last",
    )
    tenants: tuple[Text, ...] = Field(default=("*",), description='a list of tenants, or ["*"]')
    services: tuple[Text, ...] = Field(default=("*",), description='a list of service ids, or ["*"]')
    fhir_servers: tuple[WebUrl, ...] = Field(default=(), description="a list of FHIR base addresses")
    smart_client_id: Text | None = Field(
        default=None, description="the client id under which its SMART server knows the timeline"
    )
    smart_secret_file: Text | None = Field(
        default=None, description="the path of a file that holds the client secret of the timeline"
    )
    authorization_servers: tuple[WebUrl, ...] = Field(
        default=(), description="a list of addresses of its authorization server, unless below a FHIR server"
    )
    dialect: Literal["standard", "epic", "oracle-health", "sandbox"] = Field(
        default="standard", description="standard, epic, oracle-health or sandbox"
    )
    origins: tuple[Origin, ...] = Field(
        default=(), description='a list of browser origins such as "https://ehr.example.org"'
    )
    evaluation: StrictBool = Field(default=False, description="true or false")
    repeats: StrictBool = Field(default=True, description="true or false")
    comments: StrictBool = Field(default=False, description="true or false")
    requests_per_minute: StrictInt | None = Field(
        default=None, ge=0, description="a whole number of requests per minute, 0 = no limit"
    )
    order_codes: dict[Text, Text] = Field(
        default={}, description='a preference-list code by draft, such as {cbc = "CBC_IP"}'
    )
    content: Text | None = Field(
        default=None, description="the path of a TOML file with this client's content tables"
    )

    @model_validator(mode="after")
    def _has_one_key_set(self) -> Self:
        if (self.jku is None) == (self.jwks_file is None):
            raise ValueError("expected either jku or jwks_file")
        return self

    @model_validator(mode="after")
    def _can_be_launched_from(self) -> Self:
        if self.smart_client_id is not None and not self.fhir_servers:
            raise ValueError("expected one of fhir_servers at least where smart_client_id is set")
        if self.smart_secret_file is not None and self.smart_client_id is None:
            raise ValueError("expected smart_client_id where smart_secret_file is set")
        return self


class Security(Section):
    """Doors that are shut unless opened by name."""

    allow_http_loopback: StrictBool = Field(default=False, description="true or false")
    allow_public_fhir: StrictBool = Field(default=False, description="true or false")


class Memory(Section):
    """What is kept of shown cards and feedback, and for how long. `repeats`: for callers without a client entry."""

    retention_days: StrictInt = Field(
        default=365, ge=8, le=3650, description="a whole number of days from 8 to 3650"
    )
    queue: StrictInt = Field(
        default=10_000, ge=1, le=1_000_000, description="a whole number of cards that may wait to be stored"
    )
    wait_milliseconds: StrictInt = Field(
        default=150, ge=10, le=10_000, description="a whole number of milliseconds from 10 to 10000"
    )
    repeats: StrictBool = Field(default=True, description="true or false")
    least_count: StrictInt = Field(
        default=5,
        ge=1,
        le=100,
        description="a whole number from 1 to 100: smaller counts are not told in insights",
    )


class Silent(Section):
    """Where cards are made and recorded but not shown; single rules: `"TRF-04" = "silent"` in [content.rules]."""

    everywhere: StrictBool = Field(default=False, description="true or false")
    services: tuple[Text, ...] = Field(default=(), description="a list of service ids")
    tenants: tuple[Text, ...] = Field(default=(), description="a list of tenants")
    clients: tuple[Text, ...] = Field(default=(), description="a list of names of clients")
    patients_percent: Annotated[Decimal, Field(ge=0, le=100)] = Field(
        default=Decimal(0), description="a number from 0 to 100, the share of patients whose cards are silent"
    )


def _paths_or_codes(value: Any) -> str:
    """Which of the two a list of [content.local_codes] holds, so that only its own faults are told."""
    return (
        "paths" if isinstance(value, list | tuple) and any(isinstance(one, str) for one in value) else "codes"
    )


class LocalCode(Section):
    """A code of the site's own, and the system that it belongs to."""

    system: Text = Field(description="the code system's URI")
    code: Text = Field(description="the code")
    like: Text | None = Field(default=None, description="the code of the same value set that it is read like")


class SiteLink(Section):
    """A link of the site's own: to a protocol, a form, a page about whom to call."""

    label: Annotated[StrictStr, Field(min_length=1, max_length=80, pattern=_LINE)] = Field(
        description="one line of at most 80 characters"
    )
    url: Annotated[StrictStr, Field(pattern=_LINK)] = Field(description="an http(s) address")


LocalCodes = Annotated[
    Annotated[tuple[LocalCode, ...], Tag("codes")] | Annotated[tuple[Text, ...], Tag("paths")],
    Discriminator(_paths_or_codes),
]
Contact = Annotated[StrictStr, Field(min_length=1, max_length=80, pattern=_LINE)]


class Content(Section):
    """What a site changes of the clinical content."""

    thresholds: dict[str, Decimal] = Field(default={}, description="a number for each threshold, by its name")
    rules: dict[RuleId, Literal["silent", "off", "on"]] = Field(
        default={}, description='"silent", "off" or "on" by rule id'
    )
    local_codes: dict[str, LocalCodes] = Field(
        default={}, description="a list of {system, code} by value set, or files = [paths]"
    )
    links: dict[str, tuple[SiteLink, ...]] = Field(
        default={}, description='a list of {label, url} by rule id, family ("TRF-*") or "*"'
    )
    contacts: dict[str, Contact] = Field(
        default={},
        description="one line of at most 80 characters by the name of a draft, such as haematology",
    )

    @model_validator(mode="after")
    def _only_files_are_paths(self) -> Self:
        for key, codes in self.local_codes.items():
            if any(isinstance(code, str) != (key == "files") for code in codes):
                wanted = "[paths]" if key == "files" else "[{system, code}]"
                raise ValueError(f"[content.local_codes] {key}: expected {wanted}")
        return self


def read_tables(path: Path) -> dict[str, Any]:
    """The tables as they stand in the file, numbers exact. ValueError in one line when it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        raise ValueError(f"expected a readable TOML file, {path}: {reason}") from error
