"""Infections that a steroid or rituximab can set free while nobody treats them (IMM-02)."""

from __future__ import annotations

from datetime import timedelta

from cards.facts import PatientFacts
from cards.facts.presence import reference_time
from cards.frozen import dataclass
from cards.outcome import Input
from cards.reasons import Fact
from cards.record import Comparator, Result, TestResult
from cards.rows import finding_row, infection_row, measurement_row, result_row
from cards.thresholds import Thresholds

HBV = ("inf-hbv",)
SURFACE, CORE, LOAD = "lab-hbv-surface-antigen", "lab-hbv-core-antibody", "lab-hbv"
COVER = ("med-antiviral-hbv",)
ANTIBACTERIALS = ("med-antibacterial", "med-penicillin", "med-cephalosporin", "med-carbapenem")
GANCICLOVIR = ("med-ganciclovir",)
SEVERE = 3


@dataclass(frozen=True, slots=True)
class HepatitisB:
    """What shows it, whether an antiviral covers it, whether both markers are negative, which have no result."""

    surface: tuple[Input, ...]
    core: tuple[Input, ...]
    covered: bool
    excluded: bool
    unknown: tuple[Fact, ...]


def hepatitis_b(p: PatientFacts) -> HepatitisB:
    """HBsAg, HBV DNA or a Condition; anti-HBc alone; the newest result of each marker decides."""
    surface, core = _newest(p, SURFACE), _newest(p, CORE)
    dna = [m for m in p.measured(LOAD) if m.comparator is not Comparator.LESS and m.value > 0]
    loads = [
        t
        for t in p.tests(LOAD)
        if t.proves == "current" and t.result is Result.POSITIVE and SURFACE not in t.set_ids
    ]
    rows = (
        *(finding_row("hepatitis B", f) for f in p.present(*HBV)),
        *((result_row("HBsAg", surface),) if _is(surface, Result.POSITIVE) and surface else ()),
        *(measurement_row("HBV DNA", m) for m in dna),
        *(result_row("HBV test", t) for t in loads),
    )
    return HepatitisB(
        surface=rows,
        core=(result_row("anti-HBc", core),) if core is not None and core.result is Result.POSITIVE else (),
        covered=bool(p.using(*COVER)),
        excluded=_is(surface, Result.NEGATIVE) and _is(core, Result.NEGATIVE),
        unknown=tuple(fact for fact, test in ((Fact.HBSAG, surface), (Fact.ANTI_HBC, core)) if test is None),
    )


def _newest(p: PatientFacts, set_id: str) -> TestResult | None:
    dated = [t for t in p.tests(set_id) if t.time is not None and t.result is not Result.INDETERMINATE]
    return max(dated, key=lambda t: t.time.earliest if t.time else p.as_of, default=None)


def _is(test: TestResult | None, result: Result) -> bool:
    return test is not None and test.result is result


# ---------------------------------------------------------------------------------------------- the others


@dataclass(frozen=True, slots=True)
class Waiting:
    """An infection without its treatment; `key` names the words."""

    key: str
    rows: tuple[Input, ...]
    proven: bool = False


INFECTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("tb", "INF-TB", ("med-antituberculosis", "med-rifamycin")),
    ("cmv", "INF-CMV", GANCICLOVIR),
    ("stec", "INF-STEC", ()),
    ("hepatitis", "INF-HEPAE", ()),
    ("dengue", "INF-DEN", ()),
)
"""Key, pathogen, drugs that treat it (active: it no longer waits): by Condition or test, while it is current (A.9)."""

CONDITIONS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], str | None], ...] = (
    ("strongyloides", ("inf-strongyloides",), (), None),
    ("malaria", ("inf-malaria-severe",), ("med-antimalarial",), "viral_days"),
)
"""Key, value sets, drugs that treat it, and how long it is current: what no pathogen file knows, or knows wider."""

SPREADING = ("inf-hsv",)
"""Its codes name disseminated herpes, and herpes of the brain, alone."""
HERPES = (*SPREADING, "inf-vzv", "inf-varicella")
HERPES_DRUGS = ("med-antiviral-herpes",)


def waiting_infections(p: PatientFacts, limits: Thresholds) -> tuple[Waiting, ...]:
    """Every untreated infection of the list, recorded or suspected."""
    found = [
        Waiting(key, rows)
        for key, pathogen, drugs in INFECTIONS
        if not (drugs and p.using(*drugs))
        and (rows := tuple(infection_row(p, i) for i in p.infections.current(pathogen)))
    ]
    found += [
        Waiting(key, rows, proven=bool(p.present(*sets)))
        for key, sets, drugs, window in CONDITIONS
        if not (drugs and p.using(*drugs))
        and (rows := _current(p, sets, None if window is None else limits.span(window)))
    ]
    found += _sepsis(p)
    found += _spreading_herpes(p, limits)
    return tuple(found)


def _current(p: PatientFacts, sets: tuple[str, ...], within: timedelta | None) -> tuple[Input, ...]:
    return tuple(
        finding_row("infection", f)
        for f in (*p.present(*sets), *p.suspected(*sets))
        if within is None or (when := reference_time(f)) is None or when.since(p.as_of) <= within
    )


def _sepsis(p: PatientFacts) -> list[Waiting]:
    """Sepsis without an antibacterial."""
    if not p.sepsis_recorded or p.using(*ANTIBACTERIALS):
        return []
    rows = tuple(infection_row(p, i) for i in p.infections.current("INF-SEP"))
    return [Waiting("sepsis", rows)]


def _spreading_herpes(p: PatientFacts, limits: Thresholds) -> list[Waiting]:
    """Disseminated herpes, or varicella-zoster that is graded severe, without an antiviral."""
    if p.using(*HERPES_DRUGS):
        return []
    within = limits.span("viral_days")
    rows = tuple(
        finding_row("infection", f)
        for f in (*p.present(*HERPES), *p.suspected(*HERPES))
        if (f.is_in(*SPREADING) or (f.severity or 0) >= SEVERE)
        and ((when := reference_time(f)) is None or when.since(p.as_of) <= within)
    )
    return [Waiting("herpes", rows)] if rows else []
