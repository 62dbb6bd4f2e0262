"""The cards of bleeding that cannot wait for the count: TRF-01 life-threatening, TRF-15 no count to rely on."""

from __future__ import annotations

from cards.facts import Blocker
from cards.outcome import Advise, Indicator, Input, Suggestion
from cards.rows import bleeding_rows, finding_row
from cards.safety.mimics import NO_PLATELETS
from cards.transfusion.bleeding_parts import adjuncts, also, asked, extra_rows, is_gastrointestinal
from cards.transfusion.case import Case, Row, to_be_located
from cards.transfusion.composition import Body, Head, compose, finding_words, orders, reasons
from cards.transfusion.platelet_order import order_platelets
from cards.transfusion.populations import Asked, suits_immune_drugs

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
    head = Head(
        "TRF-01",
        Indicator.CRITICAL,
        asked(case, severe=True),
        adjuncts=adjuncts(case, emergency=True),
        also=also(case),
        names_given=case.p.blood_refused is None,
    )
    return compose(case, head, lambda: _life_threatening(case))


def _life_threatening(case: Case) -> Body:
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
    say += ["TRF-09/major"] if case.has_dic else []
    stop = "stop.mimic" if case.mimics & NO_PLATELETS else "stop"
    rescue = suits_immune_drugs(case.p, case.limits)
    return Body(
        _emergency_title(case, key),
        (*say, "beside", stop, *(("rescue",) if rescue else ())),
        rows=(*extra_rows(case), *_thrombocytopenia_rows(case)),
        suggestions=_emergency_orders(case, drafts=likely and given is None),
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


# ---------------------------------------------------------------------------------------------- TRF-15


def count_unknown(case: Case) -> Advise:
    """TRF-15: active bleeding, not life-threatening as recorded, and no count to rely on."""
    about = Asked(bleeding=True, gastrointestinal=is_gastrointestinal(case))
    merged = (*(("TRF-08",) if case.dengue else ()), *also(case))
    return compose(case, Head("TRF-15", Indicator.WARNING, about, also=merged), lambda: _count_unknown(case))


def _count_unknown(case: Case) -> Body:
    p = case.p
    bleeds = case.bleeds if case.row is Row.MUCOSAL else (*to_be_located(p, case.limits), *p.bleeding.deep)
    unlocated = [b for b in bleeds if b.unlocated]
    minor_only = case.row is not Row.MUCOSAL and not unlocated
    say = (
        "suggestion.minor" if minor_only else "suggestion",
        *(("prepare",) if _are_to_be_ready(case, minor_only=minor_only) else ()),
        _until_known(case),
        *(("unlocated",) if unlocated else ()),
        *(("TRF-01/mimic",) if case.mimics & NO_PLATELETS else ()),
        *(("TRF-08/unknown-count",) if case.dengue else ()),
        *(("TRF-09/bleeding",) if case.has_dic else ()),
    )
    count = "citrate-count" if case.blocker is Blocker.CLUMPING else "cbc"
    return Body(
        _title_without_count(case, minor_only=minor_only),
        say,
        rows=(*bleeding_rows(bleeds), *extra_rows(case)),
        suggestions=orders(case, "count", (count, "group-and-screen"), "urgent"),
        values={"finding": finding_words(bleeds[0])},
    )


def _are_to_be_ready(case: Case, *, minor_only: bool) -> bool:
    """Platelets: not for minor bleeding, not with a thrombotic disorder, not where blood is refused."""
    return not (minor_only or case.mimics & NO_PLATELETS or case.p.blood_refused is not None)


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
