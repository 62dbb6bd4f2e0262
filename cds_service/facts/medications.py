"""Drugs that are or were in use: requests, statements, administrations (rulebook A.1, contract section 2).

A drug is known by its codes: of the request, of a contained or referenced Medication, of its ingredients. A drug in no
value set stays in the record without a meaning, and is reported: its name is never read.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from msgspec import UNSET

from cards.anticoagulant_dose import ANTICOAGULANTS
from cards.frozen import dataclass
from cards.months import add_months
from cards.record import Medication as Drug
from cards.record import MedicationSource, Moment
from cards.valuesets import Terminology, is_mapped, normalise_coding
from cds_service.facts.codes import Pairs, by_pairs, coding_pairs, members_of
from cds_service.facts.context import Reading
from cds_service.facts.courses import Span, dosage_span, in_order, route_of
from cds_service.facts.draft_dosage import DraftDosage, in_mg, read_dosage
from cds_service.facts.lenient import decode_draft, object_of
from cds_service.fhir.entries import Entry
from cds_service.fhir.references import contained_id
from cds_service.fhir.shapes import (
    CodeableConcept,
    Medication,
    MedicationAdministration,
    MedicationRequest,
    MedicationStatement,
    Reference,
    Shape,
)

ORDERED: Final = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})
"""Intents of what is really ordered; a proposal, a plan or an option is no drug in use."""

TPO_RA: Final = "med-tpo-ra"
DOSED: Final = frozenset({TPO_RA, "med-corticosteroid", *ANTICOAGULANTS})
"""Drugs whose dose in use a rule asks for (TPO-13, ORD-21, the bleeding risk of A.9)."""

NEVER: Final = frozenset({"cancelled", "draft", "not-taken", "not-done"})
_OVER: Final = frozenset({"completed", "stopped", "not-taken"})
_DEEPEST: Final = 3
"""Levels of ingredients that are themselves Medications."""

Prescribed = MedicationRequest | MedicationStatement | MedicationAdministration


def read_medications(reading: Reading) -> tuple[Drug, ...]:
    """Every drug that was not entered in error, requests first."""
    drugs = [
        *reading.each(_request, reading.of(MedicationRequest)),
        *reading.each(_statement, reading.of(MedicationStatement)),
        *reading.each(_administration, reading.of(MedicationAdministration)),
    ]
    return tuple([drug for drug in drugs if drug is not None])


# ------------------------------------------------------------------------------------------- the three kinds


def _request(entry: Entry[MedicationRequest], reading: Reading) -> Drug | None:
    request = entry.resource
    if request.do_not_perform or not _is_taken(request):
        return None
    authored = reading.moment(request.authored_on, entry, "unreadable authoredOn")
    start, end = dosage_span(request.dosage_instruction, authored, entry, reading)
    dispense = request.dispense_request
    if end is None and start is None and dispense is not None:
        start, end = reading.ends(dispense.validity_period, entry)
    return _drug(
        entry,
        MedicationSource.REQUEST,
        (start or authored, end),
        (d.route for d in request.dosage_instruction),
        reading,
    )


def _is_taken(request: MedicationRequest) -> bool:
    """An order; or a plan that records what the patient is reported to take, as US Core writes drugs bought freely."""
    is_report = bool(request.reported_boolean) or request.reported_reference is not None
    return request.intent in ORDERED or request.intent is None or (request.intent == "plan" and is_report)


def _statement(entry: Entry[MedicationStatement], reading: Reading) -> Drug | None:
    statement = entry.resource
    span: Span
    if statement.effective_date_time is not None:
        at = reading.moment(statement.effective_date_time, entry)
        span = (at, at if statement.status in _OVER else None)
    elif statement.effective_period is not None:
        span = reading.ends(statement.effective_period, entry)
    else:
        span = dosage_span(statement.dosage, None, entry, reading)
    return _drug(entry, MedicationSource.STATEMENT, span, (d.route for d in statement.dosage), reading)


def _administration(entry: Entry[MedicationAdministration], reading: Reading) -> Drug | None:
    given = entry.resource
    span: Span = (reading.moment(given.effective_date_time, entry), None)
    if given.effective_period is not None:
        span = reading.ends(given.effective_period, entry)
    routes = () if given.dosage is None else (given.dosage.route,)
    return _drug(entry, MedicationSource.ADMINISTRATION, span, routes, reading)


def _drug(
    entry: Entry[Prescribed],
    source: MedicationSource,
    span: Span,
    routes: Iterable[CodeableConcept | None],
    reading: Reading,
) -> Drug | None:
    resource = entry.resource
    if resource.status == "entered-in-error":
        return None
    if resource.medication is not UNSET:
        reading.report(entry, "not FHIR R4: medication")
        return None
    codes = drug_codes(resource.medication_codeable_concept, resource.medication_reference, entry, reading)
    known = _known_drug(codes, reading.terminology)
    set_ids = known.set_ids
    start, end = in_order(span, entry, reading)
    dosage = DraftDosage() if set_ids.isdisjoint(DOSED) else _dosage(entry, reading, TPO_RA not in set_ids)
    if (
        not is_mapped(set_ids)
        and resource.status not in NEVER
        and not _is_long_over(resource.status, start, end, reading)
    ):
        reading.report(entry, "unmapped drug")
    return Drug(
        reference=entry.reference,
        set_ids=set_ids,
        source=source,
        status=resource.status or "unknown",
        start=start,
        end=end,
        route=route_of(routes, reading.terminology),
        codes=known.codes,
        dose=in_mg(dosage.dose, known.strengths),
        per_day=dosage.per_day,
    )


def _dosage(entry: Entry[Prescribed], reading: Reading, highest: bool) -> DraftDosage:
    """The dose of a prescription or statement, read as leniently as that of a draft; an administration has none.

    Of doses that follow each other the first, or the highest, which is the one that does harm.
    """
    if isinstance(entry.resource, MedicationAdministration):
        return DraftDosage()
    resource = object_of(decode_draft(reading.text_of(entry)))
    if isinstance(entry.resource, MedicationStatement):
        resource = {"dosageInstruction": resource.get("dosage")}
    return read_dosage(resource, reading.terminology, highest=highest)


def _is_long_over(status: str | None, start: Moment | None, end: Moment | None, reading: Reading) -> bool:
    """Over for longer than any rule looks back: whether it is known makes no difference."""
    last = end or (start if status in _OVER else None)
    months = int(reading.limits.drug_history_months)
    if last is None or last.latest >= reading.as_of:
        return False
    return add_months(last.latest, months) < reading.as_of


# ------------------------------------------------------------------------------------------------ which drug


@dataclass(frozen=True, slots=True)
class _KnownDrug:
    """What the value sets know of the codes of a drug: their sets, those codes that are in one, and strengths."""

    set_ids: frozenset[str]
    codes: tuple[tuple[str, str], ...]
    strengths: frozenset[tuple[Decimal, str]]


@by_pairs
def _known_drug(pairs: Pairs, terminology: Terminology) -> _KnownDrug:
    mapped = [(pair, members_of(pair, terminology)) for pair in pairs]
    found = [member for _, members in mapped for member in members]
    return _KnownDrug(
        frozenset(member.set_id for member in found),
        tuple(dict.fromkeys(normalise_coding(*pair) for pair, members in mapped if members)),
        frozenset(member.code.strength for member in found if member.code.strength is not None),
    )


def drug_codes(
    concept: CodeableConcept | None, reference: Reference | None, entry: Entry[Shape], reading: Reading
) -> tuple[tuple[str, str], ...]:
    """(system, code) of a drug: its own codings, else those of the Medication that it refers to."""
    pairs = list(coding_pairs(concept))
    if reference is not None and reference.reference is not None:
        pairs += _referenced(reference.reference, entry, reading, _DEEPEST)
    return tuple(dict.fromkeys(pairs))


def _referenced(text: str, entry: Entry[Shape], reading: Reading, depth: int) -> list[tuple[str, str]]:
    """The codings of a contained Medication, or of one among the resources, with its ingredients."""
    other = reading.parsed.resolve(text, entry) if depth else None
    if other is None or not isinstance(other.resource, Medication):
        reading.report(entry, "drug referred to is not at hand")
        return []
    inside = entry if contained_id(text) is not None else other
    return medication_codes(other.resource, inside, reading, depth)


def medication_codes(
    medication: Medication, entry: Entry[Shape], reading: Reading, depth: int
) -> list[tuple[str, str]]:
    """Its code and its active ingredients; one that was entered in error tells nothing."""
    if medication.status == "entered-in-error":
        return []
    pairs = list(coding_pairs(medication.code))
    for ingredient in medication.ingredient:
        if ingredient.is_active is False:
            continue
        pairs += coding_pairs(ingredient.item_codeable_concept)
        if ingredient.item_reference is not None and ingredient.item_reference.reference is not None:
            pairs += _referenced(ingredient.item_reference.reference, entry, reading, depth - 1)
    return pairs
