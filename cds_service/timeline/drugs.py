"""Courses of anti-infective drugs and of TPO receptor agonists, named by our value sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cards.facts import PatientFacts
from cards.facts.presence import NEVER_TAKEN
from cards.record import Medication
from cards.valuesets import Terminology
from cds_service.timeline.spans import Lane, NotDrawn, Span

TPO_RA: Final = frozenset({"med-tpo-ra"})
ANTIBACTERIAL: Final = "med-antibacterial"
"""Beside the therapies that the pathogens name."""

SOURCES: Final = {
    "request": "ordered",
    "statement": "as stated",
    "administration": "given",
}


def drug_lanes(p: PatientFacts, terminology: Terminology, missing: list[NotDrawn]) -> tuple[Lane, ...]:
    """The two lanes of drugs; a course without any date goes to `missing`."""
    wanted = (
        ("anti-infective", "Anti-infectives", anti_infective_sets(p)),
        ("tpo-ra", "TPO receptor agonists", TPO_RA),
    )
    lanes = []
    for kind, title, sets in wanted:
        spans = []
        for one in _courses(p, terminology, sets):
            if isinstance(one, NotDrawn):
                missing.append(one)
            else:
                spans.append(one)
        lanes.append(Lane(kind, title, tuple(sorted(spans, key=lambda span: span.start.earliest))))
    return tuple(lanes)


def anti_infective_sets(p: PatientFacts) -> frozenset[str]:
    """The value sets that some pathogen's file names as its therapy, and the antibacterials."""
    named = (s for one in p.pathogens.values() for s in (*one.therapy_sets, *one.therapy_packs))
    return frozenset({*named, ANTIBACTERIAL})


def _courses(p: PatientFacts, terminology: Terminology, sets: frozenset[str]) -> Iterator[Span | NotDrawn]:
    for drug in p.record.medications:
        if drug.status in NEVER_TAKEN or drug.set_ids.isdisjoint(sets):
            continue
        label = drug_name(drug, terminology, sets)
        start = drug.start or drug.end
        if start is None:
            yield NotDrawn(label, None, drug.reference, "no date")
            continue
        in_use = drug in p.medications_in_use
        told = [SOURCES[drug.source.value]]
        if in_use:
            told.append("in use")
        elif drug.end is None:
            told.append("its end is not recorded")
        yield Span(
            label, start, drug.end, (drug.reference,), tuple(told), goes_on=in_use and drug.end is None
        )


def drug_name(drug: Medication, terminology: Terminology, sets: frozenset[str]) -> str:
    """Our word for its code; else the title of the smallest of its sets. Never the record's text."""
    for system, code in drug.codes:
        for member in terminology.sets_of(system, code):
            if member.set_id in sets and member.code.display:
                return member.code.display[:1].upper() + member.code.display[1:]
    smallest = min(drug.set_ids & sets, key=lambda set_id: (len(terminology[set_id].codes), set_id))
    return terminology[smallest].title
