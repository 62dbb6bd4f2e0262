"""TRF-11: after a platelet transfusion. The count that shows its effect, and poor increments when two were poor.

The corrected count increment is (count after - count before, 10*9/L) x body surface (m2) / dose (10^11). The record has
neither surface nor dose: it is bounded from above by the largest surface and the smallest adult dose, so that "poor" is
never said of an increment that may have been good. For children, whose dose is by weight, it is not computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_UP, Decimal

from cards.facts import PatientFacts, PlateletCount
from cards.facts.once import once
from cards.facts.presence import is_under_way
from cards.frozen import dataclass
from cards.host import is_newborn
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    CannotTell,
    Indicator,
    Input,
    NoAdvice,
    Outcome,
    Suggestion,
    Topic,
)
from cards.reasons import Fact, Why
from cards.record import Kind, MedicationSource, Moment, Performed
from cards.rows import count_row, event_row, finding_row, medication_row
from cards.thresholds import Thresholds
from cards.transfusion import decision
from cards.transfusion.given import PLATELETS, is_count_ordered_after

TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Increment:
    """The rise after one transfusion; `at_most` bounds its corrected increment, `limit` is the one of its time."""

    event: Performed
    before: PlateletCount
    after: PlateletCount
    at_most: Decimal
    limit: Decimal

    @property
    def is_poor(self) -> bool:
        return self.at_most < self.limit


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """A warning after two poor increments, else a reminder of the count after it; newborns have TRF-13 alone."""
    if is_newborn(p, limits):
        return NoAdvice(Why.NOT_FOR_THIS_PERSON)
    if not p.answered(Kind.PROCEDURES):
        return CannotTell(Fact.PROCEDURES)
    transfusions = _transfusions(p, limits)
    recent = [e for e in transfusions if _is_of_the_day(p, e, limits)]
    if not recent:
        return NoAdvice(Why.NOT_TRANSFUSED)
    known = increments(p, limits) if len(transfusions) > 1 else ()
    if len(known) > 1 and all(one.is_poor for one in known[-2:]):
        return _poor(p, known[-2:])
    return _count_after(p, recent[-1], limits)


def increments(p: PatientFacts, limits: Thresholds) -> tuple[Increment, ...]:
    """Of the transfusions of the last 7 days that have a count before and one in a window after them, in order.

    Products given one after the other, or one that is recorded twice, have one count after them: one increment.
    """
    if not p.person.is_adult:
        return ()
    over = (e for e in _transfusions(p, limits) if not is_under_way(e))
    found = (_increment(p, event, limits) for event in over)
    return tuple({one.after.reference: one for one in found if one is not None}.values())


def _increment(p: PatientFacts, event: Performed, limits: Thresholds) -> Increment | None:
    began, ended = event.start or event.end, event.end or event.start
    if began is None or ended is None or not (began.is_exact and ended.is_exact):
        return None
    before = [
        c
        for c in p.platelets.series
        if c.time.latest <= began.earliest and began.earliest - c.time.earliest <= limits.span("cci_before")
    ]
    if not before:
        return None
    for limit, start, end in (
        (limits.cci_early, "cci_early_from", "cci_early_to"),
        (limits.cci_late, "cci_late_from", "cci_late_to"),
    ):
        after = [
            c
            for c in p.platelets.series
            if c.time.is_exact and limits.span(start) <= c.time.earliest - ended.latest <= limits.span(end)
        ]
        if after:
            return Increment(event, before[-1], after[0], _corrected(before[-1], after[0], limits), limit)
    return None


def _corrected(before: PlateletCount, after: PlateletCount, limits: Thresholds) -> Decimal:
    """The largest that the corrected increment can be, rounded up to a tenth."""
    rise = max(after.value - before.value, Decimal(0))
    return (rise * limits.cci_surface / limits.cci_dose).quantize(TENTH, ROUND_UP)


@once
def _transfusions(p: PatientFacts, limits: Thresholds) -> tuple[Performed, ...]:
    """Procedures and administrations of the last 7 days, oldest first."""
    record = p.record
    if record.performed_sets.isdisjoint(PLATELETS) and record.drug_sets.isdisjoint(PLATELETS):
        return ()
    within = limits.span("cci_days")
    administered = (
        Performed(m.reference, m.set_ids, m.status, m.start, m.end or m.start)
        for m in p.used_within(within, *PLATELETS)
        if m.source is MedicationSource.ADMINISTRATION
    )
    return tuple(
        sorted((*p.done_within(within, *PLATELETS), *administered), key=lambda e: _time(p, e).latest)
    )


def _time(p: PatientFacts, event: Performed) -> Moment:
    return event.end or event.start or Moment.instant(p.as_of)


def _is_of_the_day(p: PatientFacts, event: Performed, limits: Thresholds) -> bool:
    return _time(p, event).since(p.as_of) <= limits.span("cci_late_to")


# ---------------------------------------------------------------------------------------------- cards


def _count_after(p: PatientFacts, event: Performed, limits: Thresholds) -> Outcome:
    """Info, unless the count is there, ordered for after them, or named by the decision card."""
    ended = _time(p, event)
    began = event.start or ended
    counted = any(c.time.earliest >= ended.latest for c in p.platelets.series) and not is_under_way(event)
    if counted or is_count_ordered_after(p, began, ended, limits):
        return NoAdvice(Why.ALREADY_DONE)
    if any(isinstance(one, Advise) and "TRF-11" in one.also for one in decision.decide(p, limits).values()):
        return NoAdvice(Why.MERGED)
    count = p.platelets.current
    reasons = () if count is None else (count.reference,)
    order = Action(ActionType.CREATE, "cbc-after-platelets", "urgent", reasons=reasons)
    return Advise(
        "TRF-11",
        Indicator.INFO,
        title="title" if count is not None else "title.no-count",
        values={"given": began},
        inputs=(event_row("platelets given", event), *((count_row(count),) if count is not None else ())),
        suggestions=(Suggestion("count", (order,), recommended=True),),
    )


def _poor(p: PatientFacts, poor: tuple[Increment, ...]) -> Advise:
    causes = (
        ("sepsis", bool(p.sepsis_recorded or p.signs.fever)),
        ("spleen", bool(p.present("risk-splenomegaly", "risk-liver"))),
        ("dic", bool(p.findings("mimic-dic"))),
        ("drugs", bool(_drugs(p))),
    )
    reasons = tuple(one.after.reference for one in poor)
    templates = ("haematology", "coagulation", "medication-review")
    actions = tuple(Action(ActionType.CREATE, name, "urgent", reasons=reasons) for name in templates)
    return Advise(
        "TRF-11",
        Indicator.WARNING,
        title="title.poor",
        say=("poor", "items"),
        cautions=tuple(f"cause.{key}" for key, applies in causes if applies),
        unknown=(Fact.BODY_SURFACE, Fact.PLATELET_DOSE, Fact.ABO_MATCH),
        inputs=(*(row for one in poor for row in _rows(one)), *_cause_rows(p)),
        suggestions=(Suggestion("look", actions, recommended=True),),
    )


def _rows(one: Increment) -> Iterator[Input]:
    yield event_row("platelets given", one.event)
    yield count_row(one.before, "platelet count before the transfusion")
    yield count_row(one.after, "platelet count after the transfusion")
    yield Input(
        "corrected count increment",
        f"at most {one.at_most:f}, poor below {one.limit:f}",
        None,
        one.after.time,
        one.after.reference,
    )


def _drugs(p: PatientFacts) -> tuple[Input, ...]:
    sets = ("med-drug-induced-thrombocytopenia", "med-drug-induced-thrombocytopenia-tier2")
    return tuple(medication_row("drug that can lower platelets", m) for m in p.using(*sets))


def _cause_rows(p: PatientFacts) -> tuple[Input, ...]:
    return (
        *(finding_row("sepsis", f) for f in p.present("inf-sepsis", "inf-septic-shock")),
        *(finding_row("large spleen or cirrhosis", f) for f in p.present("risk-splenomegaly", "risk-liver")),
        *(finding_row("disseminated intravascular coagulation", f) for f in p.present("mimic-dic")),
        *_drugs(p),
    )


ADVICE = Advice(
    stem="transfusion/increments",
    ids=("TRF-11",),
    topic=Topic.TRANSFUSION,
    decide=decide,
)
