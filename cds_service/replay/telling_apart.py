"""Observations that are measurements and nothing else, told apart from the rest.

The readers of a live call decide which they are: an Observation of which any of them makes more than a measurement, or
reports anything, is read as ever at each moment. What they said of one Observation holds for all that are alike
(`lines`); the value is checked for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Raw

from cds_service.content import Content
from cds_service.facts.findings_observed import read_findings_observed, read_pregnancy
from cds_service.facts.measurements import read_measurements
from cds_service.facts.observed import look_at
from cds_service.facts.platelets import read_platelets
from cds_service.facts.results import read_results
from cds_service.fhir.entries import Entry
from cds_service.fhir.references import is_id
from cds_service.fhir.shapes import Observation, Shape
from cds_service.replay.alike_memory import REMEMBERED, memory_of
from cds_service.replay.known import micros
from cds_service.replay.measured import OBSERVATION, Group, Knowledge, PlacedHeld, by_reference, reading_of
from cds_service.replay.patient_pieces import HeldPiece, LinesOfPatient, PlacedLine

_VOID: Final = "entered-in-error"


def must_be_read(held: Sequence[PlacedHeld], told: Sequence[PlacedLine]) -> Sequence[PlacedLine]:
    """Those that cannot be told apart for what else there is of the patient.

    Of two with one id a version has to be chosen; and where one has no id, all are known by their numbers.
    """
    own = [one.id for _, one in held if one.kind == OBSERVATION]
    if not all(map(is_id, own)):
        return told
    ids = [*own, *(line.id for _, line in told)]
    again = {name for name, many in Counter(ids).items() if many > 1} if len(set(ids)) < len(ids) else ()
    return [one for one in told if one[1].id in again] if again else ()


def sort_out(
    patient_id: str,
    held: Sequence[PlacedHeld],
    told: Iterable[HeldPiece],
    lines: LinesOfPatient,
    content: Content,
    later: Sequence[PlacedHeld] = (),
) -> Knowledge:
    """Measurements apart from the rest: those told apart by what is remembered, and those of `held` that are such.

    What came `later` than the last moment is only remembered, so that its like need not be read again.
    """
    sets = memory_of(content).sets
    groups: dict[int, Group] = {}
    for piece in told:
        for alike, first in piece.first.items():
            group = groups.get(alike)
            if group is None:
                groups[alike] = Group(sets[alike], first, alike, [piece])
            else:
                group.pieces.append(piece)
                group.first = min(group.first, first)
    more = list(_told_of_held(patient_id, held, lines, content))
    for _ in _told_of_held(patient_id, later, lines, content) if later else ():
        pass
    taken = {position for group in more for position, _ in group.read}
    return Knowledge(tuple(one for one in held if one[0] not in taken), (*groups.values(), *more), content)


def _told_of_held(
    patient_id: str, held: Sequence[PlacedHeld], lines: LinesOfPatient, content: Content
) -> Iterator[Group]:
    """Measurements of which no like was known; from now on it is."""
    memory = memory_of(content)
    ids = [one.id for _, one in held if one.kind == OBSERVATION]
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
        if not line.known or line.same not in memory.others:
            unsure[one.reference] = position, one
            entries.append(Entry(one.reference, shape, Raw(one.raw), OBSERVATION))
    known_from = {reference: one.known for reference, (_, one) in unsure.items() if one.known}
    found = _only_measured(entries, known_from, patient_id, content) if entries else {}
    for reference, (position, one) in unsure.items():
        line, sets = lines[position], found.get(reference)
        if sets is None:
            if line.known and len(memory.others) < REMEMBERED:
                memory.others.add(line.same)
            continue
        if line.known and len(memory.sets) < REMEMBERED:
            memory.sets[line.alike] = sets
        known = micros(one.known) if one.known is not None else 0
        placed = position, msgspec.structs.replace(line, id=one.id, known=known)
        yield Group(sets, known, read=[placed])


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
    entries: Sequence[Entry[Shape]], known: Mapping[str, datetime], patient_id: str, content: Content
) -> dict[str, frozenset[str]]:
    """By reference, the sets of those of which no reader makes anything but measurements, or reports anything.

    Whether the time of one has come that is dated after it was `known` differs from moment to moment.
    """
    reading = reading_of(entries, patient_id, content)
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
    found = by_reference(read_measurements(seen, reading))
    barred = {*others, *(one.resource for one in reading.problems)}
    return {reference: frozenset(sets) for reference, sets in found.items() if reference not in barred}
