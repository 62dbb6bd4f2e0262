"""What the cards rest on has to be valid FHIR R4; a resource that is not is set aside, and the decision made again.

Only the resources among the cards' inputs are validated: it costs fifty times a decode. Each round sets aside one
resource at least, so it ends; after some rounds all that is left of the record is validated at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from msgspec import Raw

from cards.decide import Decision
from cards.facts import PatientFacts
from cards.record import Answer, Kind, Measurement, PersonRecord, Record, UnreadPlatelets
from cds_service.errors import Refused
from cds_service.fhir.entries import Rejected
from cds_service.fhir.parse import Parsed
from cds_service.fhir.validate import invalid_reason

KIND_OF: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "Observation": Kind.OBSERVATIONS,
        "Condition": Kind.CONDITIONS,
        "AllergyIntolerance": Kind.ALLERGIES,
        "MedicationRequest": Kind.MEDICATIONS,
        "MedicationStatement": Kind.MEDICATIONS,
        "MedicationAdministration": Kind.MEDICATIONS,
        "Procedure": Kind.PROCEDURES,
        "ServiceRequest": Kind.ORDERS,
        "Immunization": Kind.IMMUNIZATIONS,
        "Encounter": Kind.ENCOUNTERS,
    }
)
"""The list that holds a resource, by its type."""

ROUNDS: Final = 12
MOST: Final = 400

Judge = Callable[[Record], tuple[PatientFacts, Decision]]
WhyInvalid = Callable[[Raw], str | None]


@dataclass(slots=True)
class Validated:
    """A decision that stands, the facts that it was made of, and what was set aside on the way."""

    facts: PatientFacts
    decision: Decision
    rejected: tuple[Rejected, ...] = ()


@dataclass(slots=True)
class _Reasons:
    """Why each resource is invalid, None where it is not; every one is validated once."""

    parsed: Parsed
    most: int
    why_invalid: WhyInvalid
    known: dict[str, str | None] = field(default_factory=dict)

    def invalid(self, references: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for reference in dict.fromkeys(references):
            if reference not in self.known:
                if len(self.known) >= self.most:
                    raise Refused("too-many-deciding", f"expected {self.most} at most")
                entry = self.parsed.by_reference.get(reference)
                self.known[reference] = (
                    None if entry is None else self.why_invalid(self.parsed.text_of(entry))
                )
            reason = self.known[reference]
            if reason is not None:
                found[reference] = reason
        return found


def decide_on_valid(
    record: Record,
    parsed: Parsed,
    judge: Judge,
    most: int = MOST,
    why_invalid: WhyInvalid | None = None,
) -> Validated:
    """Judges the record until every resource that a card rests on is valid. Refused with 413 beyond `most` of them."""
    reasons = _Reasons(parsed, most, why_invalid or invalid_reason)
    rejected: list[Rejected] = []
    facts, decision = judge(record)
    for turn in range(ROUNDS + 1):
        rests_on = _references(decision) if turn < ROUNDS else parsed.by_reference
        known = {one.resource for one in rejected}
        invalid = {name: why for name, why in reasons.invalid(rests_on).items() if name not in known}
        if not invalid:
            break
        rejected += (Rejected(name, why) for name, why in invalid.items())
        record = set_aside(record, invalid)
        facts, decision = judge(record)
    return Validated(facts, decision, tuple(rejected))


def _references(decision: Decision) -> Iterable[str]:
    return (i.reference for card in decision.cards for i in card.inputs if i.reference is not None)


def set_aside(record: Record, invalid: Mapping[str, str]) -> Record:
    """The record without these resources.

    A platelet count among them stays known as one that could not be read; a list that lost another one is no longer
    known to hold all: an invalid nosebleed or allergy is not none.
    """
    return replace(
        record,
        person=_person(record.person, invalid),
        platelets=tuple(one for one in record.platelets if one.reference not in invalid),
        unread_platelets=(
            *record.unread_platelets,
            *(
                UnreadPlatelets(one.reference, invalid[one.reference], one.time, one.issued)
                for one in record.platelets
                if one.reference in invalid
            ),
        ),
        measurements=_measurements(record.measurements, invalid),
        tests=tuple(one for one in record.tests if one.reference not in invalid),
        findings=tuple(one for one in record.findings if one.reference not in invalid),
        medications=tuple(one for one in record.medications if one.reference not in invalid),
        performed=tuple(one for one in record.performed if one.reference not in invalid),
        planned=tuple(one for one in record.planned if one.reference not in invalid),
        allergies=tuple(one for one in record.allergies if one.reference not in invalid),
        immunizations=tuple(one for one in record.immunizations if one.reference not in invalid),
        stay=None if record.stay is not None and record.stay.reference in invalid else record.stay,
        answers=_answers(record, invalid),
    )


def _answers(record: Record, invalid: Mapping[str, str]) -> Mapping[Kind, Answer]:
    lost = invalid.keys() - {one.reference for one in record.platelets}
    kinds = {KIND_OF.get(reference.partition("/")[0]) for reference in lost}
    return {kind: Answer.FAILED if kind in kinds else answer for kind, answer in record.answers.items()}


def _person(person: PersonRecord, invalid: Mapping[str, str]) -> PersonRecord:
    """Of an invalid Patient nothing is known but who it is; pregnancy comes from other resources."""
    pregnancy = tuple(one for one in person.pregnancy if one.reference not in invalid)
    if person.reference in invalid:
        return PersonRecord(person.reference, pregnancy=pregnancy)
    return replace(person, pregnancy=pregnancy)


def _measurements(
    measurements: Mapping[str, tuple[Measurement, ...]], invalid: Mapping[str, str]
) -> Mapping[str, tuple[Measurement, ...]]:
    kept = {
        name: tuple(one for one in some if one.reference not in invalid)
        for name, some in measurements.items()
    }
    return {name: some for name, some in kept.items() if some}
