"""The PLASMIC score for TTP (Bendapudi 2017): seven items of one point each; 6 and 7 are high.

Items count only with values of the last 72 hours (rulebook A.9). Haemolysis is judged by reticulocytes, haptoglobin
and indirect bilirubin, not by LDH; "no cancer" and "no transplant" need readable Conditions and Procedures.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from cards.facts import Known, PatientFacts, is_past
from cards.facts.once import once
from cards.months import add_months
from cards.outcome import Input
from cards.reasons import Fact
from cards.record import Comparator, Finding, Kind, Measurement
from cards.rows import count_row, finding_row, measurement_row
from cards.safety.counts import NOT_FOR_A_SCORE
from cards.safety.laboratory import above, any_of, at_most, below, newest
from cards.safety.score import Item, Score
from cards.thresholds import Thresholds

CANCER = ("risk-cancer", "mimic-marrow", "mimic-acute-leukaemia", "mimic-lymphoma")
TRANSPLANT = "status-transplant"
HAEMOLYSIS = ("obs-reticulocytes", "obs-haptoglobin", "obs-bilirubin-indirect")
"""Without any of them the score is never known."""


@once
def plasmic(p: PatientFacts, limits: Thresholds) -> Score:
    """The score with its items in the order of its letters."""
    return Score("PLASMIC", tuple(item(p, limits) for item in _ITEMS))


def _platelets(p: PatientFacts, limits: Thresholds) -> Item:
    count = p.platelets.current
    if count is None or p.platelets.blocker in NOT_FOR_A_SCORE or count.time.age(p.as_of) > _window(limits):
        return Item.unknown(1, Fact.PLATELETS)
    return Item.known(int(count.value < limits.plasmic_count), count_row(count))


def _haemolysis(p: PatientFacts, limits: Thresholds) -> Item:
    within = _window(limits)
    haptoglobin = newest(p, "obs-haptoglobin", within)
    bilirubin = newest(p, "obs-bilirubin-indirect", within)
    reticulocytes = newest(p, "obs-reticulocytes", within)
    judged = (
        ("reticulocytes", reticulocytes, above(reticulocytes, limits.plasmic_reticulocytes)),
        ("haptoglobin", haptoglobin, _is_undetectable(haptoglobin, limits)),
        ("indirect bilirubin", bilirubin, above(bilirubin, limits.plasmic_indirect_bilirubin)),
    )
    answer = any_of(*(one for _, _, one in judged))
    if answer is Known.UNKNOWN:
        return Item.unknown(1, Fact.HAEMOLYSIS)
    rows = tuple(measurement_row(fact, m) for fact, m, one in judged if m is not None and one is answer)
    return Item.known(int(answer is Known.YES), *rows)


def _is_undetectable(haptoglobin: Measurement | None, limits: Thresholds) -> Known:
    """At or below 0.1 g/L, or reported as below the limit of its assay."""
    if haptoglobin is not None and haptoglobin.comparator is Comparator.LESS:
        return Known.YES
    return at_most(haptoglobin, limits.haptoglobin_undetectable)


def _no_cancer(p: PatientFacts, limits: Thresholds) -> Item:
    found = [(f, _was_active(p, f, limits)) for f in p.findings(*CANCER)]
    active = tuple(
        finding_row("cancer in the last 12 months", f) for f, answer in found if answer is Known.YES
    )
    if active:
        return Item.known(0, *active)
    if not p.answered(Kind.CONDITIONS) or any(answer is Known.UNKNOWN for _, answer in found):
        return Item.unknown(1, Fact.CONDITIONS)
    return Item.known(1, Input("cancer in the last 12 months", "none recorded"))


def _was_active(p: PatientFacts, finding: Finding, limits: Thresholds) -> Known:
    """A cancer that is over counts for 12 months; without the date of its end that cannot be told."""
    if not is_past(finding):
        return Known.YES
    if finding.ended is None:
        return Known.UNKNOWN
    since = add_months(p.as_of, -int(limits.plasmic_cancer_months))
    return Known.YES if finding.ended.latest >= since else Known.NO


def _no_transplant(p: PatientFacts, limits: Thresholds) -> Item:
    found = tuple(finding_row("transplant", f) for f in p.findings(TRANSPLANT))
    done = tuple(
        Input("transplant", e.status, None, e.start, e.reference) for e in p.given if TRANSPLANT in e.set_ids
    )
    if found or done:
        return Item.known(0, *found, *done)
    unread = p.unread(Kind.CONDITIONS, Kind.PROCEDURES)
    if unread:
        return Item.unknown(1, *unread)
    return Item.known(1, Input("organ or stem-cell transplant", "none recorded"))


def _mcv(p: PatientFacts, limits: Thresholds) -> Item:
    return _low(p, "obs-mcv", "MCV", limits.plasmic_mcv, Fact.MCV, limits)


def _inr(p: PatientFacts, limits: Thresholds) -> Item:
    return _low(p, "obs-pt-inr", "INR", limits.inr_raised, Fact.INR, limits)


def _creatinine(p: PatientFacts, limits: Thresholds) -> Item:
    return _low(p, "obs-creatinine", "creatinine", limits.plasmic_creatinine, Fact.CREATININE, limits)


def _low(p: PatientFacts, set_id: str, fact: str, limit: Decimal, missing: Fact, limits: Thresholds) -> Item:
    measured = newest(p, set_id, _window(limits))
    answer = below(measured, limit)
    if measured is None or answer is Known.UNKNOWN:
        return Item.unknown(1, missing)
    return Item.known(int(answer is Known.YES), measurement_row(fact, measured))


def _window(limits: Thresholds) -> timedelta:
    return limits.span("plasmic_hours")


_ITEMS: tuple[Callable[[PatientFacts, Thresholds], Item], ...] = (
    _platelets,
    _haemolysis,
    _no_cancer,
    _no_transplant,
    _mcv,
    _inr,
    _creatinine,
)
