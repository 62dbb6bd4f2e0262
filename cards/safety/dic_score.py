"""The ISTH score of overt DIC (2001, harmonised 2013): platelets, D-dimer, prothrombin time, fibrinogen; 5 and more.

It is used only in a patient with a cause of DIC (infection, cancer, trauma, obstetric); cirrhosis alone is none. All
items lie within 24 hours of the newest. "Strong" and "moderate" rise of D-dimer are cuts of this service, for the score
of 2001 names none; D-dimer and prothrombin time are judged by the range of their laboratory, else they are not known.
"""

from __future__ import annotations

from decimal import Decimal

from cards.facts import Known, PatientFacts
from cards.facts.once import once
from cards.outcome import Input
from cards.reasons import Fact
from cards.record import Measurement, Moment
from cards.rows import count_row, finding_row, infection_row, measurement_row, pregnancy_row
from cards.safety.counts import NOT_FOR_A_SCORE
from cards.safety.infections import recorded_infections
from cards.safety.laboratory import above_range, at_least, below, newest
from cards.safety.score import Item, Score
from cards.thresholds import Thresholds

OTHER_CAUSES = (
    ("cancer", ("risk-cancer", "mimic-marrow", "mimic-acute-leukaemia", "mimic-lymphoma")),
    ("head injury", ("sign-head-injury",)),
    ("period after a birth", ("risk-postpartum",)),
)
"""Conditions that can cause DIC, beside infection and pregnancy."""

CLOTTING = ("obs-d-dimer", "obs-d-dimer-ddu", "obs-pt-seconds", "obs-pt-inr", "obs-fibrinogen")
"""All items but the count."""


@once
def overt_dic(p: PatientFacts, limits: Thresholds) -> Score:
    """The score from the values of one day, the newest at most 72 hours old."""
    values = _values(p, limits)
    drawn = [m.time for m in values.values() if m is not None and m.time is not None]
    count = _count_time(p, limits)
    last = max((t.latest for t in (*drawn, count) if t is not None), default=p.as_of)
    apart = limits.span("dic_apart")
    of_the_day = {
        set_id: m if m is not None and m.time is not None and last - m.time.earliest <= apart else None
        for set_id, m in values.items()
    }
    counted = count is not None and last - count.earliest <= apart
    return Score(
        "DIC",
        (
            _platelets(p, counted, limits),
            _d_dimer(of_the_day["obs-d-dimer"] or of_the_day["obs-d-dimer-ddu"], limits),
            _prothrombin(of_the_day["obs-pt-seconds"], of_the_day["obs-pt-inr"], limits),
            _fibrinogen(of_the_day["obs-fibrinogen"], limits),
        ),
    )


def _values(p: PatientFacts, limits: Thresholds) -> dict[str, Measurement | None]:
    within = limits.span("dic_hours")
    found = {s: p.newest(s, within) for s in ("obs-d-dimer", "obs-d-dimer-ddu", "obs-pt-seconds")}
    return found | {s: newest(p, s, within) for s in ("obs-pt-inr", "obs-fibrinogen")}


def _count_time(p: PatientFacts, limits: Thresholds) -> Moment | None:
    count = p.platelets.current
    if count is None or p.platelets.blocker in NOT_FOR_A_SCORE:
        return None
    return count.time if count.time.age(p.as_of) <= limits.span("dic_hours") else None


def is_counted(p: PatientFacts, limits: Thresholds) -> bool:
    """Whether the count gives its points where no test of clotting stands beside it: of one day, and not too old."""
    when = _count_time(p, limits)
    return when is not None and when.latest - when.earliest <= limits.span("dic_apart")


def _platelets(p: PatientFacts, counted: bool, limits: Thresholds) -> Item:
    count = p.platelets.current
    if count is None or not counted:
        return Item.unknown(2, Fact.PLATELETS)
    points = int(count.value < limits.dic_platelets_moderate) + int(count.value < limits.dic_platelets_low)
    return Item.known(points, count_row(count))


def _d_dimer(m: Measurement | None, limits: Thresholds) -> Item:
    raised = above_range(m)
    if m is None or raised is Known.UNKNOWN:
        return Item.unknown(3, Fact.D_DIMER)
    row = measurement_row("D-dimer", m)
    if raised is Known.NO:
        return Item.known(0, row)
    strong = above_range(m, limits.dic_d_dimer_strong)
    if strong is Known.UNKNOWN:
        return Item(2, 3, (row,), (Fact.D_DIMER,))
    return Item.known(3 if strong is Known.YES else 2, row)


def _prothrombin(pt: Measurement | None, inr: Measurement | None, limits: Thresholds) -> Item:
    """By seconds above the upper limit of the range; where that is not known, by the INR."""
    if pt is not None and pt.high is not None and pt.unit == "s":
        fact, measured = "prothrombin time", pt
        steps = (pt.high + limits.dic_pt_moderate, pt.high + limits.dic_pt_long)
    elif inr is not None:
        fact, measured = "INR", inr
        steps = (limits.dic_inr_moderate, limits.dic_inr_long)
    else:
        return Item.unknown(2, Fact.INR)
    moderate, long = (at_least(measured, step) for step in steps)
    if moderate is Known.UNKNOWN:
        return Item.unknown(2, Fact.INR)
    least = int(moderate is Known.YES) + int(long is Known.YES)
    most = least + int(long is Known.UNKNOWN and moderate is Known.YES)
    return Item(least, most, (measurement_row(fact, measured),), (Fact.INR,))


def _fibrinogen(m: Measurement | None, limits: Thresholds) -> Item:
    low = below(m, limits.dic_fibrinogen)
    if m is None or low is Known.UNKNOWN:
        return Item.unknown(1, Fact.COAGULATION)
    return Item.known(int(low is Known.YES), measurement_row("fibrinogen", m))


@once
def find_causes(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """The rows of every recorded cause of DIC: infection, cancer, trauma, pregnancy and birth."""
    infections = tuple(infection_row(p, i) for i in p.infections.current())
    others = tuple(
        finding_row(fact, f)
        for fact, sets in OTHER_CAUSES
        if p.findings(*sets)
        for f in (*p.present(*sets), *p.suspected(*sets))
    )
    pregnancy: tuple[Input, ...] = ()
    if p.person.pregnancy is Known.YES:
        pregnancy = (pregnancy_row(p),)
    known = {row.reference for row in infections}
    more = tuple(r for r in recorded_infections(p, limits) if r.reference not in known)
    return (*infections, *more, *others, *pregnancy)


def has_cause(p: PatientFacts, limits: Thresholds) -> bool:
    """Whether any is recorded: mostly an infection, which is told without its rows."""
    return bool(p.infections.current() or find_causes(p, limits))


def is_overt(score: Score, limits: Thresholds) -> Known:
    """Whether the certain points reach the limit, cannot reach it, or may."""
    limit = int(limits.dic_overt)
    if Decimal(score.least) >= limit:
        return Known.YES
    return Known.UNKNOWN if score.most >= limit else Known.NO
