"""The draft orders of `order-select` and `order-sign`, and which of them are selected (contract section 2).

Read leniently: drafts of real clients lack members that FHIR requires (no drug yet, no intent) or hold them in another
shape. What cannot be understood is left out of the order, and the order stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from msgspec import MsgspecError, Raw, convert

from cards.frozen import dataclass, replace
from cards.record import ClinicalStatus, Finding, Moment, Order, Verification
from cards.valuesets import is_mapped, normalise_coding
from cds_service.facts.codes import coding_pairs, is_known, members_of
from cds_service.facts.conditions import finding_memberships, word_of
from cds_service.facts.context import Reading
from cds_service.facts.draft_dosage import DraftDosage, read_dosage
from cds_service.facts.lenient import (
    Json,
    amount_of,
    concept_of,
    decode_draft,
    object_of,
    objects_of,
    text_of,
)
from cds_service.facts.medications import medication_codes
from cds_service.fhir.dates import read_moment
from cds_service.fhir.entries import Entry, Rejected
from cds_service.fhir.parse import EARLIER, EARLIER_REQUESTS
from cds_service.fhir.references import contained_id, is_id, normal_reference
from cds_service.fhir.shapes import CodeableConcept, Medication

_DRUG, _SERVICE, _VACCINES = "MedicationRequest", "ServiceRequest", "ImmunizationRecommendation"
_READ: Final = frozenset({_DRUG, _SERVICE, _VACCINES, *EARLIER_REQUESTS})
_WITHDRAWN: Final = frozenset({"cancelled", "stopped", "revoked", "completed", "entered-in-error"})
_DEEPEST: Final = 3


@dataclass(frozen=True, slots=True)
class _Draft:
    """One entry of draftOrders; `names` are all that a selection or a reference may call it by."""

    reference: str
    type: str
    resource: Json
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Drafts:
    """The drafts of a request with what reading them needs."""

    reading: Reading
    findings: Mapping[str, Finding] = field(default_factory=dict)
    by_name: Mapping[str, _Draft] = field(default_factory=dict)

    def report(self, draft: _Draft, reason: str) -> None:
        """Sets a draft, or a part of it, aside. The same thing is said once."""
        if (draft.reference, reason) not in self.reading.said:
            self.reading.said.add((draft.reference, reason))
            self.reading.problems.append(Rejected(draft.reference, reason))

    def moment(self, value: Any, draft: _Draft) -> Moment | None:
        text = text_of(value)
        if text is None:
            return None
        try:
            return read_moment(text)
        except ValueError:
            self.report(draft, "unreadable date")
            return None


def read_orders(
    draft_orders: Raw | bytes | None,
    selections: Sequence[str],
    reading: Reading,
    findings: Sequence[Finding] = (),
) -> tuple[tuple[Order, ...], tuple[str, ...]]:
    """The orders, and the selections that name no draft (`Type/id`, or `selections[n]` where it is none).

    `findings` are those of the record, to which a reason may refer. Types that are no order of a drug, a service or a
    vaccine are passed over.
    """
    if draft_orders is None:
        return (), ()
    try:
        bundle = object_of(decode_draft(draft_orders))
    except (MsgspecError, RecursionError, ValueError):
        reading.problems.append(Rejected("draftOrders", "not readable as a Bundle"))
        bundle = {}
    drafts = tuple(_open(bundle, reading))
    by_name = {name: draft for draft in drafts for name in draft.names}
    told = _Drafts(reading, {f.reference: f for f in findings}, by_name)
    chosen = {name for text in selections for name in _names(text)}
    everything = reading.hook == "order-sign"
    orders = tuple(
        _order(draft, told, selected=everything or not chosen.isdisjoint(draft.names))
        for draft in drafts
        if _is_order(draft, told)
    )
    return orders, tuple(_unresolved(selections, by_name, reading))


def _open(bundle: Json, reading: Reading) -> Iterator[_Draft]:
    entries = bundle.get("entry")
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        resource = object_of(object_of(entry).get("resource"))
        if not resource:
            reading.problems.append(Rejected(f"draftOrders[{number}]", "not readable as a FHIR resource"))
            continue
        kind, own = text_of(resource.get("resourceType")) or "", text_of(resource.get("id"))
        reference = f"{kind}/{own}" if is_id(own) and kind.isalpha() else f"draftOrders[{number}]"
        names = (reference, own, text_of(object_of(entry).get("fullUrl")))
        yield _Draft(reference, kind, resource, frozenset(name for name in names if name is not None))


def _names(selection: str) -> tuple[str, str]:
    """As it is written, and as `Type/id`: a draft of this call is meant, whichever server stands before it."""
    return selection, "/".join(selection.partition("/_history/")[0].split("/")[-2:])


def _normal(text: str, reading: Reading) -> str:
    return normal_reference(text, reading.parsed.fhir_server) or text


def _unresolved(selections: Sequence[str], by_name: Mapping[str, _Draft], reading: Reading) -> Iterator[str]:
    for number, text in enumerate(selections):
        if by_name.keys().isdisjoint(_names(text)):
            name = normal_reference(text, reading.parsed.fhir_server) or f"selections[{number}]"
            reading.problems.append(Rejected(name, "selected order is not among the draft orders"))
            yield name


def _is_order(draft: _Draft, told: _Drafts) -> bool:
    """An order of this patient that is to be given: no withdrawal, no "do not give", no drug that is put on hold."""
    resource = draft.resource
    if draft.type not in _READ:
        return False
    if _is_of_another(resource, told.reading):
        told.report(draft, "belongs to another patient")
        return False
    status = text_of(resource.get("status"))
    is_held = draft.type == _DRUG and status == "on-hold"
    return resource.get("doNotPerform") is not True and not is_held and status not in _WITHDRAWN


def _is_of_another(resource: Json, reading: Reading) -> bool:
    """A draft without a subject is one of the patient in the context."""
    named = object_of(resource.get("subject") or resource.get("patient"))
    parts = (text_of(named.get("reference")) or "").partition("/_history")[0].split("/")
    return len(parts) > 1 and parts[-2] == "Patient" and parts[-1] != reading.patient_id


# -------------------------------------------------------------------------------------------------- one order


def _order(draft: _Draft, told: _Drafts, *, selected: bool) -> Order:
    resource, terminology = draft.resource, told.reading.terminology
    if draft.type in EARLIER_REQUESTS:  # something is ordered, and what it is cannot be told
        told.report(draft, EARLIER)
        return Order(draft.reference, EARLIER_REQUESTS[draft.type], frozenset(), selected, resource=resource)
    concept = _concept(draft)
    pairs = tuple(dict.fromkeys([*coding_pairs(concept), *_codes_of_medication(draft, told)]))
    set_ids = frozenset([member.set_id for pair in pairs for member in members_of(pair, terminology)])
    if not is_mapped(set_ids):
        _report_unmapped(draft, concept, told)
    dosage = read_dosage(resource, terminology) if draft.type == _DRUG else DraftDosage()
    quantity = resource.get("quantityQuantity", object_of(resource.get("quantityRange")).get("high"))
    reasons, unread = _reasons(draft, told)
    return Order(
        reference=draft.reference,
        resource_type=draft.type,
        set_ids=set_ids,
        selected=selected,
        codes=tuple(dict.fromkeys(normalise_coding(*pair) for pair in pairs)),
        route=dosage.route,
        dose=dosage.dose,
        per_day=dosage.per_day,
        amount=amount_of(quantity) if draft.type == _SERVICE else None,
        duration=dosage.duration,
        occurrence=_occurrence(draft, told),
        reasons=reasons,
        unread_reason=unread,
        resource=resource,
    )


def _report_unmapped(draft: _Draft, concept: CodeableConcept, told: _Drafts) -> None:
    """A draft without any drug yet says nothing, one whose drug has another shape than in R4 does; a service in a
    known system that no set holds is no fact.
    """
    if draft.type == _SERVICE and is_known(concept, told.reading.terminology):
        return
    if concept.coding or concept.has_text or any(name.startswith("medication") for name in draft.resource):
        told.report(draft, "unmapped order" if draft.type == _SERVICE else "unmapped drug")


def _concept(draft: _Draft) -> CodeableConcept:
    """What is ordered."""
    resource = draft.resource
    if draft.type == _DRUG:
        return concept_of(resource.get("medicationCodeableConcept"))
    if draft.type == _SERVICE:
        return concept_of(resource.get("code"))
    vaccines = (
        coding
        for recommendation in objects_of(resource.get("recommendation"))
        for vaccine in objects_of(recommendation.get("vaccineCode"))
        for coding in concept_of(vaccine).coding
    )
    return CodeableConcept(tuple(vaccines))


def _codes_of_medication(draft: _Draft, told: _Drafts) -> Sequence[tuple[str, str]]:
    reference = text_of(object_of(draft.resource.get("medicationReference")).get("reference"))
    if draft.type != _DRUG or reference is None:
        return ()
    found = _medication(reference, draft, told)
    if found is not None:
        return medication_codes(found.resource, found, told.reading, _DEEPEST)
    told.report(draft, "drug referred to is not at hand")
    return ()


def _medication(reference: str, draft: _Draft, told: _Drafts) -> Entry[Medication] | None:
    """Contained in the draft, beside it in draftOrders, or among the resources of the request."""
    inside = contained_id(reference)
    if inside is not None:
        held = next(
            (one for one in objects_of(draft.resource.get("contained")) if one.get("id") == inside), None
        )
    else:
        beside = told.by_name.get(_normal(reference, told.reading))
        held = None if beside is None else beside.resource
    if held is None:
        entry = told.reading.parsed.by_reference.get(_normal(reference, told.reading))
        return entry if entry is not None and isinstance(entry.resource, Medication) else None  # type: ignore[return-value]
    try:
        medication = convert(held, Medication)
    except (MsgspecError, RecursionError, ValueError):
        return None
    return Entry(draft.reference, medication, Raw(b"null"), "draftOrders")


def _occurrence(draft: _Draft, told: _Drafts) -> Moment | None:
    """When a service is to be done; a Period is one interval from its start to its end."""
    resource = draft.resource
    at = told.moment(resource.get("occurrenceDateTime"), draft)
    if at is not None:
        return at
    period = object_of(resource.get("occurrencePeriod"))
    start, end = told.moment(period.get("start"), draft), told.moment(period.get("end"), draft)
    if start is None or end is None or end.latest < start.earliest:
        return start or end
    return replace(start, latest=end.latest)


# ---------------------------------------------------------------------------------------------------- reasons


def _reasons(draft: _Draft, told: _Drafts) -> tuple[tuple[Finding, ...], bool]:
    """What the order is for, and whether a reason could not be read: words, a code of no set, a reference."""
    codes = [concept_of(value) for value in objects_of(draft.resource.get("reasonCode"))]
    read = [tuple(_finding(code, draft, told)) for code in codes if code.coding or code.has_text]
    references = objects_of(draft.resource.get("reasonReference"))
    read += [tuple(_referred(value, draft, told)) for value in references]
    return tuple(finding for found in read for finding in found), () in read


def _referred(value: Json, draft: _Draft, told: _Drafts) -> Iterator[Finding]:
    """The finding of the record, or of the draft itself, that a reason refers to."""
    text = text_of(value.get("reference"))
    if text is None:
        return
    inside = contained_id(text)
    recorded = told.findings.get(_normal(text, told.reading))
    if recorded is not None:
        yield recorded
    elif inside is not None:
        for one in objects_of(draft.resource.get("contained")):
            if one.get("id") == inside and one.get("resourceType") == "Condition":
                yield from _finding(concept_of(one.get("code")), draft, told)


def _finding(concept: CodeableConcept, draft: _Draft, told: _Drafts) -> Iterator[Finding]:
    """A coded reason as a finding of the order itself: it tells what the order is for, nothing else."""
    terminology = told.reading.terminology
    found = finding_memberships(concept, terminology)
    if found:
        yield Finding(
            draft.reference,
            found,
            ClinicalStatus.ABSENT,
            Verification.REPORTED,
            word=word_of(concept, terminology),
        )
