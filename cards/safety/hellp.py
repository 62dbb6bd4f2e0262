"""SAFE-08: HELLP and pre-eclampsia: low platelets from 20 weeks of gestation to 7 days after the birth.

Below 100 with hypertension, AST or ALT of twice the upper limit, or a sign of haemolysis; or HELLP recorded. Without a
recorded gestational age a pregnancy counts; without a range of the laboratory AST and ALT are not known.
"""

from __future__ import annotations

from datetime import timedelta

from cards.anti_infective.ordering import order
from cards.facts import Known, PatientFacts, has_past_code, is_past
from cards.facts.once import once
from cards.frozen import replace
from cards.outcome import Advice, CannotTell, Indicator, NoAdvice, Outcome, Topic
from cards.reasons import Fact
from cards.record import Finding, Measurement
from cards.rows import event_row, finding_row, gestation_row, measurement_row, pregnancy_row
from cards.safety.card_parts import mimic_card, references
from cards.safety.counts import is_below
from cards.safety.haemolysis import Shown, find_haemolysis
from cards.safety.laboratory import above_range, any_of
from cards.safety.silence import COUNT_NOT_LOW, NO_COUNT, NO_SIGNS, NOT_FOR_THIS_PERSON
from cards.thresholds import Thresholds

HELLP, POSTPARTUM, DELIVERY = "mimic-hellp", "risk-postpartum", "proc-delivery"
PREGNANCY = "risk-pregnancy"
OBSTETRIC = (HELLP, POSTPARTUM, PREGNANCY)
ENZYMES = (("AST", "obs-ast"), ("ALT", "obs-alt"))


@once
def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical: obstetric emergency review. Procedures and immune causes ask it too."""
    if p.person.pregnancy is Known.NO and _is_unrecorded(p):
        return NOT_FOR_THIS_PERSON
    within = limits.span("mimic_days")
    recorded = tuple(
        finding_row("HELLP syndrome", f)
        for f in p.findings(HELLP)
        if not is_past(f) and not has_past_code(f, HELLP) and p.is_recent(f, within) is not False
    )
    pregnancy = _pregnancy(p, limits)
    if not recorded and pregnancy.answer is Known.NO:
        return NOT_FOR_THIS_PERSON
    low = is_below(p, limits.hellp_count)
    if not recorded and low is not Known.YES:
        return COUNT_NOT_LOW if low is Known.NO else NO_COUNT
    signs = (_hypertension(p, limits), _enzymes(p, limits), find_haemolysis(p, limits))
    answer = any_of(*(s.answer for s in signs))
    if not recorded and not (answer is Known.YES and pregnancy.answer is Known.YES):
        return _why_not(answer, pregnancy)
    shown = tuple(row for s in signs if s.answer is Known.YES for row in s.rows)
    unknown = (Fact.BLOOD_PRESSURE, Fact.LIVER_TESTS, Fact.HAEMOLYSIS)
    rows = (*recorded, *pregnancy.rows, *shown)
    card = mimic_card(
        p,
        limits,
        "SAFE-08",
        Indicator.CRITICAL,
        rows,
        title="title.recorded" if recorded else "title",
        say=("suggestion", "way.recorded" if recorded else "way.signs", "infection"),
        unknown=tuple(fact for fact, s in zip(unknown, signs, strict=True) if s.answer is Known.UNKNOWN),
        suggestions=order(
            p, "call", ("obstetrics", "haemolysis", "liver-tests", "coagulation"), references(rows), "stat"
        ),
        without=("pregnancy",),
    )
    return replace(card, also=(*card.also, "POP-03"))


def _is_unrecorded(p: PatientFacts) -> bool:
    """Neither the syndrome nor a pregnancy nor a birth stands in the record, at any time."""
    record = p.record
    return record.finding_sets.isdisjoint(OBSTETRIC) and DELIVERY not in record.performed_sets


def _why_not(answer: Known, pregnancy: Shown) -> NoAdvice | CannotTell:
    """Below the limit, and a pregnancy that is recorded or may be."""
    if answer is Known.NO:
        return NO_SIGNS
    if pregnancy.answer is Known.UNKNOWN:
        return CannotTell(Fact.PREGNANCY)
    return CannotTell(Fact.BLOOD_PRESSURE, Fact.LIVER_TESTS, Fact.HAEMOLYSIS)


def _pregnancy(p: PatientFacts, limits: Thresholds) -> Shown:
    """From 20 weeks, or of unknown gestation; or a birth of the last 7 days."""
    within = limits.span("hellp_postpartum")
    birth = tuple(finding_row("after a birth", f) for f in p.present(POSTPARTUM) if p.is_recent(f, within))
    delivered = tuple(event_row("birth", e) for e in p.done_within(within, DELIVERY))
    ended = tuple(finding_row("end of a pregnancy", f) for f in p.findings(PREGNANCY) if _ended(p, f, within))
    if birth or delivered or ended:
        return Shown(Known.YES, (*birth, *delivered, *ended))
    if p.person.pregnancy is not Known.YES:
        return Shown(p.person.pregnancy)
    weeks = p.person.gestation_weeks
    late = weeks is None or weeks >= limits.hellp_weeks
    return Shown(Known.YES if late else Known.NO, (pregnancy_row(p), gestation_row(p, "weeks of gestation")))


def _ended(p: PatientFacts, pregnancy: Finding, within: timedelta) -> bool:
    """A pregnancy that is recorded as ended lately: by a birth, for all that is known."""
    end = pregnancy.ended
    return end is not None and not has_past_code(pregnancy, PREGNANCY) and end.since(p.as_of) <= within


def _hypertension(p: PatientFacts, limits: Thresholds) -> Shown:
    """Any reading of the last 72 hours at or above 140 systolic or 90 diastolic."""
    within = limits.span("hellp_hours")
    readings = (
        ("systolic blood pressure", _readings(p, "obs-systolic", within), limits.hellp_systolic),
        ("diastolic blood pressure", _readings(p, "obs-diastolic", within), limits.hellp_diastolic),
    )
    high = tuple(
        measurement_row(fact, m) for fact, found, limit in readings for m in found if m.value >= limit
    )
    if high:
        return Shown(Known.YES, high)
    return Shown(Known.NO if any(found for _, found, _ in readings) else Known.UNKNOWN)


def _readings(p: PatientFacts, set_id: str, within: timedelta) -> list[Measurement]:
    return [
        m
        for m in p.measured(set_id)
        if m.time is not None and m.unit == "mm[Hg]" and m.time.since(p.as_of) <= within
    ]


def _enzymes(p: PatientFacts, limits: Thresholds) -> Shown:
    """AST or ALT of the last days at or above twice the upper limit of its range."""
    within = limits.span("haemolysis_days")
    found = [(fact, p.newest(set_id, within)) for fact, set_id in ENZYMES]
    judged = [(fact, m, _is_high(m, limits)) for fact, m in found]
    rows = tuple(measurement_row(fact, m) for fact, m, answer in judged if m and answer is Known.YES)
    return Shown(any_of(*(answer for _, _, answer in judged)), rows)


def _is_high(m: Measurement | None, limits: Thresholds) -> Known:
    if m is not None and m.high is not None and m.value == m.high * limits.hellp_enzymes:
        return Known.YES
    return above_range(m, limits.hellp_enzymes)


ADVICE = Advice(stem="safety/hellp", ids=("SAFE-08",), topic=Topic.SAFETY, decide=decide)
