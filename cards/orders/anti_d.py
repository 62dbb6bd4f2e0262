"""ORD-24: anti-D is selected as treatment of thrombocytopenia. Prophylaxis of the newborn's disease is not meant."""

from __future__ import annotations

from cards.facts import Known, PatientFacts
from cards.host import asplenia
from cards.orders.selection import none_chosen, read_count, refer, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, CannotTell, Indicator, Input, NoAdvice, Outcome, Suggestion, Topic
from cards.reasons import Fact, Why
from cards.record import Kind, Measurement, Order, Result
from cards.rows import finding_row, infection_row, measurement_row, result_row
from cards.safety.haemolysis import find_haemolysis
from cards.thresholds import Thresholds

ANTI_D = ("med-anti-d",)
FOR_PLATELETS = (
    "cond-thrombocytopenia-immune",
    "cond-thrombocytopenia-secondary",
    "cond-thrombocytopenia-unspecified",
    "cond-thrombocytopenia-drug",
)
RHD_NEGATIVE, POSTPARTUM = ("status-rhd-negative",), ("risk-postpartum",)
RED_CELL_PARASITES = ("INF-MAL", "INF-BAB")
QUESTION = Reason("indication", Indicator.WARNING)
BLOOD = ("proc-red-cell-transfusion", "proc-platelet-transfusion", "product-platelets")


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical where it would haemolyse, a warning for a reduced dose, and where the indication is open.

    Without a reason on the order it is judged as one for low platelets where a pregnancy is known to be none.
    """
    orders = p.selected(*ANTI_D)
    if not orders:
        return none_chosen(p)
    meant = tuple(o for o in orders if _is_for_platelets(o))
    if not meant and _is_prophylaxis(p, limits):
        return NoAdvice(Why.EXPLAINED)
    asked = () if meant else tuple(o for o in orders if not (o.reasons or o.unread_reason))
    if not (meant or asked):
        unread = any(o.unread_reason for o in orders)
        return CannotTell(Fact.INDICATION) if unread else NoAdvice(Why.EXPLAINED)
    hb = p.newest("obs-hemoglobin", limits.span("anti_d_hb_days"))
    reasons = _reasons(p, limits, hb) if meant or p.person.pregnancy is Known.NO else ()
    if reasons:
        return _card(p, limits, meant, asked, reasons, hb)
    return _question(p, asked) if asked else _silent(p, hb)


def _card(
    p: PatientFacts,
    limits: Thresholds,
    meant: tuple[Order, ...],
    asked: tuple[Order, ...],
    reasons: tuple[Reason, ...],
    hb: Measurement | None,
) -> Outcome:
    judged = Judged("ORD-24", "selected anti-D", meant or asked, read_count(p), by_count=False)
    unknown = (
        *((Fact.INDICATION,) if asked else ()),
        *_not_measured(p, hb),
        *((Fact.HAEMOLYSIS,) if find_haemolysis(p, limits).answer is Known.UNKNOWN else ()),
    )
    critical = any(r.indicator is Indicator.CRITICAL for r in reasons)
    ask = Suggestion("ask", refer(("haematology",), "urgent"), not critical)
    buttons = (remove(judged.orders, recommended=critical), ask)
    said = (*reasons, QUESTION) if asked else reasons
    return order_card(p, judged, said, more=("instead",), unknown=unknown, buttons=buttons)


def _question(p: PatientFacts, orders: tuple[Order, ...]) -> Outcome:
    judged = Judged("ORD-24", "selected anti-D", orders, read_count(p), by_count=False)
    buttons = (remove(orders, recommended=False),)
    return order_card(p, judged, (QUESTION,), unknown=(Fact.INDICATION,), buttons=buttons)


def _silent(p: PatientFacts, hb: Measurement | None) -> Outcome:
    missing = (*p.unread(Kind.CONDITIONS, Kind.OBSERVATIONS), *_not_measured(p, hb))
    return CannotTell(*missing) if missing else NoAdvice(Why.ALLOWED)


def _not_measured(p: PatientFacts, hb: Measurement | None) -> tuple[Fact, ...]:
    """What it must not be given without: RhD type, haemoglobin, direct antiglobulin test."""
    missing = (
        (not _rhd_negative(p) and not _rhd_positive(p), Fact.RHD),
        (hb is None, Fact.HAEMOGLOBIN),
        (not p.tests("obs-dat"), Fact.DAT),
    )
    return tuple(fact for is_missing, fact in missing if is_missing)


def _is_for_platelets(order: Order) -> bool:
    return any(f.is_in(*FOR_PLATELETS) for f in order.reasons)


def _is_prophylaxis(p: PatientFacts, limits: Thresholds) -> bool:
    """Pregnant, within ten days after birth or loss, or within 72 hours after RhD-positive blood."""
    birth = limits.span("anti_d_postpartum_days")
    postpartum = any(p.is_recent(f, birth) is not False for f in p.present(*POSTPARTUM))
    delivered = bool(p.done_within(birth, "proc-delivery"))
    blood = bool(p.done_within(limits.span("anti_d_exposure_hours"), *BLOOD))
    return p.person.pregnancy is Known.YES or postpartum or delivered or blood


def _reasons(p: PatientFacts, limits: Thresholds, hb: Measurement | None) -> tuple[Reason, ...]:
    very_low = hb is not None and hb.value < limits.anti_d_hb_low
    low = hb is not None and not very_low and hb.value < limits.anti_d_hb_reduced
    parasites = p.infections.current(*RED_CELL_PARASITES)
    dat = tuple(t for t in p.tests("obs-dat") if t.result is Result.POSITIVE)
    hb_rows = () if hb is None else (measurement_row("haemoglobin", hb),)
    found: tuple[tuple[str, Indicator, tuple[Input, ...]], ...] = (
        ("negative", Indicator.CRITICAL, _rhd_negative(p)),
        ("spleen", Indicator.CRITICAL, asplenia(p)),
        ("haemoglobin", Indicator.CRITICAL, hb_rows if very_low else ()),
        ("dat", Indicator.CRITICAL, tuple(result_row("direct antiglobulin test", t) for t in dat)),
        ("haemolysis", Indicator.CRITICAL, find_haemolysis(p, limits).rows),
        ("parasites", Indicator.CRITICAL, tuple(infection_row(p, i) for i in parasites)),
        ("reduced", Indicator.WARNING, hb_rows if low else ()),
    )
    return tuple(Reason(key, indicator, rows) for key, indicator, rows in found if rows)


def _rhd_negative(p: PatientFacts) -> tuple[Input, ...]:
    """By a Condition or a typing result."""
    findings = tuple(finding_row("RhD negative", f) for f in p.findings(*RHD_NEGATIVE))
    tests = tuple(result_row("RhD type", t) for t in p.tests("obs-rhd") if t.result is Result.NEGATIVE)
    return (*findings, *tests)


def _rhd_positive(p: PatientFacts) -> bool:
    """By a typing result alone."""
    return any(t.result is Result.POSITIVE for t in p.tests("obs-rhd"))


ADVICE = Advice(
    stem="orders/anti_d",
    ids=("ORD-24",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)
