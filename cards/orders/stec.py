"""ORD-14: an antibacterial or an antimotility drug is selected with Shiga toxin E. coli or a possible HUS."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.orders.selection import chosen, none_chosen, read_count, refer, references, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, CannotTell, Indicator, NoAdvice, Outcome, Suggestion, Topic
from cards.reasons import Fact
from cards.record import Kind
from cards.rows import sign_row
from cards.safety.stec_hus import Suspicion, cannot_wait, suspect
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


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Antibacterials critical, antimotility drugs a warning; the suspicion is that of SAFE-03.

    A warning for an antibacterial too, and no removal of it, with sepsis and with what cannot wait; a warning while
    the suspicion is a question only.
    """
    drugs, slowing = chosen(p, *ANTIBACTERIALS), chosen(p, *ANTIMOTILITY)
    if not (drugs or slowing):
        return none_chosen(p)
    suspicion = suspect(p, limits)
    if isinstance(suspicion, NoAdvice) and not p.answered(Kind.OBSERVATIONS):
        return CannotTell(Fact.OBSERVATIONS)
    if not isinstance(suspicion, Suspicion):
        return suspicion
    septic = p.sepsis_recorded
    shock = () if suspicion.is_question else tuple(sign_row("shock", s) for s in p.signs.shock)
    urgent = () if septic else (*shock, *cannot_wait(p, limits))
    reasons: tuple[Reason, ...] = ()
    if drugs:
        key = "question" if suspicion.is_question else "antibacterial"
        key = "sepsis" if septic else "cannot-wait" if urgent else key
        indicator = Indicator.CRITICAL if key == "antibacterial" else Indicator.WARNING
        reasons = (Reason(key, indicator, (*suspicion.rows, *urgent)),)
    if slowing:
        reasons = (*reasons, Reason("antimotility", Indicator.WARNING, () if drugs else suspicion.rows))
    removable = slowing if septic or urgent else (*drugs, *slowing)
    ask = Suggestion("ask", refer(("nephrology",), "urgent", references(suspicion.rows)))
    judged = Judged("ORD-14", "selected drug", (*drugs, *slowing), read_count(p), by_count=False)
    buttons = (*((remove(removable),) if removable else ()), ask)
    return order_card(p, judged, reasons, more=("fluids",), buttons=buttons, alternatives=False)


ADVICE = Advice(
    stem="orders/stec",
    ids=("ORD-14",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)
