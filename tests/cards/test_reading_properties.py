"""What holds of reading for every record: it never fails, nor depends on order, nor decides in doubt."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cards.facts import Activity, PatientFacts
from cards.reading import read
from cards.reading.bleeding_kinds import KINDS
from cards.record import (
    Answer,
    ClinicalStatus,
    Finding,
    Kind,
    Moment,
    PlateletResult,
    Record,
    ResultStatus,
    Specimen,
    UnitProblem,
    UnreadPlatelets,
    Verification,
)
from cards.record import TestResult as LabResult
from tests.cards.build import (
    LIMITS,
    ON_ICU,
    ago,
    condition,
    count,
    drug,
    lab,
    platelets_given,
    record,
    red_cells_given,
    shipped_pathogens,
    unread,
    whole_day,
)

HALF_HOURS = st.integers(-2, 48 * 40).map(lambda n: ago(minutes=30 * n))
MOMENTS = st.one_of(HALF_HOURS, st.integers(0, 800).map(whole_day))
MAYBE = st.one_of(st.none(), MOMENTS)
VALUES = st.one_of(st.integers(0, 400).map(Decimal), st.decimals(0, 400, places=1))
SETS = sorted({*KINDS, "inf-ebv", "inf-dengue", "inf-sepsis", "inf-h-pylori", "sign-fever", "mimic-dic"})
NUMBERED = {"unique_by": lambda part: part.reference}


@st.composite
def counts(draw: st.DrawFn) -> PlateletResult:
    members = {
        "at": draw(MOMENTS),
        "undated": draw(st.booleans()) and draw(st.booleans()),
        "status": draw(st.sampled_from(ResultStatus)),
        "specimen": draw(st.one_of(st.none(), st.sampled_from(Specimen))),
        "estimate": draw(st.booleans()) and draw(st.booleans()),
    }
    problem = draw(st.one_of(st.none(), st.none(), st.sampled_from(UnitProblem)))
    return count(None if problem else draw(VALUES), problem=problem, **members)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    onset, ended = draw(MAYBE), draw(MAYBE)
    return condition(
        draw(st.sampled_from(SETS)),
        at=onset,
        undated=onset is None,
        ended=draw(st.sampled_from([None, ended])),
        recorded=draw(MAYBE),
        severity=draw(st.one_of(st.none(), st.integers(1, 4))),
        code=draw(st.sampled_from([None, None, "parent", "undated", "history", "congenital"])),
        clinical=draw(st.sampled_from(ClinicalStatus)),
        verification=draw(st.sampled_from(Verification)),
        patient_reported=draw(st.booleans()),
    )


@st.composite
def results(draw: st.DrawFn) -> LabResult:
    time = draw(MAYBE)
    set_id = draw(st.sampled_from(["lab-ebv", "lab-dengue", "lab-h-pylori", "obs-platelet-artefact"]))
    proves = draw(st.sampled_from(["current", "exposure", "screen", None]))
    return lab(
        set_id, draw(st.sampled_from(["positive", "negative"])), at=time, undated=time is None, proves=proves
    )


RECORDS = st.builds(
    lambda platelets, found, tested, unread_ones, flags: record(
        platelets,
        findings=found,
        tests=tested,
        unread_platelets=unread_ones,
        performed=[platelets_given(hours=9), red_cells_given()] if flags[0] else [],
        medications=[drug("med-h-pylori", code="1"), drug("med-tpo-ra", days=90)] if flags[1] else [],
        stay=ON_ICU if flags[2] else None,
    ),
    st.lists(counts(), max_size=6, **NUMBERED),
    st.lists(findings(), max_size=5, **NUMBERED),
    st.lists(results(), max_size=4, **NUMBERED),
    st.lists(st.builds(lambda at: unread(at=at, undated=at is None), MAYBE), max_size=1),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
)


def facts_of(one: Record) -> PatientFacts:
    return read(one, LIMITS, shipped_pathogens())


@given(RECORDS)
def test_a_count_decides_exactly_when_nothing_speaks_against_it(one: Record) -> None:
    platelets = facts_of(one).platelets
    assert (platelets.blocker is None) is (platelets.decisive is not None)
    if platelets.current is not None:
        assert platelets.current in platelets.series
        assert platelets.decisive in (None, platelets.current)
        assert platelets.age is not None
        assert platelets.age <= LIMITS.span("history_only")


@given(RECORDS, st.randoms(use_true_random=False))
def test_the_order_of_the_record_does_not_matter(one: Record, chance: random.Random) -> None:
    def shuffled(parts: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(chance.sample(parts, len(parts)))

    other = replace(
        one,
        platelets=shuffled(one.platelets),
        findings=shuffled(one.findings),
        tests=shuffled(one.tests),
        medications=shuffled(one.medications),
    )
    assert gist(facts_of(one)) == gist(facts_of(other))


def gist(p: PatientFacts) -> object:
    """What decides cards, without references: two records of the same fact are interchangeable."""
    current, bleeds, infections = p.platelets.current, p.bleeding.findings, p.infections.found
    return (
        p.platelets.blocker,
        None if current is None else current.value,
        p.platelets.trend,
        p.platelets.last_known,
        p.platelets.chronic_stable,
        sorted((b.set_id, b.activity, b.weight, b.patient_reported, b.suspected) for b in bleeds),
        [(i.pathogen, i.certainty, i.current, i.onset, i.severe, i.cured, i.resolved) for i in infections],
        [len(s) for s in (p.signs.fever, p.signs.organ_failure)],
    )


@given(RECORDS)
def test_a_failed_search_for_platelets_lets_nothing_decide(one: Record) -> None:
    failed = replace(one, answers={**one.answers, Kind.PLATELETS: Answer.FAILED})
    assert facts_of(failed).platelets.decisive is None


@given(RECORDS)
def test_a_newer_unreadable_result_lets_nothing_decide(one: Record) -> None:
    newer = UnreadPlatelets("Observation/new", "not read", Moment.instant(one.as_of + timedelta(days=1)))
    assert facts_of(replace(one, unread_platelets=(newer,))).platelets.decisive is None


@given(RECORDS, st.integers(1, 4))
def test_a_graver_bleed_never_counts_less(one: Record, severity: int) -> None:
    """A higher recorded severity never lowers the weight of what bleeds now."""

    def heaviest(given_severity: int) -> int:
        graver = tuple(replace(f, severity=given_severity) for f in one.findings)
        active = facts_of(replace(one, findings=graver)).bleeding.active
        return max((b.weight for b in active), default=0)

    assert heaviest(severity) <= heaviest(4)


@given(RECORDS)
def test_an_additional_finding_hides_no_bleed(one: Record) -> None:
    """Skin findings beside it leave every other bleed as it was."""
    skin = condition("bleed-skin")
    more = facts_of(replace(one, findings=(*one.findings, skin))).bleeding
    before = [b for b in facts_of(one).bleeding.findings if b.set_id != "bleed-skin"]
    assert [b for b in more.findings if b.set_id != "bleed-skin"] == before
    assert any(b.activity is Activity.ACTIVE for b in more.findings)
