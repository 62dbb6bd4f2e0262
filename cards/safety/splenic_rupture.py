"""SAFE-14: rupture of the spleen in mononucleosis, malaria or babesiosis (rulebook A.5.4).

Pain of the left upper abdomen, severe abdominal pain, any abdominal pain with shock or a fall of haemoglobin; in
mononucleosis also shock or such a fall without another place of bleeding. Left shoulder pain and "sudden" have no code
of their own that is read, unless a site maps them. Other abdominal pain alone is a warning.
"""

from __future__ import annotations

from cards.anti_infective.ordering import order
from cards.facts import Known, PatientFacts, Site, is_past
from cards.facts.once import once
from cards.facts.presence import reference_time
from cards.outcome import Advice, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Finding
from cards.rows import finding_row, sign_row
from cards.safety.card_parts import mimic_card, references
from cards.safety.falls import find_haemoglobin_drop
from cards.safety.infections import NAMED, current_rows
from cards.safety.silence import NO_SIGNS, unless_unread
from cards.thresholds import Thresholds

INFECTIONS = ("ebv", "malaria", "babesia")
SPLENIC_PAIN, ABDOMINAL_PAIN = "sign-splenic-pain", "sign-abdominal-pain"
SEVERE = 3
NO_INFECTION = NoAdvice(Why.NO_INFECTION)


@once
def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical: imaging and surgery; a warning for abdominal pain alone."""
    infections = {key: rows for key in INFECTIONS if (rows := current_rows(p, key, limits))}
    if not infections:
        return unless_unread(p, NO_INFECTION)
    sign, signs = _lead(p, "ebv" in infections, limits)
    if sign is None:
        return unless_unread(p, NO_SIGNS)
    critical = sign != "pain"
    rows = (*(row for found in infections.values() for row in found), *signs)
    templates = (
        ("spleen-imaging", "surgery", "group-and-screen", "cbc") if critical else ("spleen-imaging", "cbc")
    )
    return mimic_card(
        p,
        limits,
        "SAFE-14",
        Indicator.CRITICAL if critical else Indicator.WARNING,
        rows,
        title=f"title.{sign}",
        say=("suggestion" if critical else "watch",),
        unknown=_unknown(p, limits, critical=critical),
        values={"infection": NAMED[next(iter(infections))].name},
        suggestions=order(
            p, "call" if critical else "watch", templates, references(rows), "stat" if critical else "urgent"
        ),
    )


def _unknown(p: PatientFacts, limits: Thresholds, *, critical: bool) -> tuple[Fact, ...]:
    """The haemoglobin; where pain alone is recorded the blood pressure too, for shock would change the card."""
    checklist = (
        (find_haemoglobin_drop(p, limits).answer is Known.UNKNOWN, Fact.HAEMOGLOBIN),
        (not critical and Fact.BLOOD_PRESSURE in p.signs.unknown, Fact.BLOOD_PRESSURE),
    )
    return tuple(fact for is_missing, fact in checklist if is_missing)


def _lead(p: PatientFacts, ebv: bool, limits: Thresholds) -> tuple[str | None, tuple[Input, ...]]:
    """The sign that leads, by the key of its title, and every sign that stands beside it."""
    splenic, pain = _pains(p, SPLENIC_PAIN, limits), _pains(p, ABDOMINAL_PAIN, limits)
    drop = find_haemoglobin_drop(p, limits)
    failing = (
        *(sign_row("shock", s) for s in p.signs.shock),
        *(drop.rows if drop.answer is Known.YES else ()),
    )
    rows = (
        *(finding_row("pain of the left upper abdomen", f) for f in splenic),
        *(finding_row("abdominal pain", f) for f in pain),
        *failing,
    )
    if splenic:
        return "left-pain", rows
    if any((f.severity or 0) >= SEVERE for f in pain):
        return "severe-pain", rows
    elsewhere = any(b.site is not Site.SKIN for b in p.bleeding.serious)
    if failing and (pain or (ebv and not elsewhere)):
        return "shock", rows
    return ("pain", rows) if pain else (None, ())


def _pains(p: PatientFacts, set_id: str, limits: Thresholds) -> tuple[Finding, ...]:
    within = limits.span("rupture_pain_hours")
    return tuple(
        f
        for f in p.findings(set_id)
        if not is_past(f) and ((when := reference_time(f)) is None or when.since(p.as_of) <= within)
    )


ADVICE = Advice(stem="safety/splenic_rupture", ids=("SAFE-14",), topic=Topic.SAFETY, decide=decide)
