"""SAFE-10: a fall of the platelets some days after a drug that is known for it (rulebook A.5.4, list of ORD-15).

For each drug: the last count before or at its start, and the first count after it that is below 150 and at least 30 %
lower; the days from the start to that count decide. Rifampicin and valproate: any such count on therapy; linezolid: the
latest such count from day 10. One card for all drugs found; a fall that is over gives none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from cards.anti_infective.ordering import order
from cards.facts import Blocker, PatientFacts, PlateletCount
from cards.frozen import dataclass
from cards.host import is_newborn
from cards.outcome import Advice, CannotTell, Indicator, Input, Outcome, Topic
from cards.reading.trend import percent_below
from cards.reasons import Fact
from cards.record import Kind, Medication, Moment
from cards.rows import count_row, medication_row
from cards.safety import hit
from cards.safety.card_parts import mimic_card, references
from cards.safety.heparin import Course, merge_doses
from cards.safety.silence import COUNT_NOT_LOW, NO_COUNT, NO_MIMIC, NOT_FOR_THIS_PERSON
from cards.thresholds import Thresholds

HEPARIN = "heparin"
BETA_LACTAMS = ("med-penicillin", "med-cephalosporin", "med-carbapenem")
LISTED = (
    "med-drug-induced-thrombocytopenia",
    "med-drug-induced-thrombocytopenia-tier2",
    *BETA_LACTAMS,
    "med-heparin",
    "med-rifamycin",
)
"""Both tiers of ORD-15 (the second with every beta-lactam), all heparins, and rifamycins in combinations."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A fall on one course of one drug."""

    drug: str  # our name
    course: Course
    before: PlateletCount
    first: PlateletCount
    days: int


Judge = Callable[[PatientFacts, Course, PlateletCount, PlateletCount, Thresholds], bool]


def _in_days(
    p: PatientFacts, course: Course, first: PlateletCount, last: PlateletCount, limits: Thresholds
) -> bool:
    return limits.drug_from <= _days(course, first) <= limits.drug_to


def _in_days_of_heparin(
    p: PatientFacts, course: Course, first: PlateletCount, last: PlateletCount, limits: Thresholds
) -> bool:
    return limits.drug_from <= _days(course, first) <= limits.drug_heparin_to


def _in_hours(
    p: PatientFacts, course: Course, first: PlateletCount, last: PlateletCount, limits: Thresholds
) -> bool:
    return first.time.earliest - _start(course).latest <= limits.span("drug_gp_hours")


def _after_long_therapy(
    p: PatientFacts, course: Course, first: PlateletCount, last: PlateletCount, limits: Thresholds
) -> bool:
    return _on_therapy(p, course, last, last, limits) and _days(course, last) >= limits.drug_linezolid_days


def _on_therapy(
    p: PatientFacts, course: Course, first: PlateletCount, last: PlateletCount, limits: Thresholds
) -> bool:
    return course.end is None or first.time.earliest <= course.end.latest


DRUGS: tuple[tuple[str, str, Judge], ...] = (
    ("med-heparin", HEPARIN, _in_days_of_heparin),
    ("med-gp2b3a", "a GPIIb/IIIa inhibitor", _in_hours),
    ("med-linezolid", "linezolid", _after_long_therapy),
    ("med-rifamycin", "a rifamycin", _on_therapy),
    ("med-valproate", "valproate", _on_therapy),
    ("med-cephalosporin", "a cephalosporin", _in_days),
    ("med-carbapenem", "a carbapenem", _in_days),
    ("med-penicillin", "a penicillin", _in_days),
    ("med-fluconazole", "fluconazole", _in_days),
    ("med-ganciclovir", "(val)ganciclovir", _in_days),
    ("med-ribavirin", "ribavirin", _in_days),
    ("med-interferon", "an interferon", _in_days),
    ("med-quinidine", "quinidine", _in_days),
    ("med-antimalarial", "quinine", _in_days),
    ("med-cotrimoxazole", "co-trimoxazole", _in_days),
    ("med-hcv-inducer", "carbamazepine/phenytoin", _in_days),
    ("med-antiretroviral", "zidovudine", _in_days),
    ("med-antileishmanial-antifungal", "amphotericin B", _in_days),
    ("med-vancomycin", "vancomycin", _in_days),
    ("med-trimethoprim", "trimethoprim", _in_days),
    ("med-methotrexate", "methotrexate", _in_days),
    ("med-pyrimethamine", "pyrimethamine", _in_days),
    ("med-tedizolid", "tedizolid", _in_days),
    ("med-drug-induced-thrombocytopenia", "a listed medicine", _in_days),
    ("med-drug-induced-thrombocytopenia-tier2", "another beta-lactam", _in_days),
)
"""Value set, our name, and the rule of time: the first row that a drug belongs to.

Only listed drugs come here, so that a wider set names the one of it that is listed (zidovudine of the antiretrovirals).
"""


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """A warning that names every such drug, led by the one whose fall was seen first. Not for newborns (POP-01)."""
    if is_newborn(p, limits):
        return NOT_FOR_THIS_PERSON
    if not p.answered(Kind.MEDICATIONS):
        return CannotTell(Fact.MEDICATIONS)
    current = p.platelets.current
    if current is None or p.platelets.blocker is Blocker.CLUMPING:
        return NO_COUNT
    if current.value >= limits.normal:
        return COUNT_NOT_LOW
    falls = find_falls(p, current, limits)
    if any(f.drug == HEPARIN for f in falls) and hit.holds(p, limits):
        falls = tuple(f for f in falls if f.drug != HEPARIN)  # SAFE-02 speaks of it
    if not falls:
        undated = any(m.start is None for m in p.using(*LISTED))
        return CannotTell(Fact.DRUG_START) if undated else NO_MIMIC
    lead = falls[0]
    rows = tuple(row for fall in falls for row in _rows(fall))
    more = ", ".join(dict.fromkeys(fall.drug for fall in falls[1:]))
    time_critical = p.sepsis_recorded
    return mimic_card(
        p,
        limits,
        "SAFE-10",
        Indicator.WARNING,
        rows,
        title="title.several" if more else "title",
        say=("suggestion", *(("several",) if more else ())),
        cautions=(
            *(("caution.sepsis",) if time_critical else ()),
            *(("caution.rifamycin",) if any(f.drug == "a rifamycin" for f in falls) else ()),
        ),
        values={"drug": lead.drug, "days": lead.days, "more": more},
        suggestions=order(p, "review", ("medication-review", "cbc-film"), references(rows), "urgent"),
        without=("refusal",),
    )


