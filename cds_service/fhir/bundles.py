"""Opening what a prefetch key or a search holds: a Bundle, one resource, an OperationOutcome. Nothing is read yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder

from cds_service.fhir.datatypes import Issue


@dataclass(frozen=True, slots=True)
class RawEntry:
    """A resource out of its Bundle, undecoded, with the fullUrl that others may refer to it by."""

    resource: Raw
    full_url: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """`outcomes`: the worst severity of every OperationOutcome found; they are no entries. `is_whole`: no next page."""

    entries: tuple[RawEntry, ...] = ()
    next_link: str | None = None
    outcomes: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.next_link is None


class _Entry(Struct, frozen=True, gc=False, rename="camel"):
    full_url: str | None = None
    resource: Raw | None = None


class _Link(Struct, frozen=True, gc=False):
    relation: str | None = None
    url: str | None = None


class _Holder(Struct, frozen=True, gc=False, rename="camel"):
    """A Bundle, or any other resource, by the members that tell which it is."""

    resource_type: str
    entry: Raw | None = None
    link: Raw | None = None
    issue: Raw | None = None


class _TypeOnly(Struct, frozen=True, gc=False, rename="camel"):
    resource_type: str = ""
    issue: Raw | None = None


_HOLDER: Final = Decoder(_Holder)
_TYPE: Final = Decoder(_TypeOnly)
_ENTRIES: Final = Decoder(tuple[_Entry, ...])
_LINKS: Final = Decoder(tuple[_Link, ...])
_ISSUES: Final = Decoder(tuple[Issue, ...])
_SEVERITIES: Final = ("fatal", "error", "warning", "information")


def open_bundle(raw: Raw) -> Opened:
    """The resources of a Bundle, of a single resource, or of JSON null (none). ValueError for anything else."""
    if bytes(raw).strip() == b"null":
        return Opened()
    try:
        holder = _HOLDER.decode(raw)
        if holder.resource_type == "OperationOutcome":
            return Opened(outcomes=(_worst(holder.issue),))
        if holder.resource_type != "Bundle":
            return Opened((RawEntry(raw),))
        entries = _ENTRIES.decode(holder.entry) if holder.entry is not None else ()
        links = _LINKS.decode(holder.link) if holder.link is not None else ()
    except DecodeError:
        raise ValueError("neither a FHIR resource nor a Bundle") from None
    resources: list[RawEntry] = []
    outcomes: list[str] = []
    for entry in entries:
        if entry.resource is None:
            continue
        outcome = _outcome(entry.resource)
        if outcome is None:
            resources.append(RawEntry(entry.resource, entry.full_url))
        else:
            outcomes.append(outcome)
    following = next((link.url for link in links if link.relation == "next"), None)
    return Opened(tuple(resources), following, tuple(outcomes))


def _outcome(raw: Raw) -> str | None:
    """The worst severity where it is an OperationOutcome."""
    if b"OperationOutcome" not in bytes(raw):
        return None
    try:
        held = _TYPE.decode(raw)
    except DecodeError:
        return None
    return _worst(held.issue) if held.resource_type == "OperationOutcome" else None


def _worst(issues: Raw | None) -> str:
    """The worst severity; an OperationOutcome that says none counts as an error."""
    try:
        said = {issue.severity for issue in _ISSUES.decode(issues)} if issues is not None else set()
    except DecodeError:
        said = set()
    return next((one for one in _SEVERITIES if one in said), "error")
