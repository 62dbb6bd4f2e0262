"""From decoded FHIR to the record that the rules read: units, status, dates and codes settled, nothing judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from cards.frozen import dataclass
from cards.record import Answer, Kind, PersonRecord, Record
from cards.thresholds import Thresholds
from cards.valuesets import Terminology
from cds_service.facts.allergies import read_allergies
from cds_service.facts.conditions import read_conditions
from cds_service.facts.context import Reading
from cds_service.facts.events import read_events
from cds_service.facts.findings_observed import read_findings_observed, read_pregnancy, voided_by_error
from cds_service.facts.measurements import read_measurements
from cds_service.facts.medications import read_medications
from cds_service.facts.observed import look_at
from cds_service.facts.orders import read_orders
from cds_service.facts.person import read_birth, read_person
from cds_service.facts.platelets import codes_of_new_counts, read_platelets
from cds_service.facts.results import read_results
from cds_service.facts.stay import read_stay
from cds_service.facts.undecoded import read_answers, read_undecoded
from cds_service.fhir.entries import Rejected
from cds_service.fhir.parse import Parsed
from cds_service.fhir.shapes import Patient

if TYPE_CHECKING:
    from cds_service.hooks.request import HookRequest

__all__ = ["Settled", "settle"]

SHIPPED = Thresholds()


@dataclass(frozen=True, slots=True)
class Settled:
    """The record, and what of the resources could not be used (beyond what the parser set aside).

    `count_codes`: system and code of the new platelet counts, by which a change in the laboratory is noticed.
    """

    record: Record
    rejected: tuple[Rejected, ...] = ()
    count_codes: frozenset[tuple[str, str]] = frozenset()


def settle(
    parsed: Parsed,
    request: HookRequest,
    answers: Mapping[Kind, Answer],
    terminology: Terminology,
    as_of: datetime,
    limits: Thresholds = SHIPPED,
) -> Settled:
    """Everything that the resources of one request tell. Never raises: what cannot be used is in `rejected`."""
    context = request.context
    patient = next(iter(parsed.of(Patient)), None)  # the parser lets no other pass
    reading = Reading(
        parsed=parsed,
        terminology=terminology,
        as_of=as_of,
        hook=request.hook,
        patient_id=context.patient_id,
        limits=limits,
        birth=read_birth(patient.resource) if patient is not None else None,
    )
    seen, in_error = look_at(reading)
    platelets, unread = read_platelets(seen, reading)
    findings, voided = read_conditions(reading)
    findings += read_findings_observed(seen, reading)
    pregnancy = read_pregnancy(seen, reading)
    performed, planned, immunizations = read_events(reading)
    orders, unresolved = read_orders(context.draft_orders, context.selections, reading, findings)
    record = Record(
        as_of=as_of,
        hook=request.hook,
        person=read_person(reading, patient, pregnancy)
        if patient is not None
        else PersonRecord(f"Patient/{context.patient_id}", pregnancy=pregnancy),
        platelets=platelets,
        unread_platelets=unread + read_undecoded(reading),
        measurements=read_measurements(seen, reading),
        tests=read_results(seen, reading),
        findings=findings,
        voided=tuple(sorted({*voided, *voided_by_error(in_error, reading)})),
        medications=read_medications(reading),
        performed=performed,
        planned=planned,
        allergies=read_allergies(reading),
        immunizations=immunizations,
        orders=orders,
        unresolved_selections=unresolved,
        stay=read_stay(reading, context.encounter_id),
        answers=read_answers(answers, reading),
    )
    return Settled(record, tuple(reading.problems), codes_of_new_counts(seen, reading))
