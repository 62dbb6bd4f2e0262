"""Reading: from what is recorded to what it means, with the limits in force (rulebook A.1, A.9, B.1 to B.6).

Pure: no clock, no I/O; time is `record.as_of`. Each family has its module. A request without platelets,
findings or tests costs a few comparisons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cards.facts import PatientFacts, in_use
from cards.facts.pathogens import Pathogens
from cards.reading.bleeding import read_bleeding
from cards.reading.infections import read_infections
from cards.reading.person import read_person
from cards.reading.platelets import read_platelets
from cards.reading.signs import read_signs
from cards.reading.situation import find_comfort_care, find_refusal, read_situation
from cards.record import Record
from cards.thresholds import Thresholds

if TYPE_CHECKING:
    from cards.anti_infective.pathogen import Pathogen


def read(record: Record, limits: Thresholds, pathogens: Sequence[Pathogen]) -> PatientFacts:
    """The facts of one patient at `record.as_of`; `pathogens` in the order of section D."""
    given_within = limits.span("administered_within")
    drugs = tuple([m for m in record.medications if in_use(m, record.as_of, given_within)])
    person = read_person(record, limits)
    bleeding = read_bleeding(record, person, limits)
    known = pathogens if isinstance(pathogens, Pathogens) else Pathogens(pathogens)
    infections = read_infections(record, person, known, drugs, limits)
    situation = read_situation(record, bleeding, infections, drugs, limits)
    return PatientFacts(
        as_of=record.as_of,
        hook=record.hook,
        person=person,
        platelets=read_platelets(record, situation, bleeding, neonate=person.is_neonate, limits=limits),
        bleeding=bleeding,
        infections=infections,
        signs=read_signs(record, person, drugs, limits),
        record=record,
        stay=record.stay,
        comfort_care=find_comfort_care(record),
        blood_refused=find_refusal(record),
        sepsis_recorded=situation.sepsis,
        dengue_current=situation.dengue,
        medications_in_use=drugs,
        pathogens=known.by_id,
    )
