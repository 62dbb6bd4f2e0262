"""Infections in which a bleeding-risk drug is avoided at any count (ORD-01, ORD-02): dengue and its look-alikes."""

from __future__ import annotations

from datetime import timedelta

from cards.facts import PatientFacts
from cards.facts.presence import reference_time
from cards.frozen import dataclass
from cards.outcome import Input
from cards.record import Finding, Result
from cards.rows import finding_row, infection_row, result_row
from cards.safety.high_consequence import EXPOSURE, exposures
from cards.safety.infections import evidence_of
from cards.thresholds import Thresholds

VHF_EXPOSURE = (EXPOSURE,)
ZIKA_CHIK = ("inf-zika-chik",)
ZIKA_CHIK_TESTS = ("lab-zika-chik",)
DENGUE_TESTS = ("lab-dengue",)


@dataclass(frozen=True, slots=True)
class Haemorrhagic:
    """`key` names the paragraphs (`dengue`, `vhf`, `zika-chik`); `rows` show it. Suspected ones count: safety."""

    key: str
    rows: tuple[Input, ...]


def dengue(p: PatientFacts) -> tuple[Haemorrhagic, ...]:
    """Current dengue, proven, reported or suspected."""
    rows = tuple(infection_row(p, i) for i in p.infections.current("INF-DEN"))
    return (Haemorrhagic("dengue", rows),) if rows else ()


def haemorrhagic_fever(p: PatientFacts, limits: Thresholds) -> tuple[Haemorrhagic, ...]:
    """A viral haemorrhagic fever recorded or suspected, or fever after exposure to one (SAFE-13)."""
    exposed = exposures(p, limits) if p.signs.fever else ()
    rows = (
        *evidence_of(p, "vhf", limits, "vhf_days").rows,
        *(finding_row("exposure to a haemorrhagic fever, with fever", f) for f in exposed),
    )
    return (Haemorrhagic("vhf", rows),) if rows else ()


def zika_or_chikungunya(p: PatientFacts, limits: Thresholds) -> tuple[Haemorrhagic, ...]:
    """Zika or chikungunya, recorded, suspected or proven, while no dengue test of this illness is negative."""
    window = limits.span("zika_chik_days")
    findings = _current(p, ZIKA_CHIK, window)
    tests = tuple(
        t
        for t in p.tests(*ZIKA_CHIK_TESTS)
        if t.result is Result.POSITIVE
        and t.proves == "current"
        and t.time is not None
        and t.time.since(p.as_of) <= window
    )
    rows = (
        *(finding_row("Zika or chikungunya", f) for f in findings),
        *(result_row("Zika or chikungunya test", t) for t in tests),
    )
    if not rows or _dengue_excluded(p, findings, limits):
        return ()
    return (Haemorrhagic("zika-chik", rows),)


def _dengue_excluded(p: PatientFacts, illness: tuple[Finding, ...], limits: Thresholds) -> bool:
    """A negative test for current dengue, not older than the onset of the illness."""
    onsets = [f.onset.earliest for f in illness if f.onset is not None]
    since = min(onsets, default=p.as_of - limits.span("zika_chik_days"))
    return any(
        t.result is Result.NEGATIVE
        and t.proves == "current"
        and t.time is not None
        and t.time.latest >= since
        for t in p.tests(*DENGUE_TESTS)
    )


def _current(p: PatientFacts, sets: tuple[str, ...], within: timedelta) -> tuple[Finding, ...]:
    """Present or suspected, begun within the window or without a date."""
    return tuple(
        f
        for f in (*p.present(*sets), *p.suspected(*sets))
        if (when := reference_time(f)) is None or when.since(p.as_of) <= within
    )
