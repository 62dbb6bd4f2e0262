"""The checks of `platelet-hooks doctor`: what is in order, what is wrong, and what to do about it, in plain words.

Nothing is changed. Only addresses that the configuration names are asked, and no answer's text is repeated.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import requests

from cards.frozen import dataclass
from cds_service import __version__
from cds_service.auth.key_sets import fetch_key_set
from cds_service.auth.keys import read_key_set
from cds_service.config_file import Client, is_loopback
from cds_service.content import ContentError, load_contents
from cds_service.dialects.choice import check_order_codes
from cds_service.settings import PREFIX, Settings, SettingsError
from cds_service.store.address import store_url
from cds_service.traces import check_traces

SECONDS: Final = 5
SKEW_SECONDS: Final = 30
"""What a token's times are forgiven: a clock that is further off refuses every call."""

LEAST_FREE: Final = 256 * 1024 * 1024
LEAST_SECRET: Final = 32
"""Characters of a secret that cannot be guessed."""

Clock = Callable[[], datetime]


class Level(StrEnum):
    """How a finding is meant: `wrong` is the one that decides the exit status."""

    FINE = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do."""

    level: Level
    what: str
    remedy: str = ""


def check_up(settings: Settings, clock: Clock, asks: bool = True) -> Iterator[Finding]:
    """Every finding, as soon as it is made. Unless it `asks`, no other machine is called."""
    yield _mode(settings)
    yield from _content(settings)
    yield from _state_folder(settings)
    yield from _secrets(settings)
    yield _database(settings)
    times: list[tuple[str, datetime]] = []
    for client in settings.clients:
        yield _key_set(client, settings, asks)
        for server in client.fhir_servers if asks else ():
            yield _fhir_server(client, server, times)
    if asks:
        yield _own_address(settings, times)
        yield _clock(times, clock)


def _mode(settings: Settings) -> Finding:
    named = f"platelet-hooks {__version__}, {settings.mode.value} mode, public address {settings.public_url}"
    if settings.sandbox:
        return Finding(
            Level.NOTE,
            named,
            f"Everyone who reaches the service is answered. For real clients set {PREFIX}MODE=production.",
        )
    return Finding(Level.FINE, f"{named}, {len(settings.clients)} clients")


def _content(settings: Settings) -> Iterator[Finding]:
    try:
        contents = load_contents(settings)
    except (ContentError, SettingsError) as error:
        yield Finding(Level.WRONG, str(error), "`platelet-hooks content check FILE` says all that is wrong.")
        return
    yield Finding(Level.FINE, f"clinical content {contents.general.version}")
    yield from _refused_by_the_start(settings, contents.general.templates)


def _refused_by_the_start(settings: Settings, templates: Container[str]) -> Iterator[Finding]:
    """What `serve` refuses beside the content."""
    checks: tuple[Callable[[], None], ...] = (
        lambda: check_order_codes(settings, templates),
        lambda: check_traces(settings),
    )
    for check in checks:
        try:
            check()
        except SettingsError as error:
            yield Finding(Level.WRONG, str(error), "The service does not start with it.")


def _state_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.state_dir
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK) or not there.is_dir():
        yield Finding(
            Level.WRONG,
            f"the state directory {folder} cannot be written to",
            f"Make it writable for this user, or name another in {PREFIX}STATE_DIR.",
        )
        return
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE:
        yield Finding(
            Level.WRONG, f"only {free // 1024**2} MiB are free below {there}", "Free some space on that disk."
        )
    else:
        yield Finding(Level.FINE, f"state directory {folder}")


def _secrets(settings: Settings) -> Iterator[Finding]:
    for name, secret in (("SECRET", settings.secret), ("ADMIN_TOKEN", settings.admin_token)):
        if secret is not None and len(secret.get_secret_value()) < LEAST_SECRET:
            yield Finding(
                Level.WRONG,
                f"{PREFIX}{name} is shorter than {LEAST_SECRET} characters",
                "Make a new one: python -c 'import secrets; print(secrets.token_urlsafe(48))'",
            )
    if not settings.sandbox and settings.admin_token is None:
        yield Finding(
            Level.NOTE,
            "/metrics and /insights are not served",
            f"Set {PREFIX}ADMIN_TOKEN where they are wanted.",
        )


def _database(settings: Settings) -> Finding:
    from sqlalchemy.exc import SQLAlchemyError

    from cds_service.store.opening import HEAD, StoreError, connect, revision

    url = store_url(settings)
    kind = url.partition(":")[0].partition("+")[0]
    file = Path(url.removeprefix("sqlite:///"))
    if kind == "sqlite" and not file.exists():
        return Finding(Level.NOTE, "the SQLite database is not made yet", "The first start makes it.")
    try:
        engine = connect(url)
        try:
            found = revision(engine)
        finally:
            engine.dispose()
    except (StoreError, SQLAlchemyError, OSError) as error:
        return Finding(
            Level.WRONG,
            f"the {kind} database does not answer ({type(error).__name__})",
            f"Check {PREFIX}DATABASE_URL, that the database runs, and that this machine may reach it.",
        )
    if found == HEAD:
        return Finding(Level.FINE, f"{kind} database, its tables are this release's")
    if found is None:
        return Finding(Level.NOTE, f"the {kind} database is empty", "The first start makes its tables.")
    return Finding(
        Level.NOTE,
        f"the tables of the {kind} database are not this release's",
        "The next start changes them; a database of a newer release is left alone. Back it up first.",
    )


def _key_set(client: Client, settings: Settings, asks: bool) -> Finding:
    name = f"client {client.name}"
    try:
        if client.jku is None:
            body = settings.beside_config(str(client.jwks_file)).read_bytes()
        elif not asks:
            return Finding(Level.NOTE, f"{name}: its key set was not asked for")
        else:
            body = fetch_key_set(client.jku)
        keys = read_key_set(body)
    except (OSError, ValueError) as error:
        where = "file" if client.jku is None else "address"
        return Finding(
            Level.WRONG,
            f"{name}: no usable key set ({type(error).__name__})",
            f"Check the {where} of its entry, and that this machine can read it: proxy, certificates, firewall.",
        )
    return Finding(Level.FINE, f"{name}: {len(keys)} usable keys")


def _fhir_server(client: Client, server: str, times: list[tuple[str, datetime]]) -> Finding:
    name = f"client {client.name}, FHIR server {server}"
    answer = _ask(f"{server}/metadata", times)
    if isinstance(answer, str):
        return Finding(Level.WRONG, f"{name}: no answer ({answer})", "Check address, proxy and firewall.")
    if answer.status_code in (401, 403):
        return Finding(Level.FINE, f"{name}: answers, and wants a token as it should")
    version = _fhir_version(answer)
    if version is None:
        return Finding(
            Level.WRONG,
            f"{name}: /metadata is no CapabilityStatement (HTTP {answer.status_code})",
            "The entry needs the FHIR base address, without a slash or a resource at its end.",
        )
    if not version.startswith("4.0"):
        return Finding(Level.WRONG, f"{name}: FHIR {version}", "This service reads FHIR R4 (4.0.1).")
    return Finding(Level.FINE, f"{name}: FHIR {version}")


def _fhir_version(answer: requests.Response) -> str | None:
    try:
        body = answer.json()
    except ValueError:
        return None
    version = body.get("fhirVersion") if isinstance(body, Mapping) else None
    return version if isinstance(version, str) and len(version) < 12 else None


def _own_address(settings: Settings, times: list[tuple[str, datetime]]) -> Finding:
    answer = _ask(f"{settings.public_url}/health/ready", times)
    if isinstance(answer, str):
        return Finding(
            Level.NOTE,
            f"nothing answers at {settings.public_url} ({answer})",
            "Start the service (platelet-hooks serve), or check the proxy in front of it.",
        )
    if answer.status_code != requests.codes.ok:
        return Finding(
            Level.WRONG,
            f"{settings.public_url} answers, but is not ready (HTTP {answer.status_code})",
            "Its log says why; most often the database is away.",
        )
    return Finding(Level.FINE, f"{settings.public_url} answers and is ready")


def _clock(times: list[tuple[str, datetime]], clock: Clock) -> Finding:
    others = [(host, at) for host, at in times if not is_loopback(host)]
    if not others:
        return Finding(Level.NOTE, "the clock could not be compared", "No other machine told its time.")
    host, at = others[0]
    seconds = abs((clock() - at).total_seconds())
    if seconds > SKEW_SECONDS:
        return Finding(
            Level.WRONG,
            f"this clock and that of {host} are {seconds:.0f} seconds apart",
            f"Synchronise this machine's clock: tokens are refused beyond {SKEW_SECONDS} seconds.",
        )
    return Finding(Level.FINE, f"the clock agrees with {host}")


def _ask(url: str, times: list[tuple[str, datetime]]) -> requests.Response | str:
    """The answer, or in a word why there is none. The time that it tells is noted."""
    try:
        with requests.Session() as session:
            session.trust_env = not is_loopback(url)
            answer = session.get(
                url, headers={"Accept": "application/json"}, timeout=SECONDS, allow_redirects=False
            )
    except requests.RequestException as error:
        return type(error).__name__
    told = answer.headers.get("Date")
    if told:
        with suppress(ValueError, TypeError):
            times.append((url, parsedate_to_datetime(told).astimezone(UTC)))
    return answer
