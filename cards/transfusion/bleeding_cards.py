"""The cards of bleeding: TRF-01, TRF-02, TRF-03, TRF-10, TRF-14, TRF-15."""

from __future__ import annotations

from cards.anti_infective.ordering import is_ordered
from cards.facts import Bleed, Blocker, Site
from cards.outcome import Action, ActionType, Advise, Indicator, Input, Suggestion
from cards.record import Planned
from cards.rows import bleeding_rows, event_row, finding_row, medication_row
from cards.safety.mimics import NO_PLATELETS
from cards.transfusion.adjuncts import Adjunct, immunoglobulin, may_be_immune, tranexamic_acid
from cards.transfusion.bleeding_risk import PLANNED
from cards.transfusion.case import Case, Row, to_be_located
from cards.transfusion.composition import (
    Draft,
    compose,
    drug_rows,
    due_after,
    finding_words,
    laboratory_rows,
    orders,
    reasons,
)
from cards.transfusion.given import Given
from cards.transfusion.platelet_order import order_platelets
from cards.transfusion.populations import Asked

ANTIPLATELET = ("med-antiplatelet", "med-aspirin", "med-p2y12", "med-gp2b3a")
THROMBOCYTOPENIA = (
    "cond-thrombocytopenia-drug",
    "cond-thrombocytopenia-immune",
    "cond-thrombocytopenia-inherited",
    "cond-thrombocytopenia-secondary",
    "cond-thrombocytopenia-unspecified",
)
UNTIL_KNOWN = {
    Blocker.NONE_EVER: "none",
    Blocker.TOO_OLD: "none",
    Blocker.STALE: "stale",
    Blocker.CLUMPING: "clumping",
    Blocker.CONFLICT: "conflict",
}
"""Why there is no count to rely on: paragraphs of TRF-15; every other blocker is `unusable`."""


# ---------------------------------------------------------------------------------------------- TRF-01


def life_threatening(case: Case) -> Advise:
    """TRF-01. Critical whatever else is recorded; a draft only where a low count is known or likely."""
    known, given = case.count is not None, case.given
    refused = case.p.blood_refused is not None
    key = "refused" if refused else "given" if given is not None else "" if known else "unknown"
    likely = known or is_likely_low(case)
    say = [f"suggestion.{key}" if key else "suggestion"]
    if not known:
        say += [
            f"TRF-15/{_until_known(case)}",
            *(() if refused else ("likely-low" if likely else "not-likely",)),
        ]
    say += ["mimic"] if case.mimics & NO_PLATELETS else []
    say += ["TRF-08/unknown-count"] if case.dengue and not known else []
    say += ["TRF-09/bleeding"] if case.has_dic else []
    drafts = likely and given is None
    return compose(
        case,
        Draft(
            "TRF-01",
            Indicator.CRITICAL,
            _emergency_title(case, key),
            (*say, "beside"),
            _asked(case, severe=True),
            rows=(*_extra_rows(case), *_thrombocytopenia_rows(case)),
            adjuncts=_adjuncts(case, emergency=True),
            suggestions=_emergency_orders(case, drafts=drafts),
            also=_also(case),
        ),
    )


def is_likely_low(case: Case) -> bool:
    """The last count (with clumping the citrate count) is below the limit, or thrombocytopenia is recorded."""
    platelets = case.p.platelets
    limit = case.limits.cns_transfuse if case.row is Row.CNS else case.limits.bleeding_transfuse
    last = platelets.last_known
    if platelets.clumping is not None and platelets.clumping.higher is not None:
        last = platelets.clumping.higher
    return (last is not None and last < limit) or bool(case.p.present(*THROMBOCYTOPENIA))


def _emergency_title(case: Case, key: str) -> str:
    known = case.count is not None
    if key in ("refused", "given"):
        return f"title.{key}" if known else f"title.{key}-unknown"
    if not known:
        unreliable = case.blocker in (Blocker.CLUMPING, Blocker.CONFLICT)
        return "title.unreliable" if unreliable else "title.unknown"
    return "title.mimic" if case.mimics & NO_PLATELETS else "title"


def _emergency_orders(case: Case, *, drafts: bool) -> tuple[Suggestion, ...]:
    """Platelets, then the call. With a thrombotic disorder in question the specialist comes first."""
    platelets = (
        order_platelets(
            case.p,
            case.limits,
            priority="stat",
            reasons=reasons(case),
            recommended=not case.mimics & NO_PLATELETS,
        )
        if drafts
        else ()
    )
    call = orders(case, "call", ("haematology", "group-and-screen", "coagulation"), "stat")
    count = orders(case, "count", ("cbc",), "stat") if case.count is None else ()
    both = (*call, *platelets) if case.mimics & NO_PLATELETS else (*platelets, *call)
    return (*count, *both)


