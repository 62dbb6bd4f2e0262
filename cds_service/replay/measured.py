"""Observations that are measurements and nothing else: told apart from the rest, and read where a rule asks for them.

Most of a record is such. Which they are is decided by the readers of a live call: an Observation of which any of them
makes more than a measurement, or reports anything, is read as ever at each moment. What they said of one Observation
holds for all that are alike (`lines`); the value is checked for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import Final

import msgspec
from msgspec import Raw, Struct
from msgspec.json import Decoder

from cards.record import Measurement, Record
from cds_service.content import Content
from cds_service.facts.context import Reading
from cds_service.facts.findings_observed import read_findings_observed, read_pregnancy
from cds_service.facts.measurements import read_measurements, read_value
from cds_service.facts.observed import look_at
from cds_service.facts.platelets import read_platelets
from cds_service.facts.results import read_results
from cds_service.fhir.entries import Entry
from cds_service.fhir.parse import Parsed
from cds_service.fhir.references import is_id
from cds_service.fhir.shapes import Observation, Quantity, Shape
from cds_service.replay.held import Held, RawLine
from cds_service.replay.known import micros

_KEY: Final = "Observation"
# After every moment: what is dated ahead of when it was known is not told apart.
_ANY_TIME: Final = datetime(9000, 1, 1, tzinfo=UTC)
_VOID: Final = "entered-in-error"
_REMEMBERED: Final = 65536
_VALUES: Final = 2048
_OBSERVATION: Final = Decoder(Observation)

Measurements = Mapping[str, tuple[Measurement, ...]]
"""By value set."""
PlacedLine = tuple[int, RawLine]
"""A line with its place among all of the patient."""
PlacedHeld = tuple[int, Held]
_Placed = tuple[int, Measurement]
"""A measurement with the place of its line."""


class _Like(Struct):
    """The value sets of the measurements of all that are alike, and which of their values (as written) can be used."""

    sets: frozenset[str]
    usable: dict[bytes, bool] = msgspec.field(default_factory=dict)


_likes: Final[dict[str, dict[int, _Like]]] = {}
"""By version of the content and by number, of those that are measurements and no more."""
_others: Final[set[tuple[str, int, bytes]]] = set()
"""Version, number and value of those of which one was something else: they need not be asked again."""


class Group(Struct):
    """Measurements of the same value sets, the earliest known since `first` (microseconds since 1970)."""

    sets: frozenset[str]
    lines: list[PlacedLine]
    first: int


def _entry(line: RawLine) -> Entry[Shape]:
    """As the parser would have handed it on."""
    return Entry(f"{_KEY}/{line.id}", _OBSERVATION.decode(line.raw), Raw(line.raw), _KEY)


@dataclass(slots=True)
class Knowledge:
    """What is held of a patient: `rest` is read anew at each moment, with its place among all lines."""

    rest: tuple[PlacedHeld, ...]
    groups: Sequence[Group] = ()
    content: Content | None = None
    _by_set: dict[str, list[Group]] = field(default_factory=dict)
    _read: dict[str, list[tuple[int, _Placed]]] = field(default_factory=dict)
    _by_reference: dict[str, RawLine] | None = None

    def __post_init__(self) -> None:
        for group in self.groups:
            for set_id in group.sets:
                self._by_set.setdefault(set_id, []).append(group)

    @property
    def measured(self) -> list[PlacedLine]:
        """All measurements in the order of the lines."""
        return sorted((placed for group in self.groups for placed in group.lines), key=_place)

    def measured_by(self, at: datetime) -> Visible:
        """The measurements that were known at a moment."""
        return Visible(self, micros(at))

    def find(self, reference: str) -> RawLine | None:
        """The measurement that a reference leads to."""
        if self._by_reference is None:
            self._by_reference = {f"{_KEY}/{line.id}": line for _, line in self.measured}
        return self._by_reference.get(reference)

    def sets_at(self, at: int) -> set[str]:
        """The value sets of which a measurement was known."""
        return {set_id for group in self.groups if group.first <= at for set_id in group.sets}

    def values_at(self, set_id: str, at: int) -> list[_Placed]:
        """The measurements of a set that were known, which are read when the set is first asked for."""
        if set_id not in self._read:
            self._read[set_id] = list(self._read_set(set_id))
        return [placed for known, placed in self._read[set_id] if known <= at]

    def _read_set(self, set_id: str) -> Iterator[tuple[int, _Placed]]:
        own = sorted((one for group in self._by_set.get(set_id, ()) for one in group.lines), key=_place)
        if not own:
            return
        assert self.content is not None
        entries = [_entry(line) for _, line in own]
        reading = _reading(entries, "", self.content)
        found = _by_reference(read_measurements(look_at(reading)[0], reading))
        for (position, line), entry in zip(own, entries, strict=True):
            for value in found[entry.reference][set_id]:
                yield line.known, (position, value)


@dataclass(frozen=True, slots=True)
class Visible:
    """What was known at a moment of the measurements, to be added to what was read of the rest."""

    of: Knowledge
    at: int
    places: dict[str, int] = field(default_factory=dict)

    def add_entries(self, parsed: Parsed) -> Parsed:
        """References lead to them, and what a card rests on is validated."""
        if not self.of.groups:
            return parsed
        return replace(parsed, by_reference=_Entries(self, parsed.by_reference))

    def place(self, position: int, one: Held) -> None:
        """Tells where a resource that was read as ever stands; of two versions the first."""
        self.places.setdefault(one.reference, position)

    def add_values(self, record: Record) -> Record:
        """The record with all measurements."""
        return replace(record, measurements=_All(self, record.measurements)) if self.of.groups else record


class _Entries(Mapping[str, Entry[Shape]]):
    """What references lead to: the rest, and the measurements, of which hardly any is ever asked for."""

    def __init__(self, visible: Visible, rest: Mapping[str, Entry[Shape]]) -> None:
        self._visible, self._rest = visible, rest

    def __getitem__(self, reference: str) -> Entry[Shape]:
        found = self._rest.get(reference)
        if found is not None:
            return found
        line = self._visible.of.find(reference)
        if line is None or line.known > self._visible.at:
            raise KeyError(reference)
        return _entry(line)

    def __iter__(self) -> Iterator[str]:
        at = self._visible.at
        yield from (f"{_KEY}/{line.id}" for _, line in self._visible.of.measured if line.known <= at)
        yield from self._rest

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _All(Mapping[str, tuple[Measurement, ...]]):
    """The measurements of the rest and those that were told apart, in the order of the lines."""

    def __init__(self, visible: Visible, read: Measurements) -> None:
        self._visible, self._rest = visible, read
        self._names = visible.of.sets_at(visible.at) | read.keys()

    def _placed(self, set_id: str) -> list[_Placed]:
        visible = self._visible
        own = visible.of.values_at(set_id, visible.at)
        rest = [(visible.places.get(one.reference, -1), one) for one in self._rest.get(set_id, ())]
        return sorted(rest + own, key=_place) if rest else own

    def __getitem__(self, set_id: str) -> tuple[Measurement, ...]:
        if set_id not in self._names:
            raise KeyError(set_id)
        return tuple(one for _, one in self._placed(set_id))

    def __contains__(self, set_id: object) -> bool:
        return set_id in self._names

    def keys(self) -> KeysView[str]:
        """In no order, for that would read them all."""
        return dict.fromkeys(self._names).keys()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names, key=lambda set_id: (self._placed(set_id)[0][0], set_id)))

    def __len__(self) -> int:
        return len(self._names)


_place = itemgetter(0)


# ------------------------------------------------------------------------------------------------ telling apart


def tell_apart(lines: Sequence[RawLine], contents: Iterable[Content]) -> list[PlacedLine]:
    """The lines that are surely measurements and nothing else, by what is remembered of those that they are like."""
    told: Iterable[PlacedLine] = enumerate(lines)
    for content in contents:
        likes = _likes.setdefault(content.version, {})
        told = [
            (position, line)
            for position, line in told
            if line.known
            and (like := likes.get(line.alike)) is not None
            and (
                (usable := like.usable.get(line.value))
                or (usable is None and _is_usable(line, like, content))
            )
        ]
    return list(told)


def _is_usable(line: RawLine, like: _Like, content: Content) -> bool:
    """Whether the value is one in each of the sets; the same values come again and again."""
    quantity = _OBSERVATION.decode(line.raw).value_quantity
    usable = quantity is not None and _is_value(like.sets, quantity, content)
    if len(like.usable) < _VALUES:
        like.usable[line.value] = usable
    return usable


def must_be_read(held: Sequence[PlacedHeld], told: Sequence[PlacedLine]) -> Sequence[PlacedLine]:
    """Those that cannot be told apart for what else there is of the patient.

    Of two with one id a version has to be chosen; and where one has no id, all are known by their numbers.
    """
    own = [one.id for _, one in held if one.kind == _KEY]
    if not all(map(is_id, own)):
        return told
    ids = [*own, *(line.id for _, line in told)]
    again = {name for name, many in Counter(ids).items() if many > 1} if len(set(ids)) < len(ids) else ()
    return [one for one in told if one[1].id in again] if again else ()


def sort_out(
    patient_id: str,
    held: Sequence[PlacedHeld],
    told: Sequence[PlacedLine],
    lines: Sequence[RawLine],
    content: Content,
) -> Knowledge:
    """Measurements apart from the rest: those told apart by what is remembered, and those of `held` that are such."""
    likes = _likes.setdefault(content.version, {})
    groups: dict[int, Group] = {}
    for placed in told:
        line = placed[1]
        group = groups.get(line.alike)
        if group is None:
            groups[line.alike] = Group(likes[line.alike].sets, [placed], line.known)
        else:
            group.lines.append(placed)
            group.first = min(group.first, line.known)
    more = list(_told_of_held(patient_id, held, lines, content))
    taken = {position for group in more for position, _ in group.lines}
    return Knowledge(tuple(one for one in held if one[0] not in taken), (*groups.values(), *more), content)


def _told_of_held(
    patient_id: str, held: Sequence[PlacedHeld], lines: Sequence[RawLine], content: Content
) -> Iterator[Group]:
    """Measurements of which no like was known; from now on it is."""
    ids = [one.id for _, one in held if one.kind == _KEY]
    if not all(map(is_id, ids)):
        return
    many = Counter(ids)
    own = f"Patient/{patient_id}"
    unsure: dict[str, PlacedHeld] = {}
    entries: list[Entry[Shape]] = []
    for position, one in held:
        shape = one.shape
        if (
            shape is None
            or one.known is None
            or one.is_count
            or many[one.id] > 1
            or not _may_be_one(shape, own)
        ):
            continue
        line = lines[position]
        if not line.known or (content.version, line.alike, line.value) not in _others:
            unsure[one.reference] = position, one
            entries.append(Entry(one.reference, shape, Raw(one.raw), _KEY))
    likes = _likes[content.version]
    known_from = {reference: one.known for reference, (_, one) in unsure.items() if one.known}
    found = _only_measured(entries, known_from, patient_id, content) if entries else {}
    for reference, (position, one) in unsure.items():
        line, sets = lines[position], found.get(reference)
        if sets is None:
            if line.known and len(_others) < _REMEMBERED:
                _others.add((content.version, line.alike, line.value))
            continue
        if line.known and len(likes) < _REMEMBERED:
            likes[line.alike] = _Like(sets)
        known = micros(one.known) if one.known is not None else 0
        yield Group(sets, [(position, msgspec.structs.replace(line, id=one.id, known=known))], known)


def _may_be_one(shape: Observation, own: str) -> bool:
    """One value of one thing at one time, of the patient, standing by itself."""
    subject = shape.subject
    return (
        shape.value_quantity is not None
        and subject is not None
        and subject.reference == own
        and shape.status != _VOID
        and not (shape.focus or shape.contained or shape.component or shape.has_member)
        and shape.value_codeable_concept is None
    )


def _is_value(sets: Iterable[str], quantity: Quantity, content: Content) -> bool:
    try:
        for set_id in sets:
            read_value(set_id, quantity, content.limits)
    except ValueError:
        return False
    return True


def _only_measured(
    entries: Sequence[Entry[Shape]], known: Mapping[str, datetime], patient_id: str, content: Content
) -> dict[str, frozenset[str]]:
    """By reference, the sets of those of which no reader makes anything but measurements, or reports anything.

    Whether the time of one has come that is dated after it was `known` differs from moment to moment.
    """
    reading = _reading(entries, patient_id, content)
    seen, _ = look_at(reading)
    platelets, unread = read_platelets(seen, reading)
    others = (
        *(one.reference for one in platelets),
        *(one.reference for one in unread),
        *(one.reference for one in read_findings_observed(seen, reading)),
        *(one.reference for one in read_pregnancy(seen, reading)),
        *(one.reference for one in read_results(seen, reading)),
        *(one.reference for one in seen if one.time is None or one.time.earliest > known[one.reference]),
    )
    found = _by_reference(read_measurements(seen, reading))
    barred = {*others, *(one.resource for one in reading.problems)}
    return {reference: frozenset(sets) for reference, sets in found.items() if reference not in barred}


def _reading(entries: Sequence[Entry[Shape]], patient_id: str, content: Content) -> Reading:
    parsed = Parsed(by_type={_KEY: tuple(entries)}) if entries else Parsed()
    return Reading(parsed, content.terminology, _ANY_TIME, "", patient_id, content.limits)


def _by_reference(measurements: Measurements) -> dict[str, dict[str, tuple[Measurement, ...]]]:
    found: dict[str, dict[str, tuple[Measurement, ...]]] = {}
    for set_id, values in measurements.items():
        for one in values:
            sets = found.setdefault(one.reference, {})
            sets[set_id] = (*sets.get(set_id, ()), one)
    return found
