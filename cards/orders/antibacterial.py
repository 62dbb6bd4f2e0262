"""ORD-12 and ORD-13: an antibiotic is selected where a virus is the recorded cause.

ORD-12 an aminopenicillin in EBV infection (rash); ORD-13 any antibacterial while an acute viral infection is
the only one recorded. Both on one draft are one card.
"""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.frozen import replace
from cards.orders.selection import chosen, none_chosen, order_rows, read_count, remove
from cards.orders.viral_only import another_reason, is_only_suspected, viral_rows
from cards.outcome import Advice, Advise, Answers, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind, Order, Result
from cards.rows import finding_row, infection_row, result_row
from cards.thresholds import Thresholds

AMINOPENICILLIN = ("med-aminopenicillin",)
CLASSES = (
    "med-antibacterial",
    "med-penicillin",
    "med-aminopenicillin",
    "med-cephalosporin",
    "med-carbapenem",
    "med-tetracycline",
    "med-fluoroquinolone",
)
PHARYNGITIS, STREPTOCOCCUS = ("inf-streptococcal-pharyngitis",), ("lab-streptococcus-a",)
EBV = "INF-EBV"


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """Two outcomes; where both speak of the same draft, ORD-12 carries ORD-13."""
    if p.sets_selected.isdisjoint(CLASSES):
        return dict.fromkeys(ADVICE.ids, none_chosen(p))
    rash, needless = _rash(p, limits), _needless(p, limits)
    if isinstance(rash, Advise) and isinstance(needless, Advise):
        rash = replace(
            rash,
            say=(*rash.say, *(f"ORD-13/{key}" for key in needless.say)),
            inputs=tuple(dict.fromkeys((*rash.inputs, *needless.inputs))),
            unknown=tuple(dict.fromkeys((*rash.unknown, *needless.unknown))),
            also=("ORD-13",),
        )
        needless = NoAdvice(Why.MERGED)
    return {"ORD-12": rash, "ORD-13": needless}


# ---------------------------------------------------------------------------------------------- ORD-12


def _rash(p: PatientFacts, limits: Thresholds) -> Outcome:
    orders = chosen(p, *AMINOPENICILLIN)
    if not orders:
        return none_chosen(p)
    infections = p.infections.current(EBV)
    if not infections:
        known = p.answered(Kind.CONDITIONS) and p.answered(Kind.OBSERVATIONS)
        return NoAdvice(Why.NO_INFECTION) if known else CannotTell(Fact.CONDITIONS)
    suspected = all(i.is_suspected_only for i in infections)
    throat = _streptococcus(p, limits)
    return Advise(
        "ORD-12",
        Indicator.WARNING,
        title="title.suspected" if suspected else "title",
        say=("suggestion", "streptococcus" if throat else "no-streptococcus"),
        inputs=(
            *order_rows("selected aminopenicillin", orders),
            *(infection_row(p, i) for i in infections),
            *throat,
        ),
        suggestions=(remove(orders),),
    )


def _streptococcus(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """A streptococcal pharyngitis by Condition, or by a recent positive test."""
    tests = (
        t
        for t in p.tests(*STREPTOCOCCUS)
        if t.result is Result.POSITIVE
        and t.time is not None
        and t.time.since(p.as_of) <= limits.span("proven_acute_days")
    )
    return (
        *(finding_row("streptococcal pharyngitis", f) for f in p.present(*PHARYNGITIS)),
        *(result_row("group A streptococcus test", t) for t in tests),
    )


# ---------------------------------------------------------------------------------------------- ORD-13


def _needless(p: PatientFacts, limits: Thresholds) -> Outcome:
    orders = chosen(p, *CLASSES)
    if not orders:
        return none_chosen(p)
    unread = p.unread(Kind.CONDITIONS, Kind.OBSERVATIONS)
    if unread:
        return CannotTell(*unread)
    rows = viral_rows(p, limits)
    if not rows:
        return NoAdvice(Why.NO_INFECTION)
    judged = tuple(o for o in orders if not another_reason(p, limits, o))
    if not judged:
        return NoAdvice(Why.EXPLAINED)
    return _stewardship(p, judged, rows, is_only_suspected(p, limits))


def _stewardship(
    p: PatientFacts, orders: tuple[Order, ...], rows: tuple[Input, ...], suspected: bool
) -> Advise:
    return Advise(
        "ORD-13",
        Indicator.INFO if suspected else Indicator.WARNING,
        title="title.suspected" if suspected else "title",
        unknown=(*p.unread(Kind.MEDICATIONS, Kind.ORDERS), Fact.TRAVEL),
        inputs=(*order_rows("selected antibacterial", orders), *rows, *read_count(p).rows),
        suggestions=(remove(orders),),
    )


ADVICE = Advice(
    stem="orders/antibacterial",
    ids=("ORD-12", "ORD-13"),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)
