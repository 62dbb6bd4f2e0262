"""Opening what a prefetch key or a search holds: a Bundle, one resource, an OperationOutcome.

An ordinary Bundle is decoded in one pass, its resources included (`Page`). One in which anything is out of the
ordinary is opened entry by entry, so that a bad entry costs only itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, defstruct
from msgspec import field as member
from msgspec.json import Decoder

from cds_service.fhir.datatypes import Issue
from cds_service.fhir.shapes import Held, OperationOutcome, Shape


class RawEntry(Struct, frozen=True):
    """A resource out of its Bundle, undecoded, with the fullUrl that others may refer to it by.

    `shape` is the resource where it was decoded before.
    """

    resource: Raw
    full_url: str | None = None
    shape: Shape | None = None


class DecodedEntry(Struct, frozen=True, gc=False, rename="camel"):
    """A resource that was decoded with its Bundle. Its text is looked up where it is needed (`Parsed.text_of`)."""

    shape: Held = member(name="resource")
    full_url: str | None = None


BundleEntry = RawEntry | DecodedEntry


class Page(Struct, frozen=True, gc=False, rename="camel", tag_field="resourceType", tag="Bundle"):
    """A Bundle whose every entry is a resource of a type that is read."""

    entry: tuple[DecodedEntry, ...] = ()
    link: Raw | UnsetType = UNSET
    total: int | None = None


Answered = Page | Shape | None
"""What an ordinary prefetch key holds."""


class Opened(Struct, frozen=True):
    """`outcomes`: the worst severity of every OperationOutcome found; they are no entries.

    `total`: how many resources the server says that it has, of all pages together. `is_whole`: none is missing.

    What was decoded with its Bundle has its text under `key` of `texts`.
    """

    entries: tuple[BundleEntry, ...] = ()
    next_link: str | None = None
    outcomes: tuple[str, ...] = ()
    texts: Mapping[str, Raw] | None = None
    key: str = ""
    total: int | None = None

    @property
    def is_whole(self) -> bool:
        return self.next_link is None and (self.total is None or self.total <= len(self.entries))

    def place_of(self, entry: DecodedEntry) -> int | None:
        """The number of an entry of this page."""
        return next((number for number, one in enumerate(self.entries) if one is entry), None)

    def read_texts(self) -> tuple[Raw, ...]:
        """The JSON texts of the resources that were decoded with their Bundle, in its order."""
        whole = Raw(b"null") if self.texts is None else self.texts[self.key]
        page = _PAGE_OF_TEXTS.decode(whole)
        return tuple(one.resource for one in page.entry) if page.resource_type == "Bundle" else (whole,)


class _Text(Struct, frozen=True, gc=False):
    resource: Raw


class _PageOfTexts(Struct, frozen=True, gc=False, rename="camel"):
    resource_type: str = ""
    entry: tuple[_Text, ...] = ()


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
    total: Raw | UnsetType = UNSET
    issue: Raw | UnsetType = UNSET


def prefetch_decoder(names: Iterable[str]) -> Decoder[Struct]:
    """Decodes a whole prefetch object in one pass: a member for each of the keys, UNSET where it was not sent."""
    members = [(name, Answered | UnsetType, UNSET) for name in names]
    return Decoder(defstruct("Prefetch", members, frozen=True, gc=False))


class _Head(Struct, frozen=True, gc=False, rename="camel"):
    resource_type: str = ""
    id: str | None = None


class _TypeOnly(Struct, frozen=True, gc=False, rename="camel"):
    resource_type: str = ""
    issue: Raw | UnsetType = UNSET


class _Counted(Struct, frozen=True, gc=False):
    entry: Raw | UnsetType = UNSET


NOTHING: Final = Opened()
_ANSWERED: Final[Decoder[Answered]] = Decoder(Answered)
_PAGE_OF_TEXTS: Final = Decoder(_PageOfTexts)
_HOLDER: Final = Decoder(_Holder)
_TYPE: Final = Decoder(_TypeOnly)
_ENTRIES: Final = Decoder(tuple[Raw, ...])
_COUNTED: Final = Decoder(_Counted)
_ENTRY: Final = Decoder(_Entry)
_TEXT: Final = Decoder(str)
_NUMBER: Final = Decoder(int)
_LINKS: Final = Decoder(tuple[_Link, ...])
_HEAD: Final = Decoder(_Head)
_ISSUES: Final = Decoder(tuple[Issue, ...])
_SEVERITIES: Final = ("fatal", "error", "warning", "information")


def head_of(entry: BundleEntry) -> tuple[str, str | None]:
    """The resourceType and the id of an entry; "" and None where they cannot be read."""
    if isinstance(entry, DecodedEntry):
        return type(entry.shape).__name__, entry.shape.id
    try:
        head = _HEAD.decode(entry.resource)
    except (DecodeError, RecursionError):
        return "", None
    return head.resource_type, head.id


def count_entries(raw: Raw) -> int:
    """How many entries a Bundle has, whatever they are; 0 for what is none."""
    try:
        given = _given(_COUNTED.decode(raw).entry)
        return 0 if given is None else len(_ENTRIES.decode(given))
    except (DecodeError, RecursionError):
        return 0


def open_bundle(raw: Raw) -> Opened:
    """The resources of a Bundle, of a single resource, or of JSON null (none). ValueError for anything else."""
    try:
        return open_decoded(_ANSWERED.decode(raw), {"": raw})
    except (DecodeError, RecursionError):
        return _open_entry_by_entry(raw)


def open_decoded(held: Answered, texts: Mapping[str, Raw], key: str = "") -> Opened:
    """The same of what was decoded already; its text is asked for only where a resource is validated or reported."""
    if isinstance(held, Page):
        link = None if held.link is UNSET or b"next" not in bytes(held.link) else _next(held.link)
        if not held.entry and link is None and not held.total:
            return NOTHING
        return Opened(held.entry, link, (), texts, key, held.total)
    if held is None:
        return NOTHING
    if isinstance(held, OperationOutcome):
        return Opened(outcomes=(_worst_of(held.issue),))
    return Opened((DecodedEntry(held),), texts=texts, key=key)


def _open_entry_by_entry(raw: Raw) -> Opened:
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
    resources, outcomes = _open_each(entries)
    return Opened(resources, _next(holder.link), outcomes, total=_total(holder.total))


def _open_each(entries: Iterable[Raw]) -> tuple[tuple[RawEntry, ...], tuple[str, ...]]:
    """The resources, and the worst severity of each OperationOutcome among them."""
    resources: list[RawEntry] = []
    outcomes: list[str] = []
    for one in entries:
        entry = _entry(one)
        outcome = None if entry is None else _outcome(entry.resource)
        if outcome is not None:
            outcomes.append(outcome)
        elif entry is not None:
            resources.append(entry)
    return tuple(resources), tuple(outcomes)


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


def _total(said: Raw | UnsetType) -> int | None:
    """What it says to have; a number that cannot be read says nothing."""
    given = _given(said)
    try:
        return None if given is None else _NUMBER.decode(given)
    except (DecodeError, RecursionError):
        return None


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
        return _worst_of(() if given is None else _ISSUES.decode(given))
    except (DecodeError, RecursionError):
        return _worst_of(())


def _worst_of(issues: Iterable[Issue]) -> str:
    said = {issue.severity for issue in issues}
    return next((one for one in _SEVERITIES if one in said), "error")
