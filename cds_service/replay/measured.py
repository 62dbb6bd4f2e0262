"""Observations that are measurements and nothing else: read once for a patient, not again at each of the moments.

Most of a record is such. What they add to the record of a moment is decided by the readers of a live call, asked once;
an Observation of which any of them makes more than a measurement, or reports anything, is read as ever at each moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from msgspec import Raw

from cards.record import Measurement, Record
from cds_service.content import Content
from cds_service.facts.context import Reading
from cds_service.facts.findings_observed import read_findings_observed, read_pregnancy
from cds_service.facts.measurements import read_measurements
from cds_service.facts.observed import look_at
from cds_service.facts.platelets import read_platelets
from cds_service.facts.results import read_results
from cds_service.fhir.entries import Entry
from cds_service.fhir.parse import Parsed
from cds_service.fhir.references import is_id
from cds_service.fhir.shapes import Observation, Shape
from cds_service.replay.held import Held

_KEY: Final = "Observation"
_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_VOID: Final = "entered-in-error"

_Placed = tuple[int, datetime, Measurement]
"""A measurement with the place of its line, and since when it was known."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One Observation of which nothing but its measurements is read. `position` is its place among all that is held."""

    position: int
    known: datetime
    entry: Entry[Shape]
    values: Mapping[str, tuple[Measurement, ...]]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is held of a patient: `rest` is read anew at each moment, with its place among all that is held."""

    rest: tuple[tuple[int, Held], ...]
    measured: tuple[Measured, ...] = ()
    by_set: Mapping[str, tuple[_Placed, ...]] = field(default_factory=dict)

    def measured_by(self, at: datetime) -> Visible:
        """The measurements that were known at a moment."""
        return Visible(self, at)


@dataclass(frozen=True, slots=True)
class Visible:
    """What was known at a moment of the measurements, to be added to what was read of the rest."""

    of: Knowledge
    at: datetime
    _places: dict[str, int] = field(default_factory=dict)

    def add_entries(self, parsed: Parsed) -> Parsed:
        """References lead to them, and what a card rests on is validated."""
        if not self.of.measured:
            return parsed
        own = {one.entry.reference: one.entry for one in self.of.measured if one.known <= self.at}
        return replace(parsed, by_reference=own | dict(parsed.by_reference))

    def place(self, position: int, one: Held) -> None:
        """Tells where a resource that was read as ever stands; of two versions the first."""
        self._places.setdefault(f"{one.kind}/{one.id}", position)

    def add_values(self, record: Record) -> Record:
        """The record with all measurements, in the order of the lines."""
        if not self.of.measured:
            return record
        at, read = self.at, record.measurements
        found: list[tuple[int, str, tuple[Measurement, ...]]] = []
        for set_id in self.of.by_set.keys() | read.keys():
            own = [one for one in self.of.by_set.get(set_id, ()) if one[1] <= at]
            if set_id in read:
                own += [(self._places.get(value.reference, -1), at, value) for value in read[set_id]]
                own.sort(key=_position)
            if own:
                found.append((own[0][0], set_id, tuple([value for _, _, value in own])))
        return replace(record, measurements={set_id: values for _, set_id, values in sorted(found)})


def _position(placed: _Placed) -> int:
    return placed[0]


def sort_out(patient_id: str, held: Sequence[Held], content: Content) -> Knowledge:
    """Measurements apart from the rest."""
    named = Counter(one.id for one in held if one.kind == _KEY)
    if not all(is_id(name) for name in named):
        return Knowledge(tuple(enumerate(held)))
    own = f"Patient/{patient_id}"
    candidates: dict[str, tuple[int, Held, Entry[Shape]]] = {}
    for position, one in enumerate(held):
        shape = one.shape
        if shape is not None and named[one.id] == 1 and _may_be_one(shape, own):
            reference = f"{_KEY}/{one.id}"
            candidates[reference] = position, one, Entry(reference, shape, Raw(one.raw), _KEY)
    values = _only_measured([entry for _, _, entry in candidates.values()], patient_id, content)
    measured = tuple(
        Measured(position, one.known, entry, values[reference])
        for reference, (position, one, entry) in candidates.items()
        if reference in values and one.known is not None
    )
    taken = {one.position for one in measured}
    by_set: dict[str, list[_Placed]] = {}
    for each in measured:
        for set_id, found in each.values.items():
            by_set.setdefault(set_id, []).extend((each.position, each.known, value) for value in found)
    rest = tuple((n, one) for n, one in enumerate(held) if n not in taken)
    return Knowledge(rest, measured, {set_id: tuple(placed) for set_id, placed in by_set.items()})


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


def _only_measured(
    entries: Sequence[Entry[Shape]], patient_id: str, content: Content
) -> dict[str, Mapping[str, tuple[Measurement, ...]]]:
    """By reference, the measurements of those of which no reader makes or reports anything else."""
    parsed = Parsed(by_type={_KEY: tuple(entries)}) if entries else Parsed()
    reading = Reading(parsed, content.terminology, _ANY_TIME, "", patient_id, content.limits)
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
    return {reference: values for reference, values in found.items() if reference not in barred}


def _by_reference(
    measurements: Mapping[str, Iterable[Measurement]],
) -> dict[str, dict[str, tuple[Measurement, ...]]]:
    found: dict[str, dict[str, tuple[Measurement, ...]]] = {}
    for set_id, one in _each(measurements):
        sets = found.setdefault(one.reference, {})
        sets[set_id] = (*sets.get(set_id, ()), one)
    return found


def _each(measurements: Mapping[str, Iterable[Measurement]]) -> Iterator[tuple[str, Measurement]]:
    for set_id, values in measurements.items():
        yield from ((set_id, one) for one in values)
