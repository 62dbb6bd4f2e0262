"""The 4Ts of heparin-induced thrombocytopenia, computed from the record for one course of heparin (rulebook SAFE-02).

Thrombocytopenia: fall from the highest count (from 24 hours before the first dose) to the lowest after it. Timing: the
day of the first count at least 30 % lower. Thrombosis: dated after the first dose. Other causes: a recorded infection
or a drug known for thrombocytopenia is possible; DIC, chemotherapy, another confirmed mimic definite. Skin necrosis has
no code that is read.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from cards.facts import Blocker, Known, PatientFacts, PlateletCount
from cards.frozen import dataclass
from cards.outcome import Input
from cards.reasons import Fact
from cards.record import Finding, Kind, Verification
from cards.rows import count_row, event_row, finding_row, infection_row, medication_row
from cards.safety.dic_score import find_causes, is_overt, overt_dic
from cards.safety.heparin import Course
from cards.safety.infections import recorded_infections
from cards.safety.score import Item, Score
from cards.thresholds import Thresholds

THROMBOSIS = ("risk-thrombosis", "risk-cvst", "risk-portal-vein-thrombosis", "risk-acs")
POSSIBLE_DRUGS = "med-drug-induced-thrombocytopenia"
CHEMOTHERAPY = ("med-chemotherapy", "proc-chemotherapy")
OTHER_MIMICS = (
    "mimic-tma",
    "mimic-hus",
    "mimic-vitt",
    "mimic-dic",
    "mimic-hlh",
    "mimic-hellp",
    "mimic-alloimmune",
    "mimic-marrow",
    "mimic-acute-leukaemia",
    "mimic-aplastic",
)


@dataclass(frozen=True, slots=True)
class Drop:
    """The fall of the counts on a course: `before` None where no count from before it is known."""

    before: PlateletCount | None
    nadir: PlateletCount
    onset: PlateletCount | None  # first count at least 30 % lower


def four_ts(p: PatientFacts, course: Course, courses: tuple[Course, ...], limits: Thresholds) -> Score:
    """The score for one course; `courses` tell of earlier exposure."""
    drop = find_drop(p, course, limits)
    return Score(
        "4Ts",
        (
            _thrombocytopenia(drop, limits),
            _timing(course, courses, drop, limits),
            _thrombosis(p, course),
            _other_causes(p, limits),
        ),
    )


# ---------------------------------------------------------------------------------------------- the fall


def find_drop(p: PatientFacts, course: Course, limits: Thresholds) -> Drop | None:
    """The fall that still lasts; None without a count since the first dose, or with one that cannot be trusted."""
    current = p.platelets.current
    if current is None or p.platelets.blocker is Blocker.CLUMPING:
        return None
    since = None if course.start is None else course.start.earliest - limits.span("hit_baseline")
    counts = [
        c
        for c in p.platelets.series
        if (since is None or c.time.latest >= since) and c.time.earliest <= current.time.earliest
    ]
    higher = [c for c in counts if c is not current and not c.transfused]
    before = max(higher, key=lambda c: c.value, default=None)
    if before is None or course.start is None:
        return Drop(None, current, None)
    after = [c for c in counts if c.time.earliest > before.time.earliest] or [current]
    nadir = min(after, key=lambda c: c.value)
    low = [c for c in after if _is_fall(before, c, limits)]
    if not _is_fall(before, current, limits):
        return Drop(before, current, None)
    return Drop(before, nadir, low[0])


def _is_fall(before: PlateletCount, count: PlateletCount, limits: Thresholds) -> bool:
    return (before.value - count.value) * 100 >= before.value * limits.hit_fall_minor


def _thrombocytopenia(drop: Drop | None, limits: Thresholds) -> Item:
    if drop is None:
        return Item.unknown(2, Fact.PLATELETS)
    nadir = drop.nadir.value
    row = count_row(drop.nadir, "lowest platelet count since heparin")
    if nadir < limits.hit_nadir_low:
        return Item.known(0, row)
    if drop.before is None:
        return Item(0, 1 if nadir < limits.hit_nadir else 2, (row,), (Fact.BEFORE_HEPARIN,))
    rows = (row, count_row(drop.before, "highest platelet count before the fall"))
    if not _is_fall(drop.before, drop.nadir, limits):
        return Item.known(0, *rows)
    above_half = (drop.before.value - nadir) * 100 > drop.before.value * limits.hit_fall_major
    return Item.known(2 if above_half and nadir >= limits.hit_nadir else 1, *rows)


# ---------------------------------------------------------------------------------------------- timing


def _timing(course: Course, courses: tuple[Course, ...], drop: Drop | None, limits: Thresholds) -> Item:
    """Calendar days from the first dose to the first low count; unclear where either is not known."""
    rows = course.rows
    if drop is None:
        return Item(0, 2, rows, (Fact.PLATELETS,))
    if course.start is None or drop.before is None:
        return Item.known(1, *rows)
    if drop.onset is None:
        return Item.known(0, *rows)
    day = Decimal((drop.onset.time.earliest.date() - course.start.earliest.date()).days)
    told = (
        Input("day of heparin on which the fall was seen", day, None, drop.onset.time, drop.onset.reference),
    )
    if day > limits.hit_onset_early:
        typical = limits.hit_onset_from <= day <= limits.hit_onset_to
        return Item.known(2 if typical else int(day > limits.hit_onset_to), *told, *rows)
    gap = _since_earlier(course, courses)
    if gap is None:
        return Item.known(0, *told, *rows)
    return Item.known(2 if gap <= limits.span("hit_earlier_exposure") else 1, *told, *rows)


def _since_earlier(course: Course, courses: tuple[Course, ...]) -> timedelta | None:
    """Time without heparin before this course, None without an earlier one."""
    assert course.start is not None, "asked for dated courses only"
    ends = [c.end.latest for c in courses if c is not course and c.end is not None]
    gaps = [course.start.earliest - end for end in ends if end <= course.start.earliest]
    return min(gaps, default=None)


# ---------------------------------------------------------------------------------------------- thrombosis


def _thrombosis(p: PatientFacts, course: Course) -> Item:
    """A thrombosis since the first dose: 2 points, a suspected one 1; an undated one may be either."""
    new = [f for f in p.present(*THROMBOSIS) if _is_after_start(f, course) is Known.YES]
    if new:
        return Item.known(2, *(finding_row("thrombosis since heparin", f) for f in new))
    suspected = [f for f in p.suspected(*THROMBOSIS) if _is_after_start(f, course) is not Known.NO]
    rows = tuple(finding_row("suspected thrombosis", f) for f in suspected)
    least = 1 if suspected else 0
    undated = [f for f in p.present(*THROMBOSIS) if _is_after_start(f, course) is Known.UNKNOWN]
    if undated:
        more = tuple(finding_row("thrombosis, time not clear", f) for f in undated)
        return Item(least, 2, (*rows, *more), (Fact.THROMBOSIS_DATE,))
    if not p.answered(Kind.CONDITIONS):
        return Item(least, 2, rows, (Fact.CONDITIONS,))
    return Item.known(least, *(rows or (Input("thrombosis since heparin", "none recorded"),)))


def _is_after_start(finding: Finding, course: Course) -> Known:
    """A thrombosis of the day on which heparin began may be the reason for it: not new."""
    when = finding.onset or finding.recorded
    if when is None or course.start is None:
        return Known.UNKNOWN
    return Known.YES if when.earliest > course.start.latest else Known.NO


# ---------------------------------------------------------------------------------------------- other causes


def _other_causes(p: PatientFacts, limits: Thresholds) -> Item:
    definite = _definite(p, limits)
    if definite:
        return Item.known(0, *definite)
    known = tuple(infection_row(p, i) for i in p.infections.current())
    infections = known + tuple(
        r for r in recorded_infections(p, limits) if r.reference not in {k.reference for k in known}
    )
    possible = (
        *infections,
        *(medication_row("drug known for thrombocytopenia", m) for m in p.using(POSSIBLE_DRUGS)),
    )
    unread = p.unread(Kind.CONDITIONS, Kind.MEDICATIONS)
    if unread:
        return Item(0, 1 if possible else 2, possible, unread)
    return Item.known(
        1 if possible else 2, *(possible or (Input("other cause of the fall", "none recorded"),))
    )


def _definite(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """What certainly explains the fall: overt DIC by the score, recent chemotherapy, a confirmed other mimic."""
    score = overt_dic(p, limits)
    dic = score.rows if is_overt(score, limits) is Known.YES and find_causes(p, limits) else ()
    within = limits.span("four_ts_chemotherapy_days")
    drugs = p.used_within(within, *CHEMOTHERAPY)
    given = p.done_within(within, *CHEMOTHERAPY)
    confirmed = [f for f in p.present(*OTHER_MIMICS) if _is_confirmed(p, f, limits)]
    return (
        *dic,
        *(medication_row("chemotherapy", m) for m in drugs),
        *(event_row("chemotherapy", e) for e in given),
        *(finding_row("other cause of the fall", f) for f in confirmed),
    )


def _is_confirmed(p: PatientFacts, f: Finding, limits: Thresholds) -> bool:
    """Written as confirmed, by a code that names the disease itself, and not older than the heparin can be."""
    if f.verification is not Verification.CONFIRMED:
        return False
    if all(m.status == "parent" for m in f.memberships if m.set_id in OTHER_MIMICS):
        return False
    when = f.onset or f.recorded
    chronic = f.is_in("mimic-marrow", "mimic-acute-leukaemia", "mimic-aplastic")
    return chronic or when is None or when.since(p.as_of) <= limits.span("mimic_days")
