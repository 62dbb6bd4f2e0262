"""The cards of a low count without serious bleeding: TRF-04 to TRF-09 and TRF-12."""

from __future__ import annotations

from cards.facts import Blocker, Conflict
from cards.host import asplenia
from cards.months import add_months
from cards.outcome import Action, ActionType, Advise, Indicator, Input, Suggestion, Values
from cards.reasons import Fact
from cards.record import Kind
from cards.rows import sign_row
from cards.transfusion.adjuncts import (
    Adjunct,
    immunoglobulin,
    infection_is_settled,
    may_be_immune,
    short_steroid,
)
from cards.transfusion.case import Case, Row
from cards.transfusion.composition import (
    Body,
    Head,
    compose,
    drug_rows,
    due_after,
    laboratory_rows,
    orders,
    reasons,
)
from cards.transfusion.given import PLATELETS
from cards.transfusion.marrow import without_prophylaxis
from cards.transfusion.platelet_order import order_platelets
from cards.transfusion.populations import Asked
from cards.transfusion.steroid import steroid_dangers, steroids_in_use

QUIET = Asked()
CONSIDERED = Asked(platelets=True)
SIGNS = (Fact.TEMPERATURE, Fact.BLOOD_PRESSURE)


# ---------------------------------------------------------------------------------------------- TRF-04, TRF-05


def skin_only(case: Case) -> Advise:
    """TRF-04: transfusion can be deferred."""

    def body() -> Body:
        close = case.count is not None and case.count.value < case.limits.skin_only_close
        unmeasured = tuple(fact for fact in SIGNS if fact in case.p.signs.unknown)
        due = due_after(case, "recheck_hours" if close else "recheck_skin_hours")
        return Body(
            "title",
            ("suggestion", *(("close",) if close else ()), *(("signs",) if unmeasured else ())),
            unknown=unmeasured,
            rows=drug_rows(case),
            suggestions=orders(case, "count", ("cbc",), "routine", due),
        )

    return compose(case, Head("TRF-04", Indicator.INFO, QUIET), body)


def without_serious_bleeding(case: Case) -> Advise:
    """TRF-05: 10 to 29.9, no bleeding or of the skin alone."""
    p, limits, count = case.p, case.limits, case.count
    steroid = _steroid(case)

    def body() -> Body:
        unclear, unread = p.bleeding.withholds_reassurance, not p.answered(Kind.CONDITIONS)
        settled = steroid is not None or infection_is_settled(p, limits)
        keys = (
            ("suggestion", True),
            ("unclear", unclear),
            ("unread", unread),
            ("admit", _is_new_and_very_low(case)),
            ("at-limit", count is not None and count.value == limits.very_low),
            ("infection-first", not settled and not p.person.is_child),
        )
        unmeasured = tuple(f for f in SIGNS if f in p.signs.unknown) if p.bleeding.skin else ()
        return Body(
            "title.unclear" if unclear or unread else "title",
            tuple(key for key, applies in keys if applies),
            unknown=(*((Fact.BLEEDING_ACTIVITY,) if unclear else ()), *unmeasured),
            rows=(*drug_rows(case), *(() if case.row is Row.SKIN_SEPTIC else laboratory_rows(case))),
            suggestions=_referral(case, "haematology", "cbc"),
        )

    adjuncts = () if steroid is None else (steroid, *_dangers(case))
    return compose(case, Head("TRF-05", Indicator.WARNING, QUIET, adjuncts), body)


def _steroid(case: Case) -> Adjunct | None:
    """IMM-03, unless something speaks for another cause than an immune one, or a steroid is in use (A.3)."""
    if steroids_in_use(case.p) or not may_be_immune(case.p, case.mimics, case.limits):
        return None
    return short_steroid(case.p, case.limits)


def _is_new_and_very_low(case: Case) -> bool:
    """Newly below 20 in an adult who is not in hospital; newly: the low counts began less than 3 months ago."""
    p, limits, count = case.p, case.limits, case.count
    inpatient = p.stay is not None and p.stay.inpatient
    low = count is not None and count.value < limits.low_high_risk
    since = p.platelets.low_since
    lasting = since is not None and add_months(since.earliest, int(limits.tpo_months)) <= p.as_of
    return low and bool(p.person.is_adult) and not inpatient and not lasting


