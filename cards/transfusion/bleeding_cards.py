"""The cards of bleeding with a known count: TRF-02 mucosal, TRF-03 minor, TRF-10 out of proportion, TRF-14 brain."""

from __future__ import annotations

from cards.facts import Site
from cards.outcome import Action, ActionType, Advise, Indicator, Suggestion
from cards.record import Kind
from cards.rows import medication_row
from cards.transfusion.bleeding_parts import (
    adjuncts,
    also,
    asked,
    extra_rows,
    is_gastrointestinal,
)
from cards.transfusion.bleeding_risk import neurosurgery
from cards.transfusion.case import Case, Row
from cards.transfusion.composition import Body, Head, compose, due_after, orders, reasons
from cards.transfusion.given import Given, is_count_ordered_after
from cards.transfusion.platelet_order import order_platelets
from cards.transfusion.populations import Asked

ANTIPLATELET = ("med-antiplatelet", "med-aspirin", "med-p2y12", "med-gp2b3a")
SURGERY_TOLD = (Kind.ORDERS, Kind.PROCEDURES)
"""Where neurosurgery would be recorded."""

# ---------------------------------------------------------------------------------------------- TRF-02


def mucosal(case: Case) -> Advise:
    """TRF-02; info where platelets are on their way and neither newer bleeding nor a newer count speaks against it."""
    if case.given is not None and not _asks_again(case, case.given):
        return _in_progress(case, case.given)
    p, count = case.p, case.count

    def body() -> Body:
        refused = p.blood_refused is not None
        from_30 = count is not None and count.value >= case.limits.skin_only_defer
        return Body(
            "title.refused" if refused else "title",
            (
                "suggestion.refused" if refused else "suggestion",
                *(("from-30",) if from_30 else ()),
                *(("TRF-08/suspected",) if case.dengue else ()),
                *(("TRF-09/bleeding",) if case.has_dic else ()),
            ),
            rows=extra_rows(case),
            suggestions=(
                *order_platelets(p, case.limits, priority="urgent", reasons=reasons(case)),
                *orders(case, "more", ("haematology", "group-and-screen", "coagulation"), "urgent"),
            ),
        )

    head = Head(
        "TRF-02",
        Indicator.CRITICAL,
        asked(case),
        adjuncts=adjuncts(case, emergency=False),
        also=(*also(case), *(("TRF-08",) if case.dengue else ())),
    )
    return compose(case, head, body)


def _asks_again(case: Case, given: Given) -> bool:
    """A.3: the bleeding was recorded after the transfusion, or a later count is below 10."""
    if given.only_ordered:
        return False
    started, count = given.time.latest, case.count
    newer = any(b.since is not None and b.since.earliest > started for b in case.bleeds)
    very_low = count is not None and count.value < case.limits.very_low
    return newer or (very_low and _is_after(case, given))


def _is_after(case: Case, given: Given) -> bool:
    """The count in use was drawn after the platelets."""
    return case.count is not None and case.count.time.earliest > given.time.latest


def _in_progress(case: Case, given: Given) -> Advise:
    running = given.row.value == "in-progress"
    counted = not (running or given.only_ordered) and _is_after(case, given)

    def body() -> Body:
        key = "ordered" if given.only_ordered else "running" if running else "counted" if counted else "given"
        after = (
            ()
            if counted or is_count_ordered_after(case.p, given.time, given.time, case.limits)
            else (Action(ActionType.CREATE, "cbc-after-platelets", "urgent", reasons=reasons(case)),)
        )
        return Body(
            f"title.{key}",
            ("counted" if counted else "given",),
            suggestions=(Suggestion("after", after, recommended=True),) if after else (),
        )

    head = Head("TRF-02", Indicator.INFO, Asked(bleeding=True), names_given=not counted)
    return compose(case, head, body)


# ---------------------------------------------------------------------------------------------- TRF-03


def minor(case: Case) -> Advise:
    """TRF-03: minor, stopped, or told by the patient alone."""
    return compose(case, Head("TRF-03", Indicator.WARNING, Asked(bleeding=True)), lambda: _minor(case))


def _minor(case: Case) -> Body:
    p, limits, count = case.p, case.limits, case.count
    reported = set(case.bleeds) <= set(p.bleeding.patient_reported)
    low = count is not None and count.value < limits.low_high_risk
    refer = count is not None and count.value < limits.skin_only_defer
    blisters = any(b.set_id == "bleed-mucosal-minor" for b in case.bleeds)
    title = "title.reported" if reported else "title"
    if p.blood_refused is not None:
        title = f"{title}.refused"
    elif not reported and case.bleeds[0].site is Site.MUCOSAL:
        title = "title.mucosal"
    say = (
        *(("reported",) if any(b.patient_reported for b in case.bleeds) else ()),
        *(() if reported else ("suggestion",)),
        *(("wet-purpura",) if blisters else ()),
        *(("soon",) if low else ()),
    )
    due = due_after(case, "recheck_minor_hours" if low else "recheck_hours")
    return Body(
        title,
        say,
        rows=extra_rows(case),
        suggestions=orders(case, "refer", ("haematology", "cbc"), "urgent", due)
        if refer
        else orders(case, "count", ("cbc",), "urgent", due),
    )


# ---------------------------------------------------------------------------------------------- TRF-10, TRF-14


def out_of_proportion(case: Case) -> Advise:
    """TRF-10 (BLD-05): bleeding that the count does not explain."""

    def body() -> Body:
        severe = case.row in (Row.SEVERE, Row.CNS)
        mouth = any(b.site is Site.MUCOSAL for b in case.bleeds) and case.row is Row.MUCOSAL
        below = case.count is not None and case.count.value < case.limits.mild
        tests = ("coagulation", "medication-review", *(("group-and-screen",) if severe else ()))
        return Body(
            _severe_title(case) if severe else "title",
            (
                "suggestion.severe" if severe else "suggestion",
                *(("baseline",) if mouth and below else ()),
                *(("TRF-09/bleeding",) if case.has_dic else ()),
            ),
            rows=extra_rows(case),
            suggestions=orders(case, "check", tests, "urgent"),
        )

    about = Asked(bleeding=True, gastrointestinal=is_gastrointestinal(case))
    return compose(case, Head("TRF-10", Indicator.WARNING, about, also=("BLD-05", *also(case))), body)


def _severe_title(case: Case) -> str:
    if case.p.blood_refused is not None:
        return "title.refused"
    return "title.brain" if case.row is Row.CNS else "title.severe"


def is_on_antiplatelet(case: Case) -> bool:
    """TRF-14: bleeding of the brain, an antiplatelet drug in use, no neurosurgery planned, chosen or begun."""
    p = case.p
    return bool(p.bleeding.cns and p.using(*ANTIPLATELET)) and not neurosurgery(p, case.limits)


def on_antiplatelet(case: Case) -> Advise:
    """TRF-14."""

    def body() -> Body:
        return Body(
            "title",
            ("suggestion",),
            unknown=case.p.unread(*SURGERY_TOLD),
            rows=tuple(medication_row("antiplatelet drug", m) for m in case.p.using(*ANTIPLATELET)),
            suggestions=orders(case, "call", ("haematology",), "urgent"),
        )

    return compose(case, Head("TRF-14", Indicator.WARNING, Asked(bleeding=True)), body)