def _thrombocytopenia_rows(case: Case) -> tuple[Input, ...]:
    found = case.p.present(*THROMBOCYTOPENIA) if case.count is None else ()
    return tuple(finding_row("thrombocytopenia recorded", f) for f in found)


# ---------------------------------------------------------------------------------------------- TRF-02


def mucosal(case: Case) -> Advise:
    """TRF-02; info where platelets are on their way and neither newer bleeding nor a newer count speaks against it."""
    if case.given is not None and not _asks_again(case, case.given):
        return _in_progress(case, case.given)
    p, count = case.p, case.count
    refused = p.blood_refused is not None
    from_30 = count is not None and count.value >= case.limits.skin_only_defer
    say = [
        "suggestion.refused" if refused else "suggestion",
        *(("from-30",) if from_30 else ()),
        *(("TRF-08/suspected",) if case.dengue else ()),
        *(("TRF-09/bleeding",) if case.has_dic else ()),
    ]
    return compose(
        case,
        Draft(
            "TRF-02",
            Indicator.CRITICAL,
            "title.refused" if refused else "title",
            tuple(say),
            _asked(case),
            rows=_extra_rows(case),
            adjuncts=_adjuncts(case, emergency=False),
            suggestions=(
                *order_platelets(p, case.limits, priority="urgent", reasons=reasons(case)),
                *orders(case, "more", ("haematology", "group-and-screen", "coagulation"), "urgent"),
            ),
            also=(*_also(case), *(("TRF-08",) if case.dengue else ())),
        ),
    )


def _asks_again(case: Case, given: Given) -> bool:
    """A.3: the bleeding was recorded after the transfusion, or a later count is below 10."""
    if given.only_ordered:
        return False
    started, count = given.time.latest, case.count
    newer = any(b.since is not None and b.since.earliest > started for b in case.bleeds)
    very_low = count is not None and count.value < case.limits.very_low
    return newer or (very_low and count is not None and count.time.earliest > started)


def _in_progress(case: Case, given: Given) -> Advise:
    running = given.row.value in ("in-progress", "active") and not given.only_ordered
    key = "ordered" if given.only_ordered else "running" if running else "given"
    after = (
        ()
        if is_ordered(case.p, "cbc-after-platelets")
        else (Action(ActionType.CREATE, "cbc-after-platelets", "urgent", reasons=reasons(case)),)
    )
    return compose(
        case,
        Draft(
            "TRF-02",
            Indicator.INFO,
            f"title.{key}",
            ("given",),
            Asked(bleeding=True),
            suggestions=(Suggestion("after", after, recommended=True),) if after else (),
            also=("TRF-11",),
        ),
    )


# ---------------------------------------------------------------------------------------------- TRF-03


def minor(case: Case) -> Advise:
    """TRF-03: minor, stopped, or told by the patient alone."""
    p, limits, count = case.p, case.limits, case.count
    reported = set(case.bleeds) <= set(p.bleeding.patient_reported)
    low = count is not None and count.value < limits.low_high_risk
    refer = count is not None and count.value < limits.skin_only_defer
    blisters = any(b.set_id == "bleed-mucosal-minor" for b in case.bleeds)
    title = "title.reported" if reported else "title"
    if not reported and case.bleeds[0].site is Site.MUCOSAL:
        title = "title.mucosal"
    say = (
        *(("reported",) if any(b.patient_reported for b in case.bleeds) else ()),
        *(() if reported else ("suggestion",)),
        *(("wet-purpura",) if blisters else ()),
        *(("soon",) if low else ()),
    )
    due = due_after(case, "recheck_minor_hours" if low else "recheck_hours")
    return compose(
        case,
        Draft(
            "TRF-03",
            Indicator.WARNING,
            title,
            say,
            Asked(bleeding=True),
            rows=_extra_rows(case),
            suggestions=orders(case, "refer", ("haematology", "cbc"), "urgent", due)
            if refer
            else orders(case, "count", ("cbc",), "urgent", due),
        ),
    )


# ---------------------------------------------------------------------------------------------- TRF-10, TRF-14


def out_of_proportion(case: Case) -> Advise:
    """TRF-10 (BLD-05): bleeding that the count does not explain."""
    severe = case.row in (Row.SEVERE, Row.CNS)
    mouth = any(b.site is Site.MUCOSAL for b in case.bleeds) and case.row is Row.MUCOSAL
    below = case.count is not None and case.count.value < case.limits.mild
    say = (
        "suggestion.severe" if severe else "suggestion",
        *(("baseline",) if mouth and below else ()),
        *(("TRF-09/bleeding",) if case.has_dic else ()),
    )
    return compose(
        case,
        Draft(
            "TRF-10",
            Indicator.WARNING,
            "title.severe" if severe else "title",
            say,
            Asked(bleeding=True, gastrointestinal=_is_gastrointestinal(case)),
            rows=_extra_rows(case),
            suggestions=orders(
                case,
                "check",
                ("coagulation", "medication-review", *(("group-and-screen",) if severe else ())),
                "urgent",
            ),
            also=("BLD-05", *(("TRF-09",) if case.has_dic else ())),
        ),
    )


