"""Moments of patients: what was known then goes through the functions that a live call goes through.

Each function is done for all of the moments before the next one, for what it needs is then at hand in the caches of the
processor: of some hundreds, a moment takes half the time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Raw
from msgspec.json import Encoder

from cards.decide import Decision, decide, decide_all
from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.reading import read
from cards.record import Answer, Kind, Record
from cds_service.content import Content
from cds_service.facts import settle
from cds_service.fhir.bundles import RawEntry
from cds_service.fhir.entries import Rejected
from cds_service.fhir.parse import Parsed, Source, parse
from cds_service.fhir.validate import invalid_reason
from cds_service.hooks.context import Context
from cds_service.hooks.request import HookRequest
from cds_service.replay.held import Held
from cds_service.replay.known import as_known
from cds_service.replay.measured import Knowledge, Visible
from cds_service.replay.triggers import Trigger
from cds_service.validation import KIND_OF, decide_on_valid

KINDS: Final[Mapping[str, frozenset[Kind]]] = {
    **{name: frozenset({kind}) for name, kind in KIND_OF.items()},
    "Patient": frozenset({Kind.PATIENT}),
    "Observation": frozenset({Kind.PLATELETS, Kind.OBSERVATIONS}),
}
READ_BESIDE: Final = frozenset({"DiagnosticReport", "Appointment", "Medication", "Specimen", "Consent"})
NOT_ASKED: Final[Mapping[str, frozenset[str]]] = {
    "ServiceRequest": frozenset({"completed", "revoked", "entered-in-error", "unknown"}),
}
"""What a live call does not ask for either: see the templates of `discovery`."""

USER: Final = "Practitioner/replay"
_ENCODER: Final = Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Case:
    """One moment of one patient; `server` is the address that references begin with."""

    patient_id: str
    server: str | None
    knowledge: Knowledge
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class Settled:
    """What was known at one moment: the record, its resources, and what of them could not be used."""

    record: Record
    parsed: Parsed
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """The decision of one moment, the facts that it was made of, and what was not valid."""

    facts: PatientFacts
    decision: Decision
    rejected: tuple[Rejected, ...]


def answers_of(types: Iterable[str]) -> Mapping[Kind, Answer]:
    """A kind is answered where the export has a file of one of its types; else nobody has said that there is none."""
    held = {kind for name in types for kind in KINDS.get(name, ())} | {Kind.PATIENT}
    return {kind: Answer.ANSWERED if kind in held else Answer.ABSENT for kind in Kind}


def settle_all(cases: Sequence[Case], answers: Mapping[Kind, Answer], content: Content) -> list[Settled]:
    """What was known at each moment, as a live call reads it."""
    parsed = [_parse(case) for case in cases]
    return [
        _settle(case, *one, answers=answers, content=content) for case, one in zip(cases, parsed, strict=True)
    ]


def judge_all(settled: Sequence[Settled], content: Content) -> list[Judged]:
    """What the service would have answered at each moment."""
    facts = [_read(one.record, content) for one in settled]
    decisions = decide_all(facts, content.limits, switches=content.site.switches)
    return [
        _judge_valid(one, first, content)
        for one, first in zip(settled, zip(facts, decisions, strict=True), strict=True)
    ]


def _parse(case: Case) -> tuple[Visible, Parsed]:
    measured = case.knowledge.measured_by(case.trigger.at)
    sources = _sources(_visible(case, measured))
    return measured, measured.add_entries(parse(sources, case.patient_id, case.server))


def _settle(
    case: Case, measured: Visible, parsed: Parsed, *, answers: Mapping[Kind, Answer], content: Content
) -> Settled:
    trigger = case.trigger
    request = HookRequest(trigger.hook, "replay", _context(case.patient_id, trigger))
    settled = settle(parsed, request, answers, content.terminology, trigger.at, content.limits)
    record = measured.add_values(settled.record)
    return Settled(record, parsed, (*parsed.rejected, *settled.rejected))


def _read(record: Record, content: Content) -> PatientFacts:
    return read(record, content.limits, content.pathogens)


def _judge_valid(settled: Settled, first: tuple[PatientFacts, Decision], content: Content) -> Judged:
    """What is decided of the valid resources: mostly what was decided first, of all of them."""

    def decide_on(record: Record) -> tuple[PatientFacts, Decision]:
        if record is settled.record:
            return first
        facts = _read(record, content)
        return facts, decide(facts, content.limits, switches=content.site.switches)

    valid = decide_on_valid(settled.record, settled.parsed, decide_on, sys.maxsize, _why_invalid)
    return Judged(valid.facts, valid.decision, valid.rejected)


def unreadable(patient_id: str, server: str | None, held: Iterable[Held]) -> tuple[Rejected, ...]:
    """What of a patient without a moment could not have been read at any."""
    return parse(_sources((one.kind, one.entry) for one in held), patient_id, server).rejected


def _why_invalid(raw: Raw) -> str | None:
    return _remembered(bytes(raw))


@lru_cache(maxsize=512)
def _remembered(raw: bytes) -> str | None:
    """A card rests on the same resources at one moment after the other."""
    return invalid_reason(raw)


def _visible(case: Case, measured: Visible) -> Iterator[tuple[str, RawEntry]]:
    """Type and entry of the rest that was known, without the order that is only being selected."""
    at, cause = case.trigger.at, case.trigger.cause
    selected = cause if case.trigger.hook != "patient-view" else None
    for position, one in case.knowledge.rest:
        if (one.known is not None and one.known > at) or one is selected:
            continue
        entry = one.entry
        if one.known is not None and one.changes_until is not None and one.changes_until > at:
            then = as_known(one.resource, one.raw, at)
            entry = one.entry if then is one.raw else RawEntry(Raw(then))
        if entry is one.entry and one.kind in NOT_ASKED and one.status in NOT_ASKED[one.kind]:
            continue
        measured.place(position, one)
        yield one.kind, entry


def _sources(visible: Iterable[tuple[str, RawEntry]]) -> list[Source]:
    entries: dict[str, list[RawEntry]] = {}
    for kind, entry in visible:
        entries.setdefault(kind, []).append(entry)
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
