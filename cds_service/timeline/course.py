"""What happened when: counts, transfusions, bleeding, infections with their recovery windows, courses of drugs.

Made of `PatientFacts`, so that the timeline shows what the cards read and nothing else. Words are ours: nothing of the
record's text gets here. What cannot be placed in time is listed with its reason, never dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from cards.facts import Activity, Bleed, Certainty, Infection, PatientFacts, PlateletCount
from cards.facts.patient import DONE
from cards.finding_words import FINDING_WORDS
from cards.frozen import dataclass
from cards.monitoring.window import recovery_start
from cards.reading.transfusions import PLATELETS_GIVEN
from cards.record import Finding, Moment, Performed, PlateletResult, ResultStatus, Specimen
from cards.valuesets import Terminology
from cds_service.timeline.drugs import drug_lanes
from cds_service.timeline.spans import Lane, NotDrawn, Span

UNIT: Final = "×10⁹/L"
RED_CELLS_GIVEN: Final = "proc-red-cell-transfusion"
GIVEN: Final = ((PLATELETS_GIVEN, "Platelets"), (RED_CELLS_GIVEN, "Red cells"))

SPECIMENS: Final = {
    Specimen.EDTA: "EDTA tube",
    Specimen.CITRATE: "citrate tube, not corrected for dilution",
    Specimen.HEPARIN: "heparin tube",
    Specimen.CORD: "cord blood",
}
CERTAINTIES: Final = {
    Certainty.SUSPECTED: "recorded as suspected",
    Certainty.REPORTED: "recorded",
    Certainty.PROVEN: "recorded, with a test",
}
ACTIVITIES: Final = {
    Activity.ACTIVE: "counts as active",
    Activity.STOPPED: "stopped within a day",
    Activity.UNCLEAR: "not known whether it goes on",
    Activity.HISTORY: "past",
}


@dataclass(frozen=True, slots=True)
class Count:
    """A count that the rules may read: `number` in 10*9/L decides, `shown` is what was reported."""

    number: Decimal
    shown: str
    time: Moment
    reference: str
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return f"{self.shown} {UNIT}"


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that is drawn and told, oldest first."""

    as_of: datetime
    counts: tuple[Count, ...]
    lanes: tuple[Lane, ...]
    not_drawn: tuple[NotDrawn, ...]


def read_course(p: PatientFacts, terminology: Terminology) -> Course:
    """The course of one patient."""
    missing: list[NotDrawn] = list(_unused_counts(p))
    lanes = [
        _lane("transfusion", "Transfusions", _transfusions(p), missing),
        _lane("bleeding", "Bleeding", _bleeding(p), missing),
        _lane("infection", "Infections", _infections(p), missing),
        _lane("window", "Expected recovery", _windows(p), missing),
        *drug_lanes(p, terminology, missing),
    ]
    return Course(
        p.as_of,
        tuple(_count(one, p) for one in p.platelets.series),
        tuple(lane for lane in lanes if lane.spans),
        tuple(missing),
    )


def _lane(kind: str, title: str, found: Iterable[Span | NotDrawn], missing: list[NotDrawn]) -> Lane:
    spans = []
    for one in found:
        if isinstance(one, NotDrawn):
            missing.append(one)
        else:
            spans.append(one)
    return Lane(kind, title, tuple(sorted(spans, key=lambda span: span.start.earliest)))


# --------------------------------------------------------------------------------------------------- counts


def _count(count: PlateletCount, p: PatientFacts) -> Count:
    return Count(count.value, count.shown, count.time, count.reference, tuple(_notes(count, p)))


def _notes(count: PlateletCount, p: PatientFacts) -> Iterator[str]:
    platelets = p.platelets
    if platelets.current is not None and count.reference == platelets.current.reference:
        if platelets.blocker is None:
            yield "the count in use"
        else:
            yield f"last known count; no rule decides by it: {platelets.blocker.value}"
    if count.status is not ResultStatus.FINAL:
        yield count.status.value
    if count.specimen is not None:
        yield SPECIMENS[count.specimen]
    if count.estimate:
        yield "estimated from the film"
    if count.transfused:
        yield "within a day after platelets, not read as a trend"
    if count.unit_inferred:
        yield "unit read from the reference range"
    if count.dated_by_report:
        yield "dated by its report"


def _unused_counts(p: PatientFacts) -> Iterator[NotDrawn]:
    """Counts of the record that are in no series, each with its reason."""
    drawn = {count.reference for count in p.platelets.series}
    for result in p.record.platelets:
        if result.reference not in drawn:
            yield NotDrawn(_reported(result), result.time, result.reference, _why_unused(result, p.as_of))
    for unread in p.record.unread_platelets:
        yield NotDrawn("Platelet count", unread.time, unread.reference, "could not be read")


