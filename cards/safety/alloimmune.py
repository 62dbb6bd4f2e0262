"""SAFE-15: antibodies against another person's platelets: post-transfusion purpura, and the newborn (FNAIT).

After a transfusion: a count below 20, first seen 5 to 12 days after blood, at most half of an earlier one; not under
chemotherapy or with marrow disease, which explain that. Newborn: to 7 days, from 37 weeks, below 50, with no infection
recorded; asphyxia has no code that is read, and the mother's count is never known.
"""

from __future__ import annotations

from cards.anti_infective.ordering import order
from cards.facts import Known, PatientFacts, PlateletCount, is_past
from cards.outcome import Advice, Advise, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind, Moment, Performed
from cards.rows import count_row, event_row, finding_row, gestation_row
from cards.safety.card_parts import hold_back, mimic_card, references
from cards.safety.counts import is_below
from cards.safety.infections import recorded_infections
from cards.safety.silence import COUNT_NOT_LOW, NO_COUNT, NO_MIMIC, UNREAD
from cards.thresholds import Thresholds

BLOOD = ("proc-platelet-transfusion", "proc-red-cell-transfusion", "proc-other-blood-product")
EXPLAINING = ("med-chemotherapy", "proc-chemotherapy")
MARROW = ("mimic-marrow", "mimic-acute-leukaemia", "mimic-aplastic")
EXPLANATIONS = (Kind.CONDITIONS, Kind.MEDICATIONS)
"""Where another cause of the fall would stand."""

RECORDED, NEONATAL = "mimic-alloimmune", "cond-thrombocytopenia-neonatal"


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """A warning for the specialist, by the way that holds: newborn, recorded, after a transfusion."""
    rows = _recorded(p, limits)
    age = p.person.age_days
    if age is not None and age <= limits.fnait_days:
        outcome = _newborn(p, limits)
        # what is recorded needs neither a gestation nor the absence of another cause
        return (
            _card(p, "recorded-newborn", rows, limits)
            if rows and not isinstance(outcome, Advise)
            else outcome
        )
    return _card(p, "recorded", rows, limits) if rows else _after_transfusion(p, limits)


def _recorded(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    if RECORDED not in p.record.finding_sets:
        return ()
    within = limits.span("mimic_days")
    found = (*p.present(RECORDED), *p.suspected(RECORDED))
    recorded = [f for f in found if not is_past(f) and p.is_recent(f, within) is not False]
    return tuple([finding_row("alloimmune thrombocytopenia", f) for f in recorded])


def _newborn(p: PatientFacts, limits: Thresholds) -> Outcome:
    low = is_below(p, limits.fnait_count)
    if low is not Known.YES:
        return COUNT_NOT_LOW if low is Known.NO else NO_COUNT
    if not p.answered(Kind.CONDITIONS):
        return UNREAD
    if recorded_infections(p, limits) or p.infections.current():
        return NoAdvice(Why.EXPLAINED)
    weeks = p.person.gestation_weeks
    if weeks is None:
        return CannotTell(Fact.GESTATION)
    if weeks < limits.fnait_weeks:
        return NoAdvice(Why.NOT_FOR_THIS_PERSON)
    named = tuple(finding_row("thrombocytopenia of the newborn", f) for f in p.present(NEONATAL))
    return _card(p, "newborn", (gestation_row(p, "weeks of gestation at birth"), *named), limits)


def _after_transfusion(p: PatientFacts, limits: Thresholds) -> Outcome:
    low = is_below(p, limits.ptp_count)
    if low is not Known.YES:
        return COUNT_NOT_LOW if low is Known.NO else NO_COUNT
    if not p.answered(Kind.PROCEDURES):
        return CannotTell(Fact.PROCEDURES)
    current = p.platelets.current
    given = [e for e in p.done_within(limits.span("ptp_to") * 2, *BLOOD) if _when(e) is not None]
    if current is None or not given:
        return NO_MIMIC
    within = limits.span("four_ts_chemotherapy_days")
    if p.used_within(within, *EXPLAINING) or p.done_within(within, *EXPLAINING) or p.present(*MARROW):
        return NoAdvice(Why.EXPLAINED)
    for event in given:
        fall = _fall(p, event, current, limits)
        if fall:
            return _card(p, "transfusion", (event_row("transfusion", event), *fall), limits)
    return NO_MIMIC


def _when(event: Performed) -> Moment | None:
    return event.end or event.start


def _fall(p: PatientFacts, event: Performed, current: PlateletCount, limits: Thresholds) -> tuple[Input, ...]:
    """The first count below 20 lies 5 to 12 days after the transfusion, and at most at half of one before it."""
    when = _when(event)
    assert when is not None, "only dated transfusions are judged"
    since = when.earliest - limits.span("trend_window")
    counts = [c for c in p.platelets.series if since <= c.time.latest <= current.time.latest]
    low = next((c for c in counts if c.value < limits.ptp_count), None)
    if low is None:
        return ()
    before = max(
        (c for c in counts if c.time.earliest < low.time.earliest), key=lambda c: c.value, default=None
    )
    days = low.time.earliest - when.latest
    if before is None or not limits.span("ptp_from") <= days <= limits.span("ptp_to"):
        return ()
    if (before.value - low.value) * 100 < before.value * limits.rapid_fall_14d:
        return ()
    return (
        count_row(before, "platelet count before the fall"),
        Input("days from the transfusion to the fall", days.days, None, low.time, low.reference),
    )


def _card(p: PatientFacts, way: str, rows: tuple[Input, ...], limits: Thresholds) -> Outcome:
    held = hold_back(p, limits)
    return mimic_card(
        p,
        limits,
        "SAFE-15",
        Indicator.WARNING,
        (*rows, *held.rows),
        title=f"title.{way}",
        say=(f"way.{way}",),
        unknown=p.unread(*EXPLANATIONS),
        suggestions=order(p, "call", ("haematology",), references(rows), "urgent"),
    )


ADVICE = Advice(stem="safety/alloimmune", ids=("SAFE-15",), topic=Topic.SAFETY, decide=decide)
