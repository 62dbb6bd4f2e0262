"""Moments of patients: what was known then goes through the functions that a live call goes through.

Each function is done for all of the moments before the next one, for what it needs is then at hand in the caches of the
processor: of some hundreds, a moment takes half the time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Raw
from msgspec.json import Encoder

from cards.decide import Decision, decide, decide_all
from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.reading import read, read_all
from cards.record import Answer, Kind, Record
from cds_service.content import Content
from cds_service.facts import settle
from cds_service.facts.context import Kept
from cds_service.fhir.bundles import RawEntry
from cds_service.fhir.entries import Entry, Rejected
from cds_service.fhir.parse import Parsed, Source, parse, parse_admitted
from cds_service.fhir.shapes import Shape
from cds_service.fhir.subjects import Aliases
from cds_service.hooks.context import Context
from cds_service.hooks.request import HookRequest
from cds_service.replay.held import Held
from cds_service.replay.look import Look, why_invalid
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
    """One moment of one patient; `server` is the address that references begin with.

    `kept` is what readers made at the others of the patient; of a single moment nothing is.
    """

    patient_id: str
    server: str | None
    knowledge: Knowledge
    trigger: Trigger
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What was known at one moment: the record, its resources, and what of them could not be used."""

    record: Record
    parsed: Parsed
    rejected: tuple[Rejected, ...]
    visible: Visible


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
    """What the service would have answered at each moment.

    Where no card is shown, or all that was known is valid, nobody asks what cards rest on: they need not be made whole.
    """
    facts = read_all([one.record for one in settled], content.limits, content.pathogens)
    decisions = decide_all(facts, content.limits, switches=content.site.switches, whole=False)
    return [
        Judged(p, decision, ())
        if not decision.cards or one.visible.is_all_valid
        else _judge_valid(one, p, content)
        for one, p, decision in zip(settled, facts, decisions, strict=True)
    ]


def _parse(case: Case) -> tuple[Visible, Parsed]:
    visible = case.knowledge.measured_by(case.trigger.at)
    _see(case, visible)
    return visible, visible.add_entries(_parse_looks(visible.looks, case.patient_id, case.server))


def _parse_looks(looks: Sequence[Look], patient_id: str, server: str | None) -> Parsed:
    """One that has to be told by those beside it leaves them all to be parsed together."""
    aliases = Aliases(patient_id, server)
    entries: list[Entry[Shape]] = []
    for look in looks:
        admitted = look.admitted(aliases)
        if admitted is None:
            return parse(_sources(looks), patient_id, server)
        entries += admitted
    return parse_admitted(entries, aliases)


def _settle(
    case: Case, visible: Visible, parsed: Parsed, *, answers: Mapping[Kind, Answer], content: Content
) -> Settled:
    trigger = case.trigger
    request = HookRequest(trigger.hook, "replay", _context(case.patient_id, trigger))
    settled = settle(parsed, request, answers, content.terminology, trigger.at, content.limits, case.kept)
    record = visible.add_values(settled.record)
    return Settled(record, parsed, (*parsed.rejected, *settled.rejected), visible)


def _read(record: Record, content: Content) -> PatientFacts:
    return read(record, content.limits, content.pathogens)


def _judge_valid(settled: Settled, facts: PatientFacts, content: Content) -> Judged:
    """What is decided of the valid resources."""

    def decide_on(record: Record) -> tuple[PatientFacts, Decision]:
        known = facts if record is settled.record else _read(record, content)
        return known, decide(known, content.limits, switches=content.site.switches)

    valid = decide_on_valid(settled.record, settled.parsed, decide_on, sys.maxsize, why_invalid)
    return Judged(valid.facts, valid.decision, valid.rejected)


def unreadable(patient_id: str, server: str | None, held: Iterable[Held]) -> tuple[Rejected, ...]:
    """What of a patient without a moment could not have been read at any."""
    return parse(_sources(one.last_look for one in held), patient_id, server).rejected


def _see(case: Case, visible: Visible) -> None:
    """Adds what was known of the rest, without the order that is only being selected."""
    at, cause = case.trigger.at, case.trigger.cause
    selected = cause if case.trigger.hook != "patient-view" else None
    for placed in case.knowledge.by_kind:
        one = placed[1]
        if (one.known is not None and one.known > at) or one is selected:
            continue
        look = one.look_at(at)
        if one.kind in NOT_ASKED and not look.changed and one.status in NOT_ASKED[one.kind]:
            continue
        visible.placed.append(placed)
        visible.looks.append(look)


def _sources(looks: Iterable[Look]) -> list[Source]:
    entries: dict[str, list[RawEntry]] = {}
    for look in looks:
        entries.setdefault(look.kind, []).append(look.entry)
    return [Source(kind, KINDS.get(kind, frozenset()), some) for kind, some in sorted(entries.items())]


def _context(patient_id: str, trigger: Trigger) -> Context:
    if trigger.hook == "patient-view":
        return Context(USER, patient_id, trigger.cause.id if trigger.name == "encounter" else None)
    draft = trigger.draft
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]}
    return Context(
        USER,
        patient_id,
        selections=(f"{draft['resourceType']}/{draft.get('id')}",),
        draft_orders=Raw(_ENCODER.encode(bundle)),
    )
