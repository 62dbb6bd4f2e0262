"""What readers keep from one moment of a patient to the next changes nothing of what they read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cards.frozen import replace
from cards.record import Answer, Kind, Record
from cds_service.facts import settle
from cds_service.facts.context import Kept, Reading
from cds_service.fhir.entries import Entry, Rejected
from cds_service.fhir.parse import Parsed
from cds_service.fhir.shapes import Condition
from cds_service.hooks.context import Context
from cds_service.hooks.request import HookRequest
from tests.service.build import (
    LOINC,
    NOW,
    PATIENT,
    TERMINOLOGY,
    coded,
    concept,
    observation,
    parsed,
    quantity,
    resource,
)
from tests.service.test_facts_any_record import RESOURCES

ALL = dict.fromkeys(Kind, Answer.ANSWERED)
DAYS = (-40, -8, -1, 0, 1, 9, 400)
LATER = "2026-06-20T09:00:00Z"

MORE = (
    observation("count", valueQuantity=quantity(31)),
    observation("no-unit", valueQuantity=quantity(31, None)),
    observation("tube", valueQuantity=quantity(12), specimen={"reference": "Specimen/tube"}),
    observation("undated", valueQuantity=quantity(9), effectiveDateTime=None),
    observation("words", concept((LOINC, "75377-2")), valueString="positive"),
    observation("warm", concept((LOINC, "8310-5")), valueQuantity=quantity(39, "Cel", "Cel")),
    resource("Specimen", "tube", type=concept(("http://terminology.hl7.org/CodeSystem/v2-0487", "BLDCO"))),
    resource("DiagnosticReport", "report", status="final", result=[{"reference": "Observation/undated"}])
    | {"effectiveDateTime": "2026-06-14T09:00:00Z", "code": {"text": "-"}},
    resource("Condition", "ends", code=coded("bleed-gi"), abatementDateTime=LATER),
    resource("Condition", "age", code=coded("inf-sepsis"), onsetAge=quantity(60, "a", "a")),
    resource("Encounter", "stay", status="in-progress", period={"start": "2026-06-01", "end": LATER}),
    resource("MedicationRequest", "named", status="active", intent="order")
    | {"medicationReference": {"reference": "Medication/drug"}, "authoredOn": "2026-06-14"},
    resource("MedicationStatement", "old", status="completed", medicationCodeableConcept={"text": "-"})
    | {"effectivePeriod": {"start": "2026-06-01", "end": "2026-06-14"}},
    resource("Medication", "drug", code=coded("med-antibacterial")),
)
EVERY = parsed(*RESOURCES, *MORE)
ENTRIES = tuple(entry for some in EVERY.by_type.values() for entry in some)


def some_of(entries: list[Entry[Any]]) -> Parsed:
    """What was known at a moment: these alone."""
    by_type: dict[str, tuple[Entry[Any], ...]] = {}
    for entry in entries:
        name = type(entry.resource).__name__
        by_type[name] = (*by_type.get(name, ()), entry)
    return replace(EVERY, by_type=by_type, by_reference={entry.reference: entry for entry in entries})


def read_at(known: Parsed, at: datetime, kept: Kept | None) -> tuple[Record, tuple[Rejected, ...]]:
    request = HookRequest("patient-view", "test", Context("Practitioner/a", PATIENT))
    settled = settle(known, request, ALL, TERMINOLOGY, at, kept=kept)
    return settled.record, settled.rejected


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(DAYS), st.lists(st.sampled_from(ENTRIES), max_size=4)),
        min_size=2,
        max_size=5,
    )
)
def test_moments_one_after_the_other_are_read_as_each_alone(
    moments: list[tuple[int, list[Entry[Any]]]],
) -> None:
    kept: Kept = {}
    for days, unknown in moments:
        known = some_of([entry for entry in ENTRIES if entry not in unknown])
        at = NOW + timedelta(days=days)
        assert read_at(known, at, kept) == read_at(known, at, None)


def test_what_asks_for_nothing_else_is_made_once() -> None:
    kept: Kept = {}
    calls: list[str] = []

    def alone(entry: Entry[Condition], reading: Reading) -> str:
        calls.append(entry.reference)
        reading.report(entry, "seen")
        return entry.reference

    def of_the_moment(entry: Entry[Condition], reading: Reading) -> datetime:
        calls.append("moment")
        return reading.as_of

    def of_others(entry: Entry[Condition], reading: Reading) -> int:
        calls.append("others")
        return len(reading.of(Condition))

    def family(reading: Reading) -> list[str]:
        return list(reading.each(alone, reading.of(Condition)))

    [*conditions] = EVERY.of(Condition)
    for days in (0, 1):
        reading = Reading(EVERY, TERMINOLOGY, NOW + timedelta(days=days), "patient-view", PATIENT, kept=kept)
        names = [entry.reference for entry in conditions]
        assert reading.same(family) == list(reading.each(alone, conditions)) == names
        assert list(reading.each(of_the_moment, conditions[:1])) == [NOW + timedelta(days=days)]
        assert list(reading.each(of_others, conditions[:1])) == [len(names)]
        assert reading.problems == [Rejected(name, "seen") for name in names]
    assert sorted(calls) == sorted([*names, *(["moment", "others"] * 2)])

    fewer = some_of([conditions[0]])
    reading = Reading(fewer, TERMINOLOGY, NOW, "patient-view", PATIENT, kept=kept)
    assert reading.same(family) == names[:1]
