"""Reading: from what is recorded to what it means, with the limits in force (rulebook A.1, A.9, B.1 to B.6).

Pure: no clock, no I/O; time is `record.as_of`. Each family has its module. A request without platelets,
findings or tests costs a few comparisons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cards.facts import Bleeding, Infections, PatientFacts, Person, Platelets, Signs, in_use
from cards.facts.pathogens import Pathogens
from cards.reading.bleeding import read_bleeding
from cards.reading.infections import read_infections
from cards.reading.person import read_person
from cards.reading.platelets import read_platelets
from cards.reading.signs import read_signs
from cards.reading.situation import Situation, find_comfort_care, find_refusal, read_situation
from cards.record import Medication, Record
from cards.thresholds import Thresholds

if TYPE_CHECKING:
    from cards.anti_infective.pathogen import Pathogen


def read(record: Record, limits: Thresholds, pathogens: Sequence[Pathogen]) -> PatientFacts:
    """The facts of one patient at `record.as_of`; `pathogens` in the order of section D."""
    return read_all((record,), limits, pathogens)[0]


def read_all(
    records: Sequence[Record], limits: Thresholds, pathogens: Sequence[Pathogen]
) -> list[PatientFacts]:
    """The same of many, in their order.

    Each step is done for all of them before the next one: what it needs is then at hand in the processor, which saves a
    fifth of hundreds (a replay).
    """
    known = pathogens if isinstance(pathogens, Pathogens) else Pathogens(pathogens)
    given_within = limits.span("administered_within")
    drugs = [tuple([m for m in r.medications if in_use(m, r.as_of, given_within)]) for r in records]
    persons = [read_person(r, limits) for r in records]
    bleedings = [read_bleeding(r, person, limits) for r, person in zip(records, persons, strict=True)]
    infections = [
        read_infections(r, person, known, used, limits)
        for r, person, used in zip(records, persons, drugs, strict=True)
    ]
    situations = [
        read_situation(r, bleeding, found, used, limits)
        for r, bleeding, found, used in zip(records, bleedings, infections, drugs, strict=True)
    ]
    platelets = [
        read_platelets(r, situation, bleeding, neonate=person.is_neonate, limits=limits)
        for r, situation, bleeding, person in zip(records, situations, bleedings, persons, strict=True)
    ]
    signs = [read_signs(*one, limits) for one in zip(records, persons, drugs, strict=True)]
    read_parts = zip(
        records, persons, drugs, bleedings, infections, situations, platelets, signs, strict=True
    )
    return [_facts(known, *parts) for parts in read_parts]


def _facts(
    known: Pathogens,
    record: Record,
    person: Person,
    drugs: tuple[Medication, ...],
    bleeding: Bleeding,
    infections: Infections,
    situation: Situation,
    platelets: Platelets,
    signs: Signs,
) -> PatientFacts:
    return PatientFacts(
        as_of=record.as_of,
        hook=record.hook,
        person=person,
        platelets=platelets,
        bleeding=bleeding,
        infections=infections,
        signs=signs,
        record=record,
        stay=record.stay,
        comfort_care=find_comfort_care(record),
        blood_refused=find_refusal(record),
        sepsis_recorded=situation.sepsis,
        dengue_current=situation.dengue,
        medications_in_use=drugs,
        pathogens=known.by_id,
    )
