"""Observations that are measurements and nothing else: told apart once for a patient, and read where a rule asks.

Most of a record is such. Which they are is decided by the readers of a live call: an Observation of which any of them
makes more than a measurement, or reports anything, is read as ever at each moment. What they said of one Observation
holds for all that differ from it in value, time and id only; the value is checked for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from cards.record import Measurement, Record
from cds_service.content import Content
from cds_service.facts.context import Reading
from cds_service.facts.findings_observed import read_findings_observed, read_pregnancy
from cds_service.facts.measurements import read_measurements, read_value
from cds_service.facts.observed import look_at
from cds_service.facts.platelets import read_platelets
from cds_service.facts.results import read_results
from cds_service.fhir.dates import is_exact_time, read_instant
from cds_service.fhir.entries import Entry
from cds_service.fhir.parse import Parsed
from cds_service.fhir.references import is_id
from cds_service.fhir.shapes import Observation, Quantity, Shape
from cds_service.replay.held import Held

_KEY: Final = "Observation"
_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_VOID: Final = "entered-in-error"
_LONGEST: Final = 512  # bytes of a member that is remembered
_REMEMBERED: Final = 16384
_VALUES: Final = 2048

Measurements = Mapping[str, tuple[Measurement, ...]]
"""By value set."""
_Placed = tuple[int, Measurement]
"""A measurement with the place of its line."""

_Key = tuple[Any, ...]
"""What an Observation is like: content, code, unit, ..."""


class _Like(Struct):
    """The value sets of the measurements of all that are alike, and which of their values (as written) can be used."""

    sets: frozenset[str]
    usable: dict[bytes, bool] = msgspec.field(default_factory=dict)


_likes: Final[dict[_Key, _Like]] = {}
"""Of those that are measurements and no more."""


class Measured(Struct, frozen=True, gc=False):
    """One Observation of which nothing but its measurements is read. `position` is its place among all that is held."""

    position: int
    known: datetime
    held: Held
    sets: frozenset[str]

    @property
    def reference(self) -> str:
        return self.held.reference

    @property
    def entry(self) -> Entry[Shape]:
        """As the parser would have handed it on."""
        return _entry(self.held)


def _entry(held: Held) -> Entry[Shape]:
    assert held.shape is not None
    return Entry(held.reference, held.shape, Raw(held.raw), _KEY)


@dataclass(slots=True)
class Knowledge:
    """What is held of a patient: `rest` is read anew at each moment, with its place among all that is held."""

    rest: tuple[tuple[int, Held], ...]
    measured: tuple[Measured, ...] = ()
    content: Content | None = None
    _by_set: dict[str, list[Measured]] = field(default_factory=dict)
    _read: dict[str, list[tuple[datetime, _Placed]]] = field(default_factory=dict)
    _by_reference: dict[str, Measured] | None = None

    def __post_init__(self) -> None:
        by_set = self._by_set
        for one in self.measured:
            for set_id in one.sets:
                if set_id in by_set:
                    by_set[set_id].append(one)
                else:
                    by_set[set_id] = [one]

    def measured_by(self, at: datetime) -> Visible:
        """The measurements that were known at a moment."""
        return Visible(self, at)

    def find(self, reference: str) -> Measured | None:
        """The measurement that a reference leads to."""
        if self._by_reference is None:
            self._by_reference = {one.reference: one for one in self.measured}
        return self._by_reference.get(reference)

    def sets_at(self, at: datetime) -> set[str]:
        """The value sets of which a measurement was known."""
        return {set_id for set_id, some in self._by_set.items() if any(one.known <= at for one in some)}

    def values_at(self, set_id: str, at: datetime) -> list[_Placed]:
        """The measurements of a set that were known, which are read when the set is first asked for."""
        if set_id not in self._read:
            self._read[set_id] = list(self._read_set(set_id))
        return [placed for known, placed in self._read[set_id] if known <= at]

    def _read_set(self, set_id: str) -> Iterator[tuple[datetime, _Placed]]:
        own = self._by_set.get(set_id)
        if not own:
            return
        assert self.content is not None
        reading = _reading([one.entry for one in own], "", self.content)
        found = _by_reference(read_measurements(look_at(reading)[0], reading))
        for one in own:
            for value in found[one.reference][set_id]:
                yield one.known, (one.position, value)


@dataclass(frozen=True, slots=True)
class Visible:
    """What was known at a moment of the measurements, to be added to what was read of the rest."""

    of: Knowledge
    at: datetime
    places: dict[str, int] = field(default_factory=dict)

    def add_entries(self, parsed: Parsed) -> Parsed:
        """References lead to them, and what a card rests on is validated."""
        if not self.of.measured:
            return parsed
        return replace(parsed, by_reference=_Entries(self, parsed.by_reference))

    def place(self, position: int, one: Held) -> None:
        """Tells where a resource that was read as ever stands; of two versions the first."""
        self.places.setdefault(one.reference, position)

    def add_values(self, record: Record) -> Record:
        """The record with all measurements."""
        return replace(record, measurements=_All(self, record.measurements)) if self.of.measured else record


class _Entries(Mapping[str, Entry[Shape]]):
    """What references lead to: the rest, and the measurements, of which hardly any is ever asked for."""

    def __init__(self, visible: Visible, rest: Mapping[str, Entry[Shape]]) -> None:
        self._visible, self._rest = visible, rest

    def __getitem__(self, reference: str) -> Entry[Shape]:
        found = self._rest.get(reference)
        if found is not None:
            return found
        one = self._visible.of.find(reference)
        if one is None or one.known > self._visible.at:
            raise KeyError(reference)
        return one.entry

    def __iter__(self) -> Iterator[str]:
        visible = self._visible
        yield from (one.reference for one in visible.of.measured if one.known <= visible.at)
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
        return sorted(rest + own, key=_position) if rest else own

    def __getitem__(self, set_id: str) -> tuple[Measurement, ...]:
        if set_id not in self._names:
            raise KeyError(set_id)
        return tuple(one for _, one in self._placed(set_id))

    def __contains__(self, set_id: object) -> bool:
        return set_id in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names, key=lambda set_id: (self._placed(set_id)[0][0], set_id)))

    def __len__(self) -> int:
        return len(self._names)


def _position(placed: _Placed) -> int:
    return placed[0]


# ------------------------------------------------------------------------------------------------ telling apart


def sort_out(patient_id: str, held: Sequence[Held], content: Content) -> Knowledge:
    """Measurements apart from the rest."""
    ids = [one.id for one in held if one.kind == _KEY]
    if not all(map(is_id, ids)):
        return Knowledge(tuple(enumerate(held)))
    again = {name for name, many in Counter(ids).items() if many > 1} if len(set(ids)) < len(ids) else set()
    own = f"Patient/{patient_id}"
    measured: list[Measured] = []
    unsure: dict[str, tuple[int, datetime, Held, _Key | None]] = {}
    for position, one in enumerate(held):
        shape = one.shape
        if shape is None or one.known is None or one.is_count or one.id in again:
            continue
        if not _may_be_one(shape, own):
            continue
        key = _key(shape, content)
        like = _likes.get(key) if key is not None else None
        if like is not None and _is_usable(shape, like, content):
            measured.append(Measured(position, one.known, one, like.sets))
        else:
            unsure[one.reference] = position, one.known, one, key
    only = _only_measured([_entry(one) for _, _, one, _ in unsure.values()], patient_id, content)
    for reference, sets in only.items():
        position, known, one, key = unsure[reference]
        measured.append(Measured(position, known, one, sets))
        if key is not None and len(_likes) < _REMEMBERED:
            _likes[key] = _Like(sets)
    measured.sort(key=lambda one: one.position)
    taken = {one.position for one in measured}
    rest = tuple((n, one) for n, one in enumerate(held) if n not in taken)
    return Knowledge(rest, tuple(measured), content)


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


def _key(shape: Observation, content: Content) -> _Key | None:
    """All that readers look at but value, time and id. None where the time is not exact, or a second value is there."""
    quantity, time, issued = shape.value_quantity, shape.effective_date_time, shape.issued
    if (
        quantity is None
        or time is None
        or not is_exact_time(time)
        or not (issued is None or _is_instant(issued))
        or shape.value_string is not None
        or shape.value_boolean is not None
        or not shape.value_integer
        is shape.value_range
        is shape.value_ratio
        is shape.value_sampled_data
        is UNSET
    ):
        return None
    ranges, flags = shape.written_range, shape.written_interpretation
    written = (
        b"" if isinstance(ranges, UnsetType) else bytes(ranges),
        b"" if isinstance(flags, UnsetType) else bytes(flags),
    )
    if len(written[0]) > _LONGEST or len(written[1]) > _LONGEST:
        return None
    unit = quantity.comparator, quantity.unit, quantity.system, quantity.code
    return content.version, shape.code, shape.status, shape.data_absent_reason, unit, written


def _is_instant(text: str) -> bool:
    """Asked of what has just been read, and is still remembered."""
    try:
        read_instant(text)
    except ValueError:
        return False
    return True


def _is_usable(shape: Observation, like: _Like, content: Content) -> bool:
    """Whether the value is one in each of the sets; the same values come again and again."""
    quantity = shape.value_quantity
    if quantity is None or isinstance(quantity.value, UnsetType):
        return False
    written = bytes(quantity.value)
    usable = like.usable.get(written)
    if usable is None:
        usable = _is_value(like.sets, quantity, content)
        if len(like.usable) < _VALUES:
            like.usable[written] = usable
    return usable


def _is_value(sets: Iterable[str], quantity: Quantity, content: Content) -> bool:
    try:
        for set_id in sets:
            read_value(set_id, quantity, content.limits)
    except ValueError:
        return False
    return True


def _only_measured(
    entries: Sequence[Entry[Shape]], patient_id: str, content: Content
) -> dict[str, frozenset[str]]:
    """By reference, the sets of the measurements of those of which no reader makes or reports anything else."""
    reading = _reading(entries, patient_id, content)
    seen, _ = look_at(reading)
    platelets, unread = read_platelets(seen, reading)
    others = (
        *(one.reference for one in platelets),
        *(one.reference for one in unread),
        *(one.reference for one in read_findings_observed(seen, reading)),
        *(one.reference for one in read_pregnancy(seen, reading)),
        *(one.reference for one in read_results(seen, reading)),
        *(one.reference for one in seen if one.time is None),
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