# ---------------------------------------------------------------------------------------------- TRF-06


def very_low(case: Case) -> Advise:
    """TRF-06: below 10, no major bleeding. An urgent review, not a transfusion by itself."""
    p, conflict = case.p, case.p.platelets.conflict
    disputed = case.blocker is Blocker.CONFLICT and conflict is not None
    produces_none = bool(case.marrow) and not without_prophylaxis(p, case.limits)
    considered = produces_none or case.is_septic_or_critical

    def body() -> Body:
        advised = produces_none and not disputed and p.blood_refused is None
        keys = (
            ("conflict", disputed),
            ("suggestion", True),
            ("marrow", produces_none),
            ("no-prophylaxis", without_prophylaxis(p, case.limits)),
            ("septic", case.is_septic_or_critical),
            ("TRF-09/suggestion", case.has_dic),
            ("TRF-03/wet-purpura", any(b.set_id == "bleed-mucosal-minor" for b in case.bleeds)),
            ("TRF-05/unclear", p.bleeding.withholds_reassurance),
            ("TRF-05/unread", not p.answered(Kind.CONDITIONS)),
            ("given", case.given is not None),
        )
        return Body(
            "title.conflict" if disputed else "title.marrow" if advised else "title",
            tuple(key for key, applies in keys if applies),
            unknown=(Fact.BLEEDING_ACTIVITY,) if p.bleeding.withholds_reassurance else (),
            rows=(*laboratory_rows(case), *drug_rows(case), *case.marrow, *case.dic_rows),
            suggestions=_review_orders(case, disputed=disputed, considered=considered, advised=advised),
            values=_lower_count(conflict if disputed else None),
        )

    head = Head(
        "TRF-06",
        Indicator.CRITICAL,
        Asked(bleeding=bool(p.bleeding.minor), platelets=considered),
        adjuncts=_immune_adjuncts(case, disputed=disputed),
        also=_causes(case),
        names_given=True,
    )
    return compose(case, head, body)


def _immune_adjuncts(case: Case, *, disputed: bool) -> tuple[Adjunct, ...]:
    """IVIG where the cause may be immune, none on a count in doubt; children are observed first (POP-02)."""
    if case.row is not Row.MINOR or disputed or case.p.person.is_child:
        return ()
    if not may_be_immune(case.p, case.mimics, case.limits):
        return ()
    return (immunoglobulin(case.p, case.limits, emergency=False), *_dangers(case))


def _dangers(case: Case) -> tuple[Adjunct, ...]:
    """IMM-02: what speaks against a steroid, where the card names one."""
    found = steroid_dangers(case.p, case.limits)
    return () if found is None else (found,)


def _causes(case: Case) -> tuple[str, ...]:
    found = (
        ("TRF-12", bool(case.marrow)),
        ("TRF-09", case.has_dic),
        ("TRF-07", case.is_septic_or_critical),
    )
    return tuple(rule for rule, applies in found if applies)


def _review_orders(case: Case, *, disputed: bool, considered: bool, advised: bool) -> tuple[Suggestion, ...]:
    repeat = orders(case, "count", ("cbc-film",), "stat") if disputed else ()
    review = orders(case, "review", ("haematology", "coagulation", "group-and-screen"), "stat")
    if disputed or not considered or case.given is not None:
        return (*repeat, *review)
    platelets = order_platelets(
        case.p, case.limits, priority="urgent", reasons=reasons(case), recommended=advised
    )
    return (*repeat, *review, *platelets)


# ---------------------------------------------------------------------------------------------- TRF-07, TRF-09, TRF-12


def septic(case: Case) -> Advise:
    """TRF-07: sepsis or intensive care with a high bleeding risk, 10 to 19.9."""
    return _consider(case, "TRF-07", rows=case.risks)


def marrow(case: Case) -> Advise:
    """TRF-12: a marrow that makes none, with fever, sepsis or a high bleeding risk, 10 to 19.9."""
    doubted = ("no-prophylaxis",) if without_prophylaxis(case.p, case.limits) else ()
    return _consider(case, "TRF-12", rows=(*case.marrow, *case.risks), more=doubted)


