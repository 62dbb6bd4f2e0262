"""From the resources that the client sent to decoded entries of this patient; nothing is lost silently.

Entry by entry: a bad one is set aside with a reason and the rest is used. What is never read (practitioners,
organisations, narrative documents) is passed over without a word.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final, TypeVar, cast

from msgspec import MsgspecError, Raw, Struct, ValidationError
from msgspec.json import Decoder

from cards.frozen import dataclass
from cards.record import Kind
from cds_service.fhir.bundles import BundleEntry, DecodedEntry, Opened, RawEntry, open_bundle
from cds_service.fhir.entries import Entry, Rejected
from cds_service.fhir.references import contained_id, is_id, normal_reference
from cds_service.fhir.shapes import DiagnosticReport, Observation, Patient, Shape, decode_shape
from cds_service.fhir.subjects import Aliases, why_not_this_patient

__all__ = ["EARLIER", "EARLIER_REQUESTS", "Parsed", "Source", "Undecoded", "admit", "parse", "parse_admitted"]

S = TypeVar("S", bound=Shape)

EARLIER_REQUESTS: Final = {
    "MedicationOrder": "MedicationRequest",
    "MedicationPrescription": "MedicationRequest",
    "DiagnosticOrder": "ServiceRequest",
    "ProcedureRequest": "ServiceRequest",
    "ReferralRequest": "ServiceRequest",
}
"""Resources of earlier releases, by what R4 has instead: reported, where unread types are not."""

EARLIER: Final = "a resource of another FHIR release than R4"
_Name = tuple[str, str | None]
"""Reference, and the id inside it of what is contained."""

_DEEPEST_BUNDLE: Final = 3
_LONGEST_VERSION: Final = 9  # digits
_NO_TEXT: Final = Raw(b"null")
_NUMBER: Final = re.compile(r"\[[^]]*\]")
_MEMBER: Final = re.compile(r" - at `\$((?:\.\w+|\[(?:\.\.\.|\d+)\])+)`$")


@dataclass(frozen=True, slots=True)
class Source:
    """What one prefetch key (or fetch) brought, and which kinds of data it answers. `pages` know the entries' texts."""

    key: str
    kinds: frozenset[Kind]
    entries: Sequence[BundleEntry]
    pages: Sequence[Opened] = ()


@dataclass(frozen=True, slots=True)
class Undecoded:
    """A resource that could not be decoded, or names no patient: a platelet count among them must not be lost."""

    reference: str
    resource_type: str
    reason: str
    raw: Raw
    key: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """The entries by resourceType, what was set aside, and where references lead."""

    by_type: Mapping[str, tuple[Entry[Shape], ...]] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()
    undecoded: tuple[Undecoded, ...] = ()
    kinds: Mapping[str, frozenset[Kind]] = field(default_factory=dict)
    fhir_server: str | None = None
    aliases: Aliases = field(default_factory=lambda: Aliases(""))
    by_reference: Mapping[str, Entry[Shape]] = field(default_factory=dict)
    full_urls: _FullUrls = field(default_factory=lambda: _FullUrls((), {}))
    pages: Sequence[Opened] = ()
    texts: dict[int, tuple[Raw, ...]] = field(default_factory=dict, repr=False)

    def of(self, shape: type[S]) -> tuple[Entry[S], ...]:
        """The entries of one resource type."""
        found = self.by_type.get(shape.__name__)
        return () if found is None else cast("tuple[Entry[S], ...]", found)

    def resolve(self, text: str | None, source: Entry[Shape]) -> Entry[Shape] | None:
        """The entry that a reference of `source` names: contained, by fullUrl, relative or absolute; or None."""
        if text is None:
            return None
        inside = contained_id(text)
        if inside is not None:
            return _contained(source, inside)
        found = self.full_urls.find(source.key, text)
        if found is not None:
            return found
        named = normal_reference(text, self.fhir_server)
        return None if named is None else self.by_reference.get(named)

    def text_of(self, entry: Entry[Shape]) -> Raw:
        """The JSON text of a resource, as it was sent."""
        return _text_of(entry.text, self.pages, self.texts)


def parse(sources: Sequence[Source], patient_id: str, fhir_server: str | None = None) -> Parsed:
    """Decodes entry by entry.

    Set aside: another patient's, one without subject, one that is not R4 or of no use. The same `Type/id` from
    several keys counts once (the newest by meta, else the first).
    """
    found = _Found(Aliases(patient_id, fhir_server))
    for source in sources:
        found.read(source)
    return found.settle({source.key: source.kinds for source in sources})


