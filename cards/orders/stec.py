"""ORD-14: an antibacterial or an antimotility drug is selected with Shiga toxin E. coli or a possible HUS."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.facts.presence import reference_time
from cards.orders.selection import chosen, none_chosen, read_count, refer, references, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, CannotTell, Indicator, Input, NoAdvice, Outcome, Suggestion, Topic
from cards.reasons import Fact, Why
from cards.record import Kind, Result
from cards.rows import finding_row, result_row
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds

ANTIBACTERIALS = (
    "med-antibacterial",
    "med-penicillin",
    "med-aminopenicillin",
    "med-cephalosporin",
    "med-carbapenem",
    "med-tetracycline",
    "med-fluoroquinolone",
)
ANTIMOTILITY = ("med-antimotility",)
STEC, STEC_TESTS, HUS = ("inf-stec",), ("lab-stec",), ("mimic-hus",)


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Antibacterials critical (with sepsis a warning, and nothing is removed), antimotility drugs a warning."""
    drugs, slowing = chosen(p, *ANTIBACTERIALS), chosen(p, *ANTIMOTILITY)
    if not (drugs or slowing):
        return none_chosen(p)
    rows = _stec(p, limits)
    if not rows and "SAFE-03" not in mimics(p, limits):
        missing = [k for k in (Kind.CONDITIONS, Kind.OBSERVATIONS) if not p.answered(k)]
        return CannotTell(Fact.CONDITIONS) if missing else NoAdvice(Why.NO_INFECTION)
    said, septic = read_count(p), p.sepsis_recorded
    reasons: tuple[Reason, ...] = ()
    if drugs:
        key, indicator = ("sepsis", Indicator.WARNING) if septic else ("antibacterial", Indicator.CRITICAL)
        reasons = (Reason(key, indicator, rows),)
    if slowing:
        reasons = (*reasons, Reason("antimotility", Indicator.WARNING, () if drugs else rows))
    removable = slowing if septic else (*drugs, *slowing)
    ask = Suggestion("ask", refer(("nephrology",), "urgent", references(rows)))
    judged = Judged("ORD-14", "selected drug", (*drugs, *slowing), said, by_count=False)
    buttons = (*((remove(removable),) if removable else ()), ask)
    return order_card(p, judged, reasons, more=("fluids",), buttons=buttons)


def _stec(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Shiga toxin E. coli recorded, suspected or tested positive within three weeks; a HUS of a month."""
    within, hus = limits.span("stec_current_days"), limits.span("mimic_days")
    windows = ((STEC, within, "Shiga toxin E. coli"), (HUS, hus, "haemolytic uraemic syndrome"))
    findings = tuple(
        finding_row(name, f)
        for sets, window, name in windows
        for f in (*p.present(*sets), *p.suspected(*sets))
        if (when := reference_time(f)) is None or when.since(p.as_of) <= window
    )
    tests = tuple(
        result_row("Shiga toxin test", t)
        for t in p.tests(*STEC_TESTS)
        if t.result is Result.POSITIVE and t.time is not None and t.time.since(p.as_of) <= within
    )
    return (*findings, *tests)


ADVICE = Advice(stem="orders/stec", ids=("ORD-14",), topic=Topic.ORDER_SAFETY, decide=decide)