def _consider(case: Case, rule: str, rows: tuple[Input, ...], more: tuple[str, ...] = ()) -> Advise:
    """A warning with a draft that is not preselected; info while platelets are on their way."""
    given = case.given is not None

    def body() -> Body:
        return Body(
            "title.refused" if case.p.blood_refused is not None else "title",
            ("suggestion", *more, *(("TRF-06/given",) if given else ())),
            rows=(*rows, *laboratory_rows(case), *drug_rows(case)),
            suggestions=(
                *_referral(case, "haematology", "cbc"),
                *(() if given else _considered_platelets(case)),
            ),
        )

    indicator = Indicator.INFO if given else Indicator.WARNING
    return compose(case, Head(rule, indicator, CONSIDERED, names_given=True), body)


def _referral(case: Case, *templates: str) -> tuple[Suggestion, ...]:
    return orders(case, "refer", templates, "urgent", due_after(case, "recheck_hours"))


def _considered_platelets(case: Case) -> tuple[Suggestion, ...]:
    """Not preselected."""
    return order_platelets(case.p, case.limits, priority="urgent", reasons=reasons(case), recommended=False)


def coagulopathy(case: Case) -> Advise:
    """TRF-09: DIC without bleeding; platelets considered with a procedure or a high risk."""
    risky = bool(case.risks) or bool(case.procedures)
    given = case.given is not None

    def body() -> Body:
        refused = case.p.blood_refused is not None
        return Body(
            "title.refused" if risky and refused else "title.risk" if risky else "title",
            ("suggestion", *(("risk",) if risky else ()), *(("TRF-06/given",) if given else ())),
            rows=(*case.dic_rows, *case.risks, *case.procedures, *laboratory_rows(case), *drug_rows(case)),
            suggestions=(
                *_referral(case, "haematology", "coagulation", "cbc"),
                *(_considered_platelets(case) if risky and not given else ()),
            ),
        )

    indicator = Indicator.INFO if risky and given else Indicator.WARNING
    return compose(case, Head("TRF-09", indicator, Asked(platelets=risky), names_given=True), body)


# ---------------------------------------------------------------------------------------------- TRF-08


def dengue(case: Case) -> Advise:
    """TRF-08: no prophylaxis in dengue; with bleeding of WHO 2 the senior decides.

    It takes the place of the infection's card, so that fever without a spleen (POP-08) has to be told here.
    """
    p = case.p
    conflict = p.platelets.conflict
    no_spleen = asplenia(p) if p.signs.fever else ()

    def body() -> Body:
        chosen = tuple(Action(ActionType.DELETE, order=o) for o in p.selected(*PLATELETS))
        fever = (sign_row("fever", s) for s in p.signs.fever) if no_spleen else ()
        count = orders(case, "count", ("cbc-hematocrit",), "urgent", due_after(case, "recheck_minor_hours"))
        return Body(
            "title.suspected" if case.is_dengue_only_suspected else "title",
            ("suggestion", *(("mucosal",) if case.row is Row.MUCOSAL else ())),
            cautions=("INF-GEN-05/caution.asplenia",) if no_spleen else (),
            rows=(*laboratory_rows(case), *drug_rows(case), *fever, *no_spleen),
            suggestions=(*((Suggestion("stop", chosen, recommended=True),) if chosen else ()), *count),
            values=_lower_count(conflict),
        )

    also = (("POP-08", bool(no_spleen)), ("TRF-06", conflict is not None and case.count is None))
    head = Head(
        "TRF-08",
        Indicator.WARNING,
        Asked(bleeding=case.row in (Row.MUCOSAL, Row.MINOR)),
        also=tuple(rule for rule, applies in also if applies),
    )
    return compose(case, head, body)


def _lower_count(conflict: Conflict | None) -> Values:
    """The holes of the title, where the lower of two conflicting counts is meant."""
    if conflict is None:
        return {}
    return {"platelets": f"{conflict.lower.shown} x10^9/L", "sampled": conflict.lower.time}
