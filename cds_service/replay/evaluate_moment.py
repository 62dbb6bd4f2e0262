"""One moment of one patient: what was known then goes through the functions that a live call goes through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import Raw
from msgspec.json import Encoder

from cards.decide import Decision, decide
from cards.facts import PatientFacts
from cards.reading import read
from cards.record import Answer, Kind, Record
from cds_service.content import Content
from cds_service.facts import settle
from cds_service.fhir.bundles import RawEntry
from cds_service.fhir.entries import Rejected
from cds_service.fhir.parse import Source, parse
from cds_service.hooks.context import Context
from cds_service.hooks.request import HookRequest
from cds_service.replay.known import as_known
from cds_service.replay.triggers import Held, Trigger
from cds_service.validation import decide_on_valid

KINDS: Final[Mapping[str, frozenset[Kind]]] = {
    "Patient": frozenset({Kind.PATIENT}),
    "Observation": frozenset({Kind.PLATELETS, Kind.OBSERVATIONS}),
    "Condition": frozenset({Kind.CONDITIONS}),
    "AllergyIntolerance": frozenset({Kind.ALLERGIES}),
    "MedicationRequest": frozenset({Kind.MEDICATIONS}),
    "MedicationStatement": frozenset({Kind.MEDICATIONS}),
    "MedicationAdministration": frozenset({Kind.MEDICATIONS}),
    "Procedure": frozenset({Kind.PROCEDURES}),
    "ServiceRequest": frozenset({Kind.ORDERS}),
    "Immunization": frozenset({Kind.IMMUNIZATIONS}),
    "Encounter": frozenset({Kind.ENCOUNTERS}),
}
READ_BESIDE: Final = frozenset({"DiagnosticReport", "Appointment", "Medication", "Specimen", "Consent"})
NOT_ASKED: Final[Mapping[str, frozenset[str]]] = {
    "ServiceRequest": frozenset({"completed", "revoked", "entered-in-error", "unknown"}),
}
"""What a live call does not ask for either: see the templates of `discovery`."""

USER: Final = "Practitioner/replay"
_ENCODER: Final = Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Judged:
    """The decision of one moment, the facts that it was made of, and what was set aside."""

    facts: PatientFacts
    decision: Decision
    rejected: tuple[Rejected, ...]


def answers_of(types: Iterable[str]) -> Mapping[Kind, Answer]:
    """A kind is answered where the export has a file of one of its types; else nobody has said that there is none."""
    held = {kind for name in types for kind in KINDS.get(name, ())} | {Kind.PATIENT}
    return {kind: Answer.ANSWERED if kind in held else Answer.ABSENT for kind in Kind}


def judge_moment(
    patient_id: str,
    server: str | None,
    held: Iterable[Held],
    trigger: Trigger,
    answers: Mapping[Kind, Answer],
    content: Content,
) -> Judged:
    """What the service would have answered at the trigger, of what was known then."""
    parsed = parse(_sources(_visible(held, trigger)), patient_id, server)
    request = HookRequest(trigger.hook, "replay", _context(patient_id, trigger))
    settled = settle(parsed, request, answers, content.terminology, trigger.at, content.limits)

    def judge(record: Record) -> tuple[PatientFacts, Decision]:
        facts = read(record, content.limits, content.pathogens)
        return facts, decide(facts, content.limits, switches=content.site.switches)

    valid = decide_on_valid(settled.record, parsed, judge)
    return Judged(valid.facts, valid.decision, (*parsed.rejected, *settled.rejected, *valid.rejected))


def _visible(held: Iterable[Held], trigger: Trigger) -> Iterator[tuple[str, bytes]]:
    """Type and text of all that was known, without the order that is only being selected."""
    for one in held:
        if one.known is not None and one.known > trigger.at:
            continue
        if one is trigger.cause and trigger.hook != "patient-view":
            continue
        if one.resource.get("status") in NOT_ASKED.get(one.kind, ()):
            then = as_known(one.resource, one.raw, trigger.at)
            if then is not one.raw:
                yield one.kind, then
            continue
        yield one.kind, one.raw if one.known is None else as_known(one.resource, one.raw, trigger.at)


def _sources(visible: Iterable[tuple[str, bytes]]) -> list[Source]:
    entries: dict[str, list[RawEntry]] = {}
    for kind, raw in visible:
        entries.setdefault(kind, []).append(RawEntry(Raw(raw)))
    return [Source(kind, KINDS.get(kind, frozenset()), some) for kind, some in sorted(entries.items())]


def _context(patient_id: str, trigger: Trigger) -> Context:
    cause = trigger.cause.resource
    if trigger.hook == "patient-view":
        encounter = cause.get("id") if trigger.name == "encounter" else None
        return Context(USER, patient_id, encounter if isinstance(encounter, str) else None)
    draft = trigger.draft
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]}
    return Context(
        USER,
        patient_id,
        selections=(f"{draft['resourceType']}/{draft.get('id')}",),
        draft_orders=Raw(_ENCODER.encode(bundle)),
    )
