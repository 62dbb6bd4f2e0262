"""Reads what `platelet-hooks call` is given: a hook request, a Bundle, a resource, NDJSON, or a folder of these.

An array of resources and an object that holds some (a prefetch) are read too.

Resources are treated as a FHIR server would when it stores them: a resource without id gets one, and a `urn:uuid:` or
an absolute reference to a resource of the same file becomes `Type/id`. Numbers keep all their digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from msgspec import DecodeError
from msgspec.json import Decoder

from cards.frozen import dataclass

JSON_FILES: Final = (".json", ".ndjson")
_DECODER: Final = Decoder(float_hook=Decimal)

Resource = dict[str, Any]


class InputError(Exception):
    """One line: what cannot be read, and why."""


@dataclass(frozen=True, slots=True)
class Records:
    """The resources of a file or folder, references settled, the Patients first."""

    resources: tuple[Resource, ...]

    def patients(self) -> tuple[str, ...]:
        """Ids of the Patients; where there is none, those to whom the resources belong."""
        ids = [r["id"] for r in self.resources if r["resourceType"] == "Patient"]
        subjects = (_subject(r) for r in self.resources)
        return tuple(dict.fromkeys(ids or [s for s in subjects if s is not None]))


@dataclass(frozen=True, slots=True)
class Request:
    """A hook request, to be sent as it was written."""

    body: bytes
    hook: str


def read_input(path: Path) -> Records | Request:
    """InputError for anything that holds neither a hook request nor FHIR resources."""
    try:
        return _read_input(path)
    except RecursionError:
        raise InputError(f"{path.name}: nested too deeply") from None


def read_text(body: bytes, name: str) -> Records | Request:
    """The same of a text: NDJSON where its first line is an object by itself and more lines follow."""
    lines = [line for line in body.splitlines() if line.strip()]
    try:
        if len(lines) > 1 and lines[0].lstrip().startswith(b"{") and lines[0].rstrip().endswith(b"}"):
            return _settled(_of_lines(body, Path(name)))
        return _of_content(body, name)
    except RecursionError:
        raise InputError(f"{name}: nested too deeply") from None


def _read_input(path: Path) -> Records | Request:
    if path.is_dir():
        return _settled(_of_folder(path))
    body = _read(path)
    if path.suffix == ".ndjson":
        return _settled(_of_lines(body, path))
    return _of_content(body, path.name)


def _of_content(body: bytes, name: str) -> Records | Request:
    content = _decode(body, name)
    if isinstance(content, dict) and "hook" in content and "resourceType" not in content:
        hook = content["hook"]
        if not isinstance(hook, str):
            raise InputError(f"{name}: hook is not a string")
        return Request(body, hook)
    return _settled(_resources(content, name))


def _of_folder(folder: Path) -> Iterator[tuple[str | None, Resource]]:
    files = sorted(file for file in folder.rglob("*") if file.suffix in JSON_FILES)
    if not files:
        raise InputError(f"{folder}: no JSON files")
    for file in files:
        body = _read(file)
        if file.suffix == ".ndjson":
            yield from _of_lines(body, file)
        else:
            yield from _resources(_decode(body, file.name), file.name)


def _of_lines(body: bytes, path: Path) -> Iterator[tuple[str | None, Resource]]:
    for number, line in enumerate(body.splitlines(), 1):
        if line.strip():
            name = f"{path.name}, line {number}"
            yield from _resources(_decode(line, name), name)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}") from error


def _decode(body: bytes, name: str) -> object:
    try:
        return _DECODER.decode(body)
    except (DecodeError, ValueError, ArithmeticError):
        raise InputError(f"{name}: not JSON") from None


def _resources(content: object, name: str) -> Iterator[tuple[str | None, Resource]]:
    """Each resource with its `fullUrl`. InputError where there is none, or a Bundle that is none."""
    if isinstance(content, dict) and isinstance(content.get("resourceType"), str):
        if content["resourceType"] == "Bundle" and not isinstance(content.get("entry", []), list):
            raise InputError(f"{name}: not a FHIR Bundle")
        yield from _within(content)
        return
    found = list(_within(content))
    if not found:
        raise InputError(f"{name}: neither a hook request nor FHIR resources")
    yield from found


def _within(content: object, url: str | None = None) -> Iterator[tuple[str | None, Resource]]:
    """The resources of a Bundle, of a Bundle in it, of an array, or of an object such as a prefetch."""
    if isinstance(content, list):
        for member in content:
            yield from _within(member)
    elif isinstance(content, dict):
        kind = content.get("resourceType")
        if isinstance(kind, str) and kind != "Bundle":
            yield url, content
        elif kind == "Bundle":
            entries = content.get("entry")
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict):
                    full_url = entry.get("fullUrl")
                    yield from _within(entry.get("resource"), full_url if isinstance(full_url, str) else url)
        else:
            for member in content.values():
                yield from _within(member)


def _settled(found: Iterable[tuple[str | None, Resource]]) -> Records:
    names: dict[str, str] = {}
    settled: list[Resource] = []
    for number, (url, resource) in enumerate(found, 1):
        kind, id_ = resource["resourceType"], resource.get("id")
        if not isinstance(id_, str):
            id_ = (url or "").removeprefix("urn:uuid:").rpartition("/")[2] or f"{kind.lower()}-{number}"
        names[url or f"urn:uuid:{id_}"] = f"{kind}/{id_}"
        settled.append({**resource, "id": id_})
    referred = [_walk(resource, lambda reference: names.get(reference, reference)) for resource in settled]
    return Records(tuple(sorted(referred, key=lambda r: r["resourceType"] != "Patient")))


def _walk(value: Any, settle: Callable[[str], str]) -> Any:
    """The same JSON with every `reference` settled."""
    if isinstance(value, dict):
        return {
            name: settle(member) if name == "reference" and isinstance(member, str) else _walk(member, settle)
            for name, member in value.items()
        }
    return [_walk(member, settle) for member in value] if isinstance(value, list) else value


def _subject(resource: Mapping[str, Any]) -> str | None:
    """The id of the patient that a resource names."""
    for name in ("subject", "patient"):
        named = resource.get(name)
        reference = named.get("reference") if isinstance(named, dict) else None
        if isinstance(reference, str) and "Patient/" in reference:
            return reference.rpartition("Patient/")[2].partition("/")[0]
    return None
