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

from msgspec import UNSET, Raw, UnsetType

from cards.record import Measurement, Record
from cds_service.content import Content
from cds_service.facts.context import Reading
from cds_service.facts.findings_observed import read_findings_observed, read_pregnancy
from cds_service.facts.measurements import read_measurements, read_value
from cds_service.facts.observed import look_at
from cds_service.facts.platelets import read_platelets
from cds_service.facts.results import read_results
from cds_service.fhir.dates import is_exact_time
from cds_service.fhir.entries import Entry
from cds_service.fhir.parse import Parsed
from cds_service.fhir.references import is_id
from cds_service.fhir.shapes import Observation, Shape
from cds_service.replay.held import Held

_KEY: Final = "Observation"
_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_VOID: Final = "entered-in-error"
_LONGEST: Final = 512  # bytes of a member that is remembered
_REMEMBERED: Final = 16384

Measurements = Mapping[str, tuple[Measurement, ...]]
"""By value set."""
_Placed = tuple[int, Measurement]
"""A measurement with the place of its line."""

_sets_of_likes: Final[dict[tuple[Any, ...], frozenset[str]]] = {}
"""What an Observation is like (content, code, unit, ...) -> the value sets of its measurements, where it is no more."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One Observation of which nothing but its measurements is read. `position` is its place among all that is held."""

    position: int
    known: datetime
    entry: Entry[Shape]
    sets: frozenset[str]


@dataclass(slots=True)
class Knowledge:
    """What is held of a patient: `rest` is read anew at each moment, with its place among all that is held."""

    rest: tuple[tuple[int, Held], ...]
    measured: tuple[Measured, ...] = ()
    content: Content | None = None
    _by_set: dict[str, list[Measured]] = field(default_factory=dict)
    _read: dict[str, dict[str, tuple[Measurement, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.measured:
            for set_id in one.sets:
                self._by_set.setdefault(set_id, []).append(one)

    def measured_by(self, at: datetime) -> Visible:
        """The measurements that were known at a moment."""
        return Visible(self, at)

    def sets_at(self, at: datetime) -> set[str]:
        """The value sets of which a measurement was known."""
        return {set_id for set_id, some in self._by_set.items() if any(one.known <= at for one in some)}

    def values_at(self, set_id: str, at: datetime) -> list[_Placed]:
        """The measurements of a set that were known, which are read when the set is first asked for."""
        known = self._by_set.get(set_id, [])
        if known and set_id not in self._read:
            assert self.content is not None
            reading = _reading([one.entry for one in known], "", self.content)
            found = _by_reference(read_measurements(look_at(reading)[0], reading))
            self._read[set_id] = {reference: sets[set_id] for reference, sets in found.items()}
        return [
            (one.position, value)
            for one in known
            if one.known <= at
            for value in self._read[set_id][one.entry.reference]
        ]


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
        own = {one.entry.reference: one.entry for one in self.of.measured if one.known <= self.at}
        return replace(parsed, by_reference=own | dict(parsed.by_reference))

    def place(self, position: int, one: Held) -> None:
        """Tells where a resource that was read as ever stands; of two versions the first."""
        self.places.setdefault(f"{one.kind}/{one.id}", position)

    def add_values(self, record: Record) -> Record:
        """The record with all measurements."""
        return replace(record, measurements=_All(self, record.measurements)) if self.of.measured else record


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
    named = Counter(one.id for one in held if one.kind == _KEY)
    if not all(is_id(name) for name in named):
        return Knowledge(tuple(enumerate(held)))
    own = f"Patient/{patient_id}"
    measured: list[Measured] = []
    unsure: dict[str, tuple[int, datetime, Entry[Shape], tuple[Any, ...] | None]] = {}
    for position, one in enumerate(held):
        shape = one.shape
        if shape is None or one.known is None or named[one.id] != 1 or not _may_be_one(shape, own):
            continue
        entry: Entry[Shape] = Entry(f"{_KEY}/{one.id}", shape, Raw(one.raw), _KEY)
        like = _like(shape, content)
        sets = _sets_of_likes.get(like) if like is not None else None
        if sets is not None and _is_usable(shape, sets, content):
            measured.append(Measured(position, one.known, entry, sets))
        else:
            unsure[entry.reference] = position, one.known, entry, like
    only = _only_measured([entry for _, _, entry, _ in unsure.values()], patient_id, content)
    for reference, sets in only.items():
        position, known, entry, unlike = unsure[reference]
        measured.append(Measured(position, known, entry, sets))
        if unlike is not None and len(_sets_of_likes) < _REMEMBERED:
            _sets_of_likes[unlike] = sets
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


def _like(shape: Observation, content: Content) -> tuple[Any, ...] | None:
    """All that readers look at but value, time and id. None where the time is not exact, or a second value is there."""
    quantity, time, issued = shape.value_quantity, shape.effective_date_time, shape.issued
    if (
        quantity is None
        or time is None
        or not is_exact_time(time)
        or not (issued is None or is_exact_time(issued))
        or shape.value_string is not None
        or shape.value_boolean is not None
        or not shape.value_integer
        is shape.value_range
        is shape.value_ratio
        is shape.value_sampled_data
        is UNSET
    ):
        return None
    written = [_written(shape.written_range), _written(shape.written_interpretation)]
    if any(len(text) > _LONGEST for text in written):
        return None
    unit = quantity.comparator, quantity.unit, quantity.system, quantity.code
    return content.version, shape.code, shape.status, shape.data_absent_reason, *unit, *written


def _written(member: Raw | UnsetType) -> bytes:
    return b"" if isinstance(member, UnsetType) else bytes(member)


def _is_usable(shape: Observation, sets: Iterable[str], content: Content) -> bool:
    """Whether the value is one in each of the sets."""
    quantity = shape.value_quantity
    if quantity is None:
        return False
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
