"""Opening what a prefetch key or a search holds: a Bundle, one resource, an OperationOutcome. Nothing is read yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType
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
    """Members stay raw: one of a wrong type must not lose the resource beside it."""

    full_url: Raw | UnsetType = UNSET
    resource: Raw | UnsetType = UNSET


class _Link(Struct, frozen=True, gc=False):
    relation: str | None = None
    url: str | None = None


class _Holder(Struct, frozen=True, gc=False, rename="camel"):
    """A Bundle, or any other resource, by the members that tell which it is."""

    resource_type: str
    entry: Raw | UnsetType = UNSET
    link: Raw | UnsetType = UNSET
    issue: Raw | UnsetType = UNSET


class _TypeOnly(Struct, frozen=True, gc=False, rename="camel"):
    resource_type: str = ""
    issue: Raw | UnsetType = UNSET


_HOLDER: Final = Decoder(_Holder)
_TYPE: Final = Decoder(_TypeOnly)
_ENTRIES: Final = Decoder(tuple[Raw, ...])
_ENTRY: Final = Decoder(_Entry)
_TEXT: Final = Decoder(str)
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
        given = _given(holder.entry)
        entries = () if given is None else _ENTRIES.decode(given)
    except (DecodeError, RecursionError):
        raise ValueError("neither a FHIR resource nor a Bundle") from None
    resources: list[RawEntry] = []
    outcomes: list[str] = []
    for one in entries:
        entry = _entry(one)
        outcome = None if entry is None else _outcome(entry.resource)
        if outcome is not None:
            outcomes.append(outcome)
        elif entry is not None:
            resources.append(entry)
    return Opened(tuple(resources), _next(holder.link), tuple(outcomes))


def _entry(raw: Raw) -> RawEntry | None:
    """None for an entry without resource, which is legal; what is no entry at all is handed on, to be reported."""
    try:
        entry = _ENTRY.decode(raw)
    except (DecodeError, RecursionError):
        return RawEntry(raw)
    resource, full_url = _given(entry.resource), _given(entry.full_url)
    if resource is None:
        return None
    try:
        return RawEntry(resource, None if full_url is None else _TEXT.decode(full_url))
    except (DecodeError, RecursionError):
        return RawEntry(resource)


def _next(links: Raw | UnsetType) -> str | None:
    """The address of the next page. Links that cannot be read are taken for one: what they hide is not known."""
    given = _given(links)
    if given is None:
        return None
    try:
        found = _LINKS.decode(given)
    except (DecodeError, RecursionError):
        return ""
    return next((link.url or "" for link in found if link.relation == "next"), None)


def _given(raw: Raw | UnsetType) -> Raw | None:
    """The member; None where it is absent or null."""
    return None if isinstance(raw, UnsetType) or bytes(raw) == b"null" else raw


def _outcome(raw: Raw) -> str | None:
    """The worst severity where it is an OperationOutcome."""
    if b"OperationOutcome" not in bytes(raw):
        return None
    try:
        held = _TYPE.decode(raw)
    except (DecodeError, RecursionError):
        return None
    return _worst(held.issue) if held.resource_type == "OperationOutcome" else None


def _worst(issues: Raw | UnsetType) -> str:
    """The worst severity; an OperationOutcome that says none counts as an error."""
    given = _given(issues)
    try:
        said = set() if given is None else {issue.severity for issue in _ISSUES.decode(given)}
    except (DecodeError, RecursionError):
        said = set()
    return next((one for one in _SEVERITIES if one in said), "error")