def is_on_antiplatelet(case: Case) -> bool:
    """TRF-14: bleeding of the brain, an antiplatelet drug in use, no neurosurgery planned or chosen."""
    p = case.p
    surgery = any(_is_neurosurgery(plan) for plan in p.planned) or p.selected("proc-neurosurgery")
    return bool(p.bleeding.cns and p.using(*ANTIPLATELET)) and not surgery


def _is_neurosurgery(plan: Planned) -> bool:
    return "proc-neurosurgery" in plan.set_ids and plan.status in PLANNED


def on_antiplatelet(case: Case) -> Advise:
    """TRF-14."""
    drugs = tuple(medication_row("antiplatelet drug", m) for m in case.p.using(*ANTIPLATELET))
    return compose(
        case,
        Draft(
            "TRF-14",
            Indicator.WARNING,
            "title",
            ("suggestion",),
            Asked(bleeding=True),
            rows=drugs,
            suggestions=orders(case, "call", ("haematology",), "urgent"),
        ),
    )


# ---------------------------------------------------------------------------------------------- TRF-15


def count_unknown(case: Case) -> Advise:
    """TRF-15: active bleeding, not life-threatening as recorded, and no count to rely on."""
    p = case.p
    bleeds = case.bleeds if case.row is Row.MUCOSAL else (*to_be_located(p, case.limits), *p.bleeding.deep)
    unlocated = [b for b in bleeds if b.unlocated]
    minor_only = case.row is not Row.MUCOSAL and not unlocated
    title = _title_without_count(case, minor_only=minor_only)
    say = (
        "suggestion.minor" if minor_only else "suggestion",
        _until_known(case),
        *(("unlocated",) if unlocated else ()),
        *(("TRF-01/mimic",) if case.mimics & NO_PLATELETS else ()),
        *(("TRF-08/unknown-count",) if case.dengue else ()),
        *(("TRF-09/bleeding",) if case.has_dic else ()),
    )
    count = "citrate-count" if case.blocker is Blocker.CLUMPING else "cbc"
    return compose(
        case,
        Draft(
            "TRF-15",
            Indicator.WARNING,
            title,
            say,
            Asked(bleeding=True, gastrointestinal=_is_gastrointestinal(case)),
            rows=(*bleeding_rows(p, bleeds), *_extra_rows(case)),
            suggestions=orders(case, "count", (count, "group-and-screen"), "urgent"),
            also=(*(("TRF-08",) if case.dengue else ()), *(("TRF-09",) if case.has_dic else ())),
        ),
        finding=finding_words(bleeds[0]),
    )


def _title_without_count(case: Case, *, minor_only: bool) -> str:
    keys = (
        ("title.minor", minor_only),
        ("title.mimic", bool(case.mimics & NO_PLATELETS)),
        ("title.refused", case.p.blood_refused is not None),
        ("title.unreliable", case.blocker in (Blocker.CLUMPING, Blocker.CONFLICT)),
    )
    return next((key for key, applies in keys if applies), "title")


def _until_known(case: Case) -> str:
    return UNTIL_KNOWN.get(case.blocker, "unusable") if case.blocker is not None else "unusable"


# ---------------------------------------------------------------------------------------------- shared


def _asked(case: Case, *, severe: bool = False) -> Asked:
    return Asked(bleeding=True, severe=severe, platelets=True, gastrointestinal=_is_gastrointestinal(case))


def _is_gastrointestinal(case: Case) -> bool:
    return any(b.set_id == "bleed-gi" for b in case.bleeds)


def _adjuncts(case: Case, *, emergency: bool) -> tuple[Adjunct, ...]:
    """IVIG and a steroid where the cause may be immune; tranexamic acid or what speaks against it."""
    bleeds: tuple[Bleed, ...] = case.bleeds
    immune = may_be_immune(case.p, case.mimics, case.limits)
    return (
        *((immunoglobulin(case.p, case.limits, emergency=emergency),) if immune else ()),
        tranexamic_acid(case.p, bleeds, case.mimics, case.limits),
    )


def _extra_rows(case: Case) -> tuple[Input, ...]:
    found = (*laboratory_rows(case), *drug_rows(case), *case.dic_rows)
    plans = (event_row("planned neurosurgery", plan) for plan in case.p.planned if _is_neurosurgery(plan))
    return (*found, *(plans if case.row is Row.CNS else ()))


def _also(case: Case) -> tuple[str, ...]:
    return ("TRF-09",) if case.has_dic else ()
