"""Who a patient is for the report: sex, age band at the moment, recorded ancestry, unit of the stay. No identity."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from cards.frozen import dataclass
from cds_service.replay.held import Held, codings
from cds_service.replay.known import Json, moment

UNKNOWN: Final = "not recorded"
AGE_BANDS: Final = ((18, "0-17"), (40, "18-39"), (65, "40-64"), (80, "65-79"), (200, "80 and over"))
RACE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
SEXES: Final = frozenset({"female", "male", "other", "unknown"})
CATEGORIES: Final = {
    "1002-5": "American Indian or Alaska Native",
    "2028-9": "Asian",
    "2054-5": "Black or African American",
    "2076-8": "Native Hawaiian or Other Pacific Islander",
    "2106-3": "White",
}
"""The categories of US Core; other records of ancestry are counted together."""
_HASH_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class Stay:
    """One encounter: its number of the patient, from when to when, and the unit by the name that the record has."""

    number: int
    start: datetime
    end: datetime | None
    unit: str


def hash_of(patient: str, key: bytes) -> str:
    """The patient's name in every table: 20 hexadecimal digits that only the holder of the key can recompute."""
    return hashlib.blake2b(patient.encode(), key=key, digest_size=_HASH_BYTES).hexdigest()


@dataclass(frozen=True, slots=True)
class Who:
    """What of a person does not change."""

    sex: str
    ancestry: str
    born: datetime | None

    def at(self, at: datetime) -> tuple[str, str, str]:
        """The columns at a moment: sex, age band and recorded ancestry."""
        return self.sex, _age_band(self.born, at), self.ancestry


def who(patient: Json) -> Who:
    """A Patient, as far as the tables tell of it."""
    sex = patient.get("gender")
    known = sex if isinstance(sex, str) and sex in SEXES else UNKNOWN
    return Who(known, _ancestry(patient), moment(patient, "birthDate"))


def _age_band(born: datetime | None, at: datetime) -> str:
    if born is None or born > at:
        return UNKNOWN
    years = at.year - born.year - ((at.month, at.day) < (born.month, born.day))
    return next(name for below, name in AGE_BANDS if years < below or below == AGE_BANDS[-1][0])


def _ancestry(patient: Json) -> str:
    found = [code for one in _listed(patient, "extension") if one.get("url") == RACE for code in _codes(one)]
    known = {CATEGORIES[code] for code in found if code in CATEGORIES}
    if len(known) > 1:
        return "several"
    return next(iter(known), "other" if found else UNKNOWN)


def _codes(race: Json) -> Iterable[str]:
    for part in _listed(race, "extension"):
        yield from (code for _, code in codings({"coding": [part.get("valueCoding")]}))


def _listed(resource: Json, name: str) -> list[Json]:
    some: Any = resource.get(name)
    return [one for one in some if isinstance(one, dict)] if isinstance(some, list) else []


def stays_of(held: Iterable[Held]) -> tuple[Stay, ...]:
    """The encounters with a start, in the order of time."""
    found = [
        one
        for one in held
        if one.kind == "Encounter"
        and one.known is not None
        and one.status not in ("planned", "cancelled", "entered-in-error")
    ]
    found.sort(key=lambda one: (one.known, str(one.id)))
    return tuple(
        Stay(number, one.known, moment(one.resource, "period.end"), _unit(one.resource))
        for number, one in enumerate(found)
        if one.known is not None
    )


def _unit(encounter: Json) -> str:
    """The name of the last place, else the class."""
    places = [one.get("location") for one in _listed(encounter, "location")]
    names = [one.get("display") for one in places if isinstance(one, dict)]
    of_class = encounter.get("class")
    if not names and isinstance(of_class, dict):
        names = [of_class.get("display") or of_class.get("code")]
    named = [name for name in names if isinstance(name, str) and name]
    return named[-1] if named else UNKNOWN


def stay_at(stays: Iterable[Stay], at: datetime) -> Stay | None:
    """The stay that has begun last and is not over at the moment."""
    present = [one for one in stays if one.start <= at and (one.end is None or at <= one.end)]
    return present[-1] if present else None
