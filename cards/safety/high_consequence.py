"""SAFE-13: fever with low platelets after exposure to a viral haemorrhagic fever: isolate and call before sampling.

Exposure is a coded contact, also a suspected one, of the last 21 days, or a recorded haemorrhagic fever. Travel has
no code that is read unless a site maps one: without exposure in the record the rule cannot tell.
"""

from __future__ import annotations

from cards.anti_infective.ordering import order
from cards.facts import Known, PatientFacts, has_past_code, is_past
from cards.facts.once import once
from cards.outcome import Advice, CannotTell, Indicator, NoAdvice, Outcome, Topic
from cards.reasons import Fact
from cards.record import Finding, Kind, Verification
from cards.rows import finding_row, sign_row
from cards.safety.card_parts import mimic_card, references
from cards.safety.counts import is_below
from cards.safety.infections import Evidence, evidence_of
from cards.safety.silence import COUNT_NOT_LOW, NO_COUNT, NO_SIGNS, UNREAD
from cards.thresholds import Thresholds

EXPOSURE = "exposure-high-consequence"


@once
def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical: isolation, protective equipment, infectious diseases and public health before sampling."""
    recorded = evidence_of(p, "vhf", limits, "exposure_days")
    exposed = exposures(p, limits)
    low = is_below(p, limits.normal)
    if not recorded.is_recorded:
        silent = _why_not(p, exposed, low)
        if silent is not None:
            return silent
    rows = (
        *recorded.rows,
        *(finding_row("exposure to a viral haemorrhagic fever", f) for f in exposed),
        *(sign_row("temperature", s) for s in p.signs.fever),
    )
    return mimic_card(
        p,
        limits,
        "SAFE-13",
        Indicator.CRITICAL,
        rows,
        title=_title(recorded),
        say=("suggestion", "way.recorded" if recorded.is_recorded else "way.exposure", "malaria"),
        unknown=() if exposed else (Fact.TRAVEL,),
        suggestions=order(p, "call", ("infectious-diseases",), references(rows), "stat"),
        without=("refusal",),
    )


def _title(recorded: Evidence) -> str:
    """Only suspected is not recorded."""
    if not recorded.is_recorded:
        return "title"
    certain = recorded.is_proven or any(
        f.verification is not Verification.SUSPECTED for f in recorded.conditions
    )
    return "title.recorded" if certain else "title.suspected"


def _why_not(p: PatientFacts, exposed: tuple[Finding, ...], low: Known) -> NoAdvice | CannotTell | None:
    """None where exposure, fever and a low count stand together."""
    feverish = bool(p.signs.fever)
    if low is Known.NO:
        return COUNT_NOT_LOW
    if not exposed:
        if not p.answered(Kind.CONDITIONS):
            return UNREAD
        return CannotTell(Fact.TRAVEL) if feverish else NO_SIGNS
    if not feverish:
        return CannotTell(Fact.TEMPERATURE) if Fact.TEMPERATURE in p.signs.unknown else NO_SIGNS
    return NO_COUNT if low is Known.UNKNOWN else None


def exposures(p: PatientFacts, limits: Thresholds) -> tuple[Finding, ...]:
    """Of the last 21 days or without a date, also suspected ones, and those that are over: contact is an event."""
    if EXPOSURE not in p.record.finding_sets:
        return ()
    within = limits.span("exposure_days")
    dated = (
        (f, f.ended or f.onset or f.recorded) for f in p.findings(EXPOSURE) if not has_past_code(f, EXPOSURE)
    )
    return tuple(
        f for f, when in dated if (not is_past(f) if when is None else when.since(p.as_of) <= within)
    )


ADVICE = Advice(stem="safety/high_consequence", ids=("SAFE-13",), topic=Topic.SAFETY, decide=decide)
