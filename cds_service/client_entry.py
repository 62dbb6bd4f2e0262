"""A `[[clients]]` entry of the configuration, made of what an EHR's team tells: issuer, key set, FHIR servers."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from cds_service.config_file import Client, is_loopback, read_tables
from cds_service.settings import describe

GUESSES: Final = (
    ("epic", re.compile(r"epic|/interconnect-", re.IGNORECASE)),
    ("oracle-health", re.compile(r"cerner|oraclehealth|oracle-health", re.IGNORECASE)),
)


class EntryError(Exception):
    """One line: why there is no such entry."""


def guess_dialect(*addresses: str | None) -> str:
    """The dialect that the addresses of an EHR speak for; `standard` where they tell nothing."""
    text = " ".join(address for address in addresses if address)
    return next((name for name, pattern in GUESSES if pattern.search(text)), "standard")


def entry_text(members: Mapping[str, Any]) -> str:
    """The entry as TOML, without what was not told. EntryError where the settings would refuse it."""
    told = {name: value for name, value in members.items() if value not in (None, ())}
    try:
        Client.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise EntryError(
            describe(("clients", 0, *first["loc"]), first["type"], first.get("ctx", {}))
        ) from None
    if not (jku := str(told.get("jku", "https://"))).startswith("https://") and not is_loopback(jku):
        raise EntryError("jku: expected an https address")
    # A JSON text, and a list of them, is TOML too.
    lines = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in told.items())
    return "\n".join(("[[clients]]", *lines)) + "\n"


def append_entry(path: Path, text: str, name: str) -> None:
    """The file with the entry at its end, written at once or not at all. EntryError where that cannot be."""
    before = ""
    if path.exists():
        try:
            known = read_tables(path).get("clients", [])
        except ValueError as error:
            raise EntryError(str(error)) from None
        if any(isinstance(one, dict) and one.get("name") == name for one in known):
            raise EntryError(f"{path} has a client named {name}: each name once")
        before = path.read_text(encoding="utf-8")
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, before + gap + text)
    except OSError as error:
        raise EntryError(f"cannot write {path}: {error.strerror or error}") from None


def _replace(path: Path, text: str) -> None:
    """Whoever reads the file sees the old text or the new one."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o640
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        file.write(text)
    os.chmod(file.name, mode)
    os.replace(file.name, path)
