"""PLT-06 and MON-04: platelets recover, so checks are spaced out, and a last one looks for relapse.

One card: PLT-06 leads while the counts still rise, MON-04 when 100 is reached twice, and on discharge, where monitoring
speaks. After TPO-RA a rise is no recovery.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cards.data_quality.repeat import find_ordered, order_count
from cards.facts import PatientFacts, PlateletCount
from cards.host import is_newborn
from cards.outcome import Advice, Advise, Answers, CannotTell, Indicator, NoAdvice, Topic
from cards.precedence import DISCHARGE
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import count_row, event_row, infection_row, platelet_row
from cards.thresholds import Thresholds


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """At most one card; the other id is merged into it."""
    reason = _why_not(p, limits)
    if reason is not None:
        return dict.fromkeys(ADVICE.ids, reason)
    rises = has_two_rises(p, limits)
    rule = "PLT-06" if rises and p.hook != DISCHARGE else "MON-04"
    other = "MON-04" if rule == "PLT-06" else "PLT-06"
    return {rule: _card(p, rule, rises, limits), other: NoAdvice(Why.MERGED if rises else Why.NO_RECOVERY)}


def is_recovering(p: PatientFacts, limits: Thresholds) -> bool:
    """The card of recovery stands, so no other card speaks of the interval."""
    return _why_not(p, limits) is None


def has_two_rises(p: PatientFacts, limits: Thresholds) -> bool:
    """PLT-06: recovering (B.2: two successive rises, 20 % above the lowest) and 100 reached."""
    count = p.platelets.decisive
    return count is not None and p.platelets.trend.recovering and count.value >= limits.recovered_count


def recovered_since(p: PatientFacts, limits: Thresholds) -> PlateletCount | None:
    """MON-04: the first of at least two counts at 100 or above in a row up to now, after a low one of 26 weeks."""
    run: list[PlateletCount] = []
    gap, earliest = limits.span("trend_gap"), p.as_of - limits.span("mon_question_weeks")
    for count in reversed([c for c in p.platelets.series if not c.transfused]):
        if count.value < limits.mild:
            twice = len(run) > 1 and run[0].time.earliest - run[-1].time.latest >= gap
            return run[-1] if twice and count.time.latest >= earliest else None
        if count.value >= limits.recovered_count:
            run.append(count)
    return None


def _why_not(p: PatientFacts, limits: Thresholds) -> NoAdvice | CannotTell | None:
    count = p.platelets.decisive
    if is_newborn(p, limits):
        return NoAdvice(Why.NOT_FOR_THIS_PERSON)
    if count is None:
        return CannotTell(Fact.PLATELETS)
    if count.value < limits.recovered_count:
        return NoAdvice(Why.NO_RECOVERY)
    if p.bleeding.findings:
        return NoAdvice(Why.BLEEDS)
    since = recovered_since(p, limits)
    if since is None and not has_two_rises(p, limits):
        return NoAdvice(Why.NO_RECOVERY)
    if p.used_within(limits.span("mon_tpo_ra_weeks"), "med-tpo-ra"):
        return NoAdvice(Why.THERAPY_ACTIVE)
    if not p.answered(Kind.CONDITIONS):
        return CannotTell(Fact.CONDITIONS)
    return NoAdvice(Why.ALREADY_DONE) if since is not None and _is_checked(count, since, limits) else None


def _is_checked(count: PlateletCount, since: PlateletCount, limits: Thresholds) -> bool:
    """The last check is done: normal, 4 weeks after the recovery began."""
    checked = count.time.earliest - since.time.latest >= limits.span("mon_recovery_weeks")
    return checked and count.value >= limits.normal


def _card(p: PatientFacts, rule: str, rises: bool, limits: Thresholds) -> Advise:
    since = recovered_since(p, limits)
    first = since or p.platelets.decisive
    due = _due(p, first, limits)
    ordered = find_ordered(p, due + timedelta(days=1))
    reasons = () if p.platelets.decisive is None else (p.platelets.decisive.reference,)
    return Advise(
        rule,
        Indicator.INFO,
        title="title",
        say=(
            *(("suggestion",) if rises and rule == "PLT-06" else ()),
            "MON-04/plan" if since is not None else "MON-04/plan.first",
            "MON-04/restrictions",
            *(("MON-04/ordered",) if ordered is not None else ()),
        ),
        inputs=(
            *(count_row(c, "platelet count before") for c in _lowest(p, limits)),
            *platelet_row(p),
            *(infection_row(p, i) for i in p.infections.found if not i.is_suspected_only),
            *(() if ordered is None else (event_row("blood count ordered", ordered),)),
        ),
        values={"lowest": _from(p, limits)},
        suggestions=()
        if ordered is not None
        else order_count("MON-04/count", "cbc", "routine", reasons, due),
        also=("MON-04",) if rule == "PLT-06" else ("PLT-06",) if rises else (),
    )


def _due(p: PatientFacts, first: PlateletCount | None, limits: Thresholds) -> datetime:
    """Four weeks after 100 was reached, never in the past."""
    weeks = limits.span("mon_recovery_weeks")
    return p.as_of if first is None else max(first.time.earliest + weeks, p.as_of)


def _lowest(p: PatientFacts, limits: Thresholds) -> tuple[PlateletCount, ...]:
    """The lowest count of the last 26 weeks before the one in use."""
    since = p.as_of - limits.span("mon_question_weeks")
    earlier = [c for c in p.platelets.series if c is not p.platelets.current and c.time.latest >= since]
    lowest = min(earlier, key=lambda c: c.value, default=None)
    return () if lowest is None else (lowest,)


def _from(p: PatientFacts, limits: Thresholds) -> str:
    return next((c.shown for c in _lowest(p, limits)), "")


ADVICE = Advice(
    stem="monitoring/recovery",
    ids=("PLT-06", "MON-04"),
    topic=Topic.MONITORING,
    decide=decide,
)
