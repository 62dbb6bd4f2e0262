"""SAFE-05: haemophagocytic lymphohistiocytosis: fever, two cytopenias, and ferritin or two further criteria.

The cut is this service's; HLH-2004 asks for five of eight criteria, the HScore counts ferritin in steps. Not every
value is known in every record: the criteria that are missing are named. HLH recorded in the last 30 days speaks too.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from cards.anti_infective.ordering import order
from cards.facts import Known, PatientFacts, is_past
from cards.facts.once import once
from cards.frozen import dataclass
from cards.outcome import Advice, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact
from cards.record import Kind, Measurement
from cards.rows import finding_row, measurement_row, sign_row
from cards.safety.card_parts import mimic_card, references
from cards.safety.counts import is_below
from cards.safety.laboratory import above, at_least, at_most, below, newest
from cards.safety.recorded import current_rows
from cards.safety.silence import COUNT_NOT_LOW, NO_SIGNS
from cards.thresholds import Thresholds

MEASURED = ("obs-hemoglobin", "obs-neutrophils", "obs-ferritin", "obs-triglyceride", "obs-fibrinogen")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: whether it is met, what shows it, and what is missing where it is not known."""

    met: Known
    rows: tuple[Input, ...]
    missing: Fact


FEVER = "sign-fever"
FEVER_UNKNOWN = Criterion(Known.UNKNOWN, (), Fact.TEMPERATURE)
NO_FEVER = Criterion(Known.NO, (), Fact.TEMPERATURE)


@once
def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """A warning; critical with a ferritin above 10,000 or organ failure."""
    recorded = current_rows(p, "SAFE-05", limits)
    fever = _fever(p, limits)
    if not recorded and fever.met is Known.NO:
        return COUNT_NOT_LOW if is_below(p, limits.hlh_platelets) is Known.NO else NO_SIGNS
    if not recorded and p.sets_measured.isdisjoint(MEASURED):
        return _untested(p, fever, limits)
    ferritin = newest(p, "obs-ferritin", limits.span("hlh_days"))
    cytopenias = _cytopenias(p, limits)
    if not recorded and _at_least_two(cytopenias) is Known.NO:
        return COUNT_NOT_LOW if is_below(p, limits.hlh_platelets) is Known.NO else NO_SIGNS
    criteria = (fever, *cytopenias, *_further(p, ferritin, limits))
    verdict = _is_met(p, ferritin, criteria, limits)
    if not recorded and verdict is not Known.YES:
        return _why_not(p, ferritin, criteria, verdict, limits)
    grave = above(ferritin, limits.hlh_ferritin_critical) is Known.YES or bool(p.signs.organ_failure)
    rows = (*recorded, *(row for c in criteria if c.met is Known.YES for row in c.rows))
    failing = tuple(sign_row("organ failure", s) for s in p.signs.organ_failure)
    return mimic_card(
        p,
        limits,
        "SAFE-05",
        Indicator.CRITICAL if grave else Indicator.WARNING,
        (*rows, *_ferritin_row(ferritin), *failing),
        title="title" if ferritin is not None else "title.no-ferritin",
        say=(
            "suggestion",
            *(("way.recorded",) if recorded else ()),
            *(("way.criteria",) if verdict is Known.YES else ()),
        ),
        cautions=("caution.grave",) if grave else (),
        unknown=tuple(c.missing for c in criteria if c.met is Known.UNKNOWN),
        values={} if ferritin is None else {"ferritin": f"{ferritin.value:f} {ferritin.unit}"},
        suggestions=order(
            p, "call", ("haematology", "hlh-tests"), references(rows), "stat" if grave else "urgent"
        ),
        without=("refusal",),
    )


def _untested(p: PatientFacts, fever: Criterion, limits: Thresholds) -> CannotTell:
    """Nothing of the blood but the count was measured: two cytopenias and two further criteria can be neither met nor
    ruled out.
    """
    spleen = p.answered(Kind.CONDITIONS) or p.present("risk-splenomegaly")
    return CannotTell(
        *((Fact.TEMPERATURE,) if fever.met is Known.UNKNOWN else ()),
        *((Fact.PLATELETS,) if is_below(p, limits.hlh_platelets) is Known.UNKNOWN else ()),
        Fact.HAEMOGLOBIN,
        Fact.NEUTROPHILS,
        Fact.FERRITIN,
        *(() if spleen else (Fact.CONDITIONS,)),
        Fact.TRIGLYCERIDES,
    )


def _ferritin_row(ferritin: Measurement | None) -> tuple[Input, ...]:
    return () if ferritin is None else (measurement_row("ferritin", ferritin),)