def admit(resource: Shape, text: Raw, key: str, aliases: Aliases) -> tuple[Entry[Shape], ...] | None:
    """The entries of a resource of no Bundle; None for one without a name of its own, or that has to be set aside."""
    if not is_id(resource.id):
        return None
    entry = Entry(f"{type(resource).__name__}/{resource.id}", resource, text, key)
    if why_not_this_patient(entry, aliases) is not None:
        return None
    return _with_contained(entry)


def parse_admitted(entries: list[Entry[Shape]], aliases: Aliases) -> Parsed:
    """The same as `parse` of what was admitted one by one."""
    return _Found(aliases, entries).settle({})


class _Head(Struct, frozen=True, gc=False, rename="camel"):
    """What is looked at where a resource cannot be decoded as what it says it is."""

    resource_type: str = ""
    id: str | None = None


_HEAD: Final = Decoder(_Head)


@dataclasses.dataclass(slots=True)
class _Found:
    """What one run of `parse` gathers."""

    aliases: Aliases
    entries: list[Entry[Shape]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    undecoded: list[Undecoded] = field(default_factory=list)
    pages: list[Opened] = field(default_factory=list)

    def read(self, source: Source) -> None:
        """Decodes what one key brought; then, knowing how its Bundle names the patient, checks the subjects."""
        self.pages += source.pages
        decoded = list(self._decode(source.key, source.entries, 0))
        for entry in decoded:
            if isinstance(entry.resource, Patient):
                self.aliases.add(entry.key, entry.resource, entry.full_url)
        for entry in decoded:
            self._admit(entry)

    def _decode(self, key: str, entries: Sequence[BundleEntry], depth: int) -> Iterator[Entry[Shape]]:
        for number, one in enumerate(entries):
            text: Raw | DecodedEntry
            resource: Shape
            if isinstance(one, DecodedEntry):
                resource, text = one.shape, one
            else:
                try:
                    resource, text = one.shape or decode_shape(one.resource), one.resource
                except (MsgspecError, RecursionError, ValueError) as error:
                    yield from self._explain(key, number, one, error, depth)
                    continue
            own_id = resource.id
            reference = f"{type(resource).__name__}/{own_id}" if is_id(own_id) else f"{key}[{number}]"
            yield Entry(reference, resource, text, key, one.full_url)

    def _explain(
        self, key: str, number: int, raw: RawEntry, error: Exception, depth: int
    ) -> Iterator[Entry[Shape]]:
        """Why it could not be decoded; a Bundle inside a Bundle is opened, a type that nobody reads passed over."""
        where = f"{key}[{number}]"
        try:
            head = _HEAD.decode(raw.resource)
        except (MsgspecError, RecursionError, ValueError):
            self._set_aside(Undecoded(where, "", "not readable as a FHIR resource", raw.resource, key))
            return
        if head.resource_type == "Bundle" and depth < _DEEPEST_BUNDLE:
            try:
                inner = open_bundle(raw.resource)
            except ValueError:
                self.rejected.append(Rejected(where, "a Bundle that cannot be opened"))
                return
            self.pages.append(inner)
            yield from self._decode(where, inner.entries, depth + 1)
            return
        known = head.resource_type in _NAMES
        if is_id(head.id) and (known or head.resource_type in EARLIER_REQUESTS):
            where = f"{head.resource_type}/{head.id}"
        if known or not head.resource_type:
            self._set_aside(Undecoded(where, head.resource_type, _reason(error), raw.resource, key))
        elif head.resource_type in EARLIER_REQUESTS:
            self._set_aside(Undecoded(where, head.resource_type, EARLIER, raw.resource, key))

    def _set_aside(self, one: Undecoded) -> None:
        self.undecoded.append(one)
        self.rejected.append(Rejected(one.reference, one.reason))

    def _admit(self, entry: Entry[Shape]) -> None:
        wrong = why_not_this_patient(entry, self.aliases)
        if wrong is None:
            self.entries += _with_contained(entry)
        elif wrong.is_unknown:
            name = type(entry.resource).__name__
            text = _text_of(entry.text, self.pages, {})
            self._set_aside(Undecoded(entry.reference, name, wrong.reason, text, entry.key))
        else:
            self.rejected.append(Rejected(entry.reference, wrong.reason))

    def settle(self, kinds: Mapping[str, frozenset[Kind]]) -> Parsed:
        """Each `Type/id` once, by type, with the indexes that resolve references."""
        by_reference = {entry.reference: entry for entry in self.entries}
        newest: dict[_Name, Entry[Shape]] = {}
        entries: Iterable[Entry[Shape]] = self.entries
        if len(by_reference) < len(self.entries):
            newest = _newest(self.entries)
            entries = newest.values()
            by_reference = {name: entry for (name, inside), entry in newest.items() if inside is None}
        by_type: dict[str, list[Entry[Shape]]] = {}
        for entry in entries:
            by_type.setdefault(type(entry.resource).__name__, []).append(entry)
        return Parsed(
            by_type={name: tuple(some) for name, some in by_type.items()},
            rejected=tuple(dict.fromkeys(self.rejected)),
            undecoded=tuple(self.undecoded),
            kinds=kinds,
            fhir_server=self.aliases.fhir_server,
            aliases=self.aliases,
            by_reference=by_reference,
            full_urls=_FullUrls(self.entries, newest),
            pages=self.pages,
        )


def _newest(entries: Iterable[Entry[Shape]]) -> dict[_Name, Entry[Shape]]:
    """Of several versions the newest, else the first, in the place of the first."""
    newest: dict[_Name, Entry[Shape]] = {}
    for entry in entries:
        name = (entry.reference, entry.inside)
        known = newest.setdefault(name, entry)
        if known is not entry and _version(entry) > _version(known):
            newest[name] = entry
    return newest


@dataclasses.dataclass(slots=True)
class _FullUrls:
    """Entries by the fullUrl that their own Bundle gives them; looked up only where a reference asks.

    `newest` are those that count, by name, where any came twice.
    """

    entries: Sequence[Entry[Shape]]
    newest: Mapping[_Name, Entry[Shape]]
    _by_url: dict[tuple[str, str | None], Entry[Shape]] | None = None

    def find(self, key: str, url: str) -> Entry[Shape] | None:
        if self._by_url is None:
            named = (e for e in self.entries if e.full_url)
            self._by_url = {(e.key, e.full_url): self.newest.get((e.reference, e.inside), e) for e in named}
        return self._by_url.get((key, url))


def _text_of(text: Raw | DecodedEntry, pages: Sequence[Opened], known: dict[int, tuple[Raw, ...]]) -> Raw:
    """The text of an entry; those of a page are found together, and kept in `known`."""
    if isinstance(text, Raw):
        return text
    for number, page in enumerate(pages):
        place = page.place_of(text)
        if place is not None:
            if number not in known:
                known[number] = page.read_texts()
            return known[number][place]
    return _NO_TEXT


_NAMES: Final = frozenset(shape.__name__ for shape in Shape.__args__)


def _reason(error: Exception) -> str:
    """In our words: which member is not R4 (names of our own shapes only), never a value."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    member = _MEMBER.search(str(error))
    if member is not None:
        return f"not FHIR R4: {_NUMBER.sub('', member[1]).lstrip('.')}"
    return "not FHIR R4" if isinstance(error, ValidationError) else "not readable JSON"


def _version(entry: Entry[Shape]) -> tuple[int, str]:
    """Rises with the version: the number of the version where it is one, then the time of the last change."""
    meta = entry.resource.meta
    if meta is None:
        return (-1, "")
    number = meta.version_id
    is_number = (
        number is not None and number.isascii() and number.isdigit() and len(number) <= _LONGEST_VERSION
    )
    return (int(number) if number is not None and is_number else -1, meta.last_updated or "")


def _contained(source: Entry[Shape], inside: str) -> Entry[Shape] | None:
    """The resource that `source` carries inside itself under that id."""
    for raw in source.resource.contained:
        try:
            resource = decode_shape(raw)
        except (MsgspecError, RecursionError, ValueError):
            continue
        if resource.id == inside:
            return Entry(source.reference, resource, source.text, source.key, None, inside)
    return None


def _with_contained(entry: Entry[Shape]) -> tuple[Entry[Shape], ...]:
    """What is admitted with a resource: the results that it carries inside itself."""
    return (entry, *_contained_observations(entry)) if entry.resource.contained else (entry,)


def _contained_observations(entry: Entry[Shape]) -> Iterator[Entry[Shape]]:
    """Results that a report or a panel carries inside itself, as entries of their own."""
    if not isinstance(entry.resource, DiagnosticReport | Observation):
        return
    for number, raw in enumerate(entry.resource.contained):
        if b"Observation" not in bytes(raw):
            continue
        try:
            resource = decode_shape(raw)
        except (MsgspecError, RecursionError, ValueError):
            continue
        if isinstance(resource, Observation):
            inside = resource.id if is_id(resource.id) else str(number)
            yield Entry(entry.reference, resource, entry.text, entry.key, None, inside)