def find_falls(p: PatientFacts, current: PlateletCount, limits: Thresholds) -> tuple[Fall, ...]:
    """Falls on drugs that are or were in use in the last 14 days, the first seen first."""
    if not any(_has_fallen(c, current, limits) for c in p.platelets.series if c is not current):
        return ()  # whatever was taken: no count lies so far above the one in use
    used = p.used_within(limits.span("drug_to"), *LISTED)
    gap = limits.span("hit_course_gap")
    groups: dict[tuple[str, object], list[Medication]] = {}
    for drug in used:
        set_id = next(s for s, _, _ in DRUGS if s in drug.set_ids)
        groups.setdefault((set_id, drug.codes), []).append(drug)
    found = []
    for (set_id, _), doses in groups.items():
        name, judge = next((name, judge) for s, name, judge in DRUGS if s == set_id)
        for course in merge_doses(p, doses, gap):
            fall = _fall(p, name, judge, course, current, limits)
            found += [] if fall is None else [fall]
    return tuple(sorted(found, key=lambda f: (f.first.time.earliest, f.drug)))


def _fall(
    p: PatientFacts, name: str, judge: Judge, course: Course, current: PlateletCount, limits: Thresholds
) -> Fall | None:
    if course.start is None:
        return None
    counts = [c for c in p.platelets.series if not c.transfused and c.time.earliest <= current.time.earliest]
    earlier = [c for c in counts if c.time.earliest <= course.start.latest]
    later = [c for c in counts if c.time.earliest > course.start.latest]
    if not earlier or current not in later:
        return None
    low = [c for c in later if c.value < limits.normal and _has_fallen(earlier[-1], c, limits)]
    if current not in low or not judge(p, course, low[0], low[-1], limits):
        return None
    return Fall(name, course, earlier[-1], low[0], _days(course, low[0]))


def _has_fallen(before: PlateletCount, count: PlateletCount, limits: Thresholds) -> bool:
    return (before.value - count.value) * 100 >= before.value * limits.drug_fall


def _start(course: Course) -> Moment:
    assert course.start is not None, "only dated courses are judged"
    return course.start


def _days(course: Course, count: PlateletCount) -> int:
    """Calendar days from the start to the sample."""
    return (count.time.earliest.date() - _start(course).earliest.date()) // timedelta(days=1)


def _rows(fall: Fall) -> tuple[Input, ...]:
    percent = percent_below(fall.first.value, fall.before.value)
    return (
        *(medication_row(fall.drug, dose) for dose in fall.course.doses[:1]),
        Input(f"days from the start of {fall.drug} to the fall", Decimal(fall.days), None, fall.first.time),
        count_row(fall.before, f"platelet count before {fall.drug}"),
        Input(f"fall on {fall.drug}", percent, "%", fall.first.time, fall.first.reference),
    )


ADVICE = Advice(stem="safety/drug_induced", ids=("SAFE-10",), topic=Topic.SAFETY, decide=decide)
