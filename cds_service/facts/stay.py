"""The Encounter in progress: how old a count may be depends on it (rulebook A.9, B.3)."""

from __future__ import annotations

from typing import Final

from cards.precedence import DISCHARGE
from cards.record import Stay
from cards.valuesets import normalise_coding
from cds_service.facts.context import Reading
from cds_service.fhir.entries import Entry
from cds_service.fhir.shapes import Coding, Encounter, EncounterLocation, Location, Period

_INPATIENT: Final = "setting-inpatient"
_PRESENT: Final = frozenset({"arrived", "triaged", "in-progress", "onleave"})
_LEFT: Final = frozenset({"completed", "planned", "reserved"})


def read_stay(reading: Reading, encounter_id: str | None = None) -> Stay | None:
    """The stay of `context.encounterId` if it is in progress; else, of those in progress, the most intensive.

    On discharge the stay that ends counts also where it is recorded as finished. None: outpatient limits.
    """
    every, own = reading.of(Encounter), f"Encounter/{encounter_id}"
    present = [
        entry for entry, is_now in zip(every, reading.each(_is_in_progress, every), strict=True) if is_now
    ]
    named = [entry for entry in present if entry.reference == own]
    if reading.hook == DISCHARGE and not named:
        named = [e for e in every if e.reference == own and e.resource.status in (*_PRESENT, "finished")]
    stays = reading.each(_read, named or present)
    return max(stays, key=_weight, default=None)


def _is_in_progress(entry: Entry[Encounter], reading: Reading) -> bool:
    """By its status, and not over by its period."""
    return entry.resource.status in _PRESENT and not _is_over(entry.resource.period, entry, reading)


def _is_over(period: Period | None, entry: Entry[Encounter], reading: Reading) -> bool:
    _, end = reading.ends(period, entry)
    return end is not None and end.latest < reading.as_of


def _weight(stay: Stay) -> tuple[bool, bool, float]:
    since = 0.0 if stay.start is None else stay.start.earliest.timestamp()
    return stay.intensive, stay.inpatient, since


def _read(entry: Entry[Encounter], reading: Reading) -> Stay:
    encounter = entry.resource
    start, _ = reading.ends(encounter.period, entry)
    intensive = _is_intensive(encounter.class_, reading) or any(
        _is_intensive(coding, reading)
        for location in encounter.location
        if location.status not in _LEFT and not _is_over(location.period, entry, reading)
        for coding in _codes_of(location, entry, reading)
    )
    return Stay(entry.reference, _is_inpatient(encounter.class_, reading) or intensive, intensive, start)


def _is_inpatient(coding: Coding | None, reading: Reading) -> bool:
    if coding is None or coding.system is None or coding.code is None:
        return False
    members = reading.terminology.sets_of(coding.system, coding.code)
    return any(member.set_id == _INPATIENT for member in members)


def _is_intensive(coding: Coding | None, reading: Reading) -> bool:
    """By the site's list of class and location codes; there is none that every hospital shares."""
    if coding is None or coding.system is None or coding.code is None:
        return False
    pair = (coding.system, coding.code)
    return pair in reading.intensive_locations or normalise_coding(*pair) in reading.intensive_locations


def _codes_of(location: EncounterLocation, entry: Entry[Encounter], reading: Reading) -> tuple[Coding, ...]:
    """The codes of the place as the Encounter has them, and those of its Location where that is at hand."""
    codes = () if location.physical_type is None else location.physical_type.coding
    if location.location is None or location.location.reference is None:
        return codes
    place = reading.parsed.resolve(location.location.reference, entry)
    if place is None or not isinstance(place.resource, Location):
        return codes
    concepts = (*place.resource.type, place.resource.physical_type)
    return (*codes, *(coding for concept in concepts if concept is not None for coding in concept.coding))
