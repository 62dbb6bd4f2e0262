"""From decoded FHIR to the record that the rules read: units, status, dates and codes settled, nothing judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cards.frozen import dataclass
from cards.record import Answer, Kind, PersonRecord, Record
from cards.thresholds import Thresholds
from cards.valuesets import Terminology
from cds_service.facts.allergies import read_allergies
from cds_service.facts.conditions import read_conditions
from cds_service.facts.context import Kept, Reading
from cds_service.facts.events import read_events
from cds_service.facts.findings_observed import read_findings_observed, read_pregnancy, voided_by_error
from cds_service.facts.measurements import read_measurements
from cds_service.facts.medications import read_medications
from cds_service.facts.observed import Seen, look_at
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

    `seen` are the Observations as they were read, by `reading`.
    """

    record: Record
    rejected: tuple[Rejected, ...]
    seen: Sequence[Seen]
    reading: Reading

    @property
    def count_codes(self) -> frozenset[tuple[str, str]]:
        """System and code of the new platelet counts, by which a change in the laboratory is noticed."""
        return codes_of_new_counts(self.seen, self.reading)


def settle(
    parsed: Parsed,
    request: HookRequest,
    answers: Mapping[Kind, Answer],
    terminology: Terminology,
    as_of: datetime,
    limits: Thresholds = SHIPPED,
    kept: Kept | None = None,
) -> Settled:
    """Everything that the resources of one request tell. Never raises: what cannot be used is in `rejected`.

    `kept` goes from one moment of a patient to the next.
    """
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
        kept=kept,
    )
    seen, in_error = look_at(reading)
    platelets, unread = read_platelets(seen, reading)
    findings, voided = reading.same(read_conditions)
    findings += read_findings_observed(seen, reading)
    pregnancy = read_pregnancy(seen, reading)
    performed, planned, immunizations = reading.same(read_events)
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
        voided=tuple(sorted({*voided, *voided_by_error(in_error, reading)})) if in_error else voided,
        medications=reading.same(read_medications),
        performed=performed,
        planned=planned,
        allergies=reading.same(read_allergies),
        immunizations=immunizations,
        orders=orders,
        unresolved_selections=unresolved,
        stay=read_stay(reading, context.encounter_id),
        answers=read_answers(answers, reading),
    )
    return Settled(record, tuple(reading.problems), seen, reading)