def _fever(p: PatientFacts, limits: Thresholds) -> Criterion:
    """Measured or recorded today, or recorded as going on since at most 30 days."""
    unknown = Fact.TEMPERATURE in p.signs.unknown
    if not p.signs.fever and FEVER not in p.record.finding_sets:
        return FEVER_UNKNOWN if unknown else NO_FEVER
    within = limits.span("hlh_fever_days")
    signs = tuple(sign_row("fever", s) for s in p.signs.fever)
    known = {row.reference for row in signs}
    lasting = tuple(
        finding_row("fever", f)
        for f in p.findings(FEVER)
        if not is_past(f) and p.is_recent(f, within) and f.reference not in known
    )
    met = Known.YES if signs or lasting else Known.UNKNOWN if unknown else Known.NO
    return Criterion(met, (*signs, *lasting), Fact.TEMPERATURE)


def _cytopenias(p: PatientFacts, limits: Thresholds) -> tuple[Criterion, Criterion, Criterion]:
    within = limits.span("hlh_days")
    hb, neutrophils = newest(p, "obs-hemoglobin", within), newest(p, "obs-neutrophils", within)
    return (
        Criterion(is_below(p, limits.hlh_platelets), (), Fact.PLATELETS),
        _of("haemoglobin", hb, below, limits.hlh_hb, Fact.HAEMOGLOBIN),
        _of("neutrophils", neutrophils, below, limits.hlh_neutrophils, Fact.NEUTROPHILS),
    )


def _further(p: PatientFacts, ferritin: Measurement | None, limits: Thresholds) -> tuple[Criterion, ...]:
    within = limits.span("hlh_days")
    fat, fibrinogen = newest(p, "obs-triglyceride", within), newest(p, "obs-fibrinogen", within)
    spleen = tuple(finding_row("enlarged spleen", f) for f in p.present("risk-splenomegaly"))
    return (
        _of("ferritin", ferritin, at_least, limits.hlh_ferritin, Fact.FERRITIN),
        Criterion(_answered(p, bool(spleen)), spleen, Fact.CONDITIONS),
        _lipid_or_fibrinogen(
            _of("triglycerides", fat, at_least, limits.hlh_triglyceride, Fact.TRIGLYCERIDES),
            _of("fibrinogen", fibrinogen, at_most, limits.hlh_fibrinogen, Fact.TRIGLYCERIDES),
        ),
    )


def _lipid_or_fibrinogen(fat: Criterion, fibrinogen: Criterion) -> Criterion:
    """One criterion of HLH-2004: triglycerides high or fibrinogen low."""
    if Known.YES in (fat.met, fibrinogen.met):
        return Criterion(Known.YES, (*fat.rows, *fibrinogen.rows), Fact.TRIGLYCERIDES)
    unknown = Known.UNKNOWN in (fat.met, fibrinogen.met)
    return Criterion(Known.UNKNOWN if unknown else Known.NO, (), Fact.TRIGLYCERIDES)


def _of(
    fact: str,
    m: Measurement | None,
    judge: Callable[[Measurement, Decimal], Known],
    limit: Decimal,
    missing: Fact,
) -> Criterion:
    if m is None:
        return Criterion(Known.UNKNOWN, (), missing)
    met = judge(m, limit)
    return Criterion(met, (measurement_row(fact, m),) if met is Known.YES else (), missing)


def _answered(p: PatientFacts, found: bool) -> Known:
    if found:
        return Known.YES
    return Known.NO if p.answered(Kind.CONDITIONS) else Known.UNKNOWN


def _is_met(
    p: PatientFacts, ferritin: Measurement | None, criteria: tuple[Criterion, ...], limits: Thresholds
) -> Known:
    """Fever, at least two cytopenias, and a ferritin of 2000 or two of the further criteria."""
    fever, cytopenias, further = criteria[0], criteria[1:4], criteria[4:]
    high = at_least(ferritin, limits.hlh_ferritin_high)
    parts = (fever.met, _at_least_two(cytopenias), high if high is Known.YES else _at_least_two(further))
    if Known.NO in parts:
        return Known.NO
    return Known.UNKNOWN if Known.UNKNOWN in parts else Known.YES


def _at_least_two(criteria: tuple[Criterion, ...]) -> Known:
    answers = [c.met for c in criteria]
    met = answers.count(Known.YES)
    possible = met + answers.count(Known.UNKNOWN)
    return Known.YES if met >= 2 else Known.UNKNOWN if possible >= 2 else Known.NO


def _why_not(
    p: PatientFacts,
    ferritin: Measurement | None,
    criteria: tuple[Criterion, ...],
    verdict: Known,
    limits: Thresholds,
) -> NoAdvice | CannotTell:
    if verdict is Known.UNKNOWN:
        missing = [c.missing for c in criteria if c.met is Known.UNKNOWN]
        return CannotTell(*dict.fromkeys(missing))
    return COUNT_NOT_LOW if is_below(p, limits.hlh_platelets) is Known.NO else NO_SIGNS


ADVICE = Advice(stem="safety/hlh", ids=("SAFE-05",), topic=Topic.SAFETY, decide=decide)