def _reported(result: PlateletResult) -> str:
    value = result.value if result.problem is None else result.shown
    unit = UNIT if result.problem is None else result.shown_unit or ""
    return (
        f"Platelet count {result.comparator or ''}{value:f} {unit}".strip()
        if value is not None
        else "Platelet count"
    )


def _why_unused(result: PlateletResult, as_of: datetime) -> str:
    if result.problem is not None:
        return result.problem.value
    if result.time is None:
        return "no date"
    if result.time.earliest > as_of:
        return "dated in the future"
    return "another result of the same sample is used"


# --------------------------------------------------------------------------------------------------- events


def _transfusions(p: PatientFacts) -> Iterator[Span | NotDrawn]:
    for event in p.record.performed:
        label = next((words for set_id, words in GIVEN if set_id in event.set_ids), None)
        if label is not None and event.status in DONE:
            yield _given(event, label)


def _given(event: Performed, label: str) -> Span | NotDrawn:
    start = event.start or event.end
    if start is None:
        return NotDrawn(f"{label} given", None, event.reference, "no date")
    running = event.status == "in-progress" and event.end is None
    notes = ("under way",) if running else ()
    return Span(label, start, event.end, (event.reference,), notes, goes_on=running)


def _bleeding(p: PatientFacts) -> Iterator[Span | NotDrawn]:
    findings = {finding.reference: finding for finding in p.record.findings}
    for bleed in (*p.bleeding.findings, *p.bleeding.history):
        words = FINDING_WORDS[bleed.name]
        label = words[:1].upper() + words[1:]
        finding = findings.get(bleed.reference)
        start = _begin(finding) or bleed.since
        if start is None:
            yield NotDrawn(label, None, bleed.reference, "no date")
            continue
        end = None if finding is None else finding.ended
        goes_on = end is None and bleed.activity is Activity.ACTIVE
        yield Span(label, start, end, (bleed.reference,), tuple(_told_of(bleed)), goes_on=goes_on)


def _begin(finding: Finding | None) -> Moment | None:
    return None if finding is None else finding.onset or finding.recorded


def _told_of(bleed: Bleed) -> Iterator[str]:
    yield f"WHO grade {bleed.grade}" if bleed.grade is not None else "not graded"
    yield ACTIVITIES[bleed.activity]
    if bleed.patient_reported:
        yield "reported by the patient"
    if bleed.suspected:
        yield "recorded as suspected"


# ----------------------------------------------------------------------------------------------- infections


def _infections(p: PatientFacts) -> Iterator[Span | NotDrawn]:
    findings = {finding.reference: finding for finding in p.record.findings}
    for infection in p.infections.found:
        name = p.pathogens[infection.pathogen].name
        if infection.onset is None:
            yield NotDrawn(name, None, infection.references[0], "no date")
            continue
        ends = [
            f.ended
            for r in infection.references
            if (f := findings.get(r)) is not None and f.ended is not None
        ]
        end = None if infection.current else max(ends, key=lambda moment: moment.latest, default=None)
        notes = tuple(_told_of_infection(infection))
        yield Span(name, infection.onset, end, infection.references, notes, goes_on=infection.current)


def _told_of_infection(infection: Infection) -> Iterator[str]:
    yield CERTAINTIES[infection.certainty]
    yield "current" if infection.current else "past"
    if infection.severe:
        yield "severe"
    if infection.is_under_therapy:
        yield "under therapy"
    if infection.cured:
        yield "cured or controlled by a test"


def _windows(p: PatientFacts) -> Iterator[Span]:
    """The time in which the platelets should recover, of every infection whose start is known (MON-05)."""
    for infection in p.infections.found:
        pathogen = p.pathogens[infection.pathogen]
        start = recovery_start(infection, pathogen)
        if start is None or infection.is_suspected_only:
            continue
        end = start.latest + timedelta(weeks=pathogen.window_weeks)
        by_therapy = infection.therapy_started is not None and start == infection.therapy_started
        since = "the start of therapy" if by_therapy else "the onset"
        yield Span(
            pathogen.name,
            start,
            _day(end),
            infection.references,
            (
                f"up to {pathogen.window_weeks} weeks from {since}",
                "over" if end < p.as_of else "not over yet",
            ),
        )


def _day(at: datetime) -> Moment:
    """The whole day of a time: a window of weeks has no clock time."""
    begin = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Moment(begin, begin + timedelta(days=1), begin.date().isoformat())
