"""TPO-01 prolonged, TPO-02 high risk earlier, TPO-03 infection first. To be discussed, never ordered."""

from __future__ import annotations

from cards.anti_infective.course import is_controlled, is_untreated
from cards.anti_infective.recorded import positive_tests, unfiled_infections
from cards.facts import Infection, PatientFacts, PlateletCount
from cards.frozen import dataclass
from cards.host import is_newborn
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    Answers,
    CannotTell,
    Indicator,
    Input,
    NoAdvice,
    Suggestion,
    Topic,
)
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import count_row, finding_row, infection_row, platelet_row
from cards.thresholds import Thresholds
from cards.tpo_ra.baseline import missing_tests
from cards.tpo_ra.contraindicated import TPO_RA, contraindications
from cards.tpo_ra.phase import RECORDED_AS, find_onset, months_since
from cards.tpo_ra.risks import Risk, find_risks

MALARIA = ("inf-malaria", "inf-malaria-severe", "inf-malaria-falciparum", "inf-malaria-vivax-ovale")
DIC = ("mimic-dic",)

IDS = ("TPO-01", "TPO-02", "TPO-03")
COUNT_NOT_LOW, NOT_LASTING = NoAdvice(Why.COUNT_NOT_LOW), NoAdvice(Why.NOT_LASTING)
NO_RISK, EXPLAINED = NoAdvice(Why.NO_RISK), NoAdvice(Why.EXPLAINED)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Criteria of TPO-01 or TPO-02 met, before treatment of the infection and contraindications are asked."""

    rule: str
    months: int
    risks: tuple[Risk, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the criteria are asked of: a count below 50 that may decide, and for how many months it has been low."""

    count: PlateletCount
    months: int


Verdict = Candidate | NoAdvice | CannotTell


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """At most one of the three speaks."""
    if is_newborn(p, limits):
        return dict.fromkeys(IDS, NoAdvice(Why.NOT_FOR_THIS_PERSON))
    asked = _asked(p, limits)
    if not isinstance(asked, Asked):
        return dict.fromkeys(IDS, asked)
    prolonged, early = _prolonged(p, asked, limits), _early(p, asked, limits)
    if not isinstance(prolonged, Candidate) and not isinstance(early, Candidate):
        return {"TPO-01": prolonged, "TPO-02": early, "TPO-03": NOT_LASTING}
    verdicts = {"TPO-01": prolonged, "TPO-02": early}
    candidate = next(v for v in (prolonged, early) if isinstance(v, Candidate))
    silent = {rule: v for rule, v in verdicts.items() if not isinstance(v, Candidate)}
    untreated = untreated_infections(p)
    if untreated:
        return {**silent, candidate.rule: NoAdvice(Why.NOT_TREATED), "TPO-03": _infection_first(p, untreated)}
    answer = _discuss(p, candidate, limits)
    return {**silent, candidate.rule: answer, "TPO-03": NoAdvice(Why.INFECTION_TREATED)}


def untreated_infections(p: PatientFacts) -> tuple[Infection, ...]:
    """Current, proven or reported infections that have a treatment and did not get it (TPO-03, ORD-20)."""
    return tuple(i for i in p.infections.found if is_untreated(p, i))


def meets_criteria(p: PatientFacts, limits: Thresholds) -> bool:
    """TPO-01 or TPO-02 by count, time and risk alone; with `untreated_infections` TPO-03 (for ORD-20)."""
    asked = _asked(p, limits)
    if not isinstance(asked, Asked):
        return False
    verdicts = (_prolonged(p, asked, limits), _early(p, asked, limits))
    return any(isinstance(v, Candidate) for v in verdicts)


def _asked(p: PatientFacts, limits: Thresholds) -> Asked | NoAdvice | CannotTell:
    """What no criterion can be asked without, or why none is."""
    count = p.platelets.decisive
    if count is None:
        return CannotTell(Fact.PLATELETS)
    if count.value >= limits.tpo_low_with_risk:
        return COUNT_NOT_LOW
    if p.using(TPO_RA):
        return NoAdvice(Why.THERAPY_ACTIVE)
    if not p.answered(Kind.CONDITIONS):
        return CannotTell(Fact.CONDITIONS)
    if unfiled_infections(p, limits) or any(_is_open(p, i) for i in p.infections.found):
        return CannotTell(Fact.INFECTION_TYPE)
    onset = find_onset(p, limits)
    if not (p.infections.found or p.present(*RECORDED_AS) or _had_infection(p)):
        return NoAdvice(Why.NO_INFECTION)
    if not (p.infections.found or p.answered(Kind.OBSERVATIONS)):
        # An infection that a test alone shows would have to be treated first.
        return CannotTell(Fact.OBSERVATIONS)
    return CannotTell(Fact.ONSET) if onset is None else Asked(count, months_since(onset, p.as_of))


def _is_open(p: PatientFacts, infection: Infection) -> bool:
    """Only suspected, current, and one that would have to be treated first."""
    return (
        infection.is_suspected_only and infection.current and not p.pathogens[infection.pathogen].supportive
    )


def _had_infection(p: PatientFacts) -> bool:
    return any(m.set_id.startswith("inf-") for f in p.record.findings for m in f.memberships)


# ---------------------------------------------------------------------------------------------- criteria


def _prolonged(p: PatientFacts, asked: Asked, limits: Thresholds) -> Verdict:
    """TPO-01 without its gates: two low counts >= 7 days apart, >= 3 calendar months from onset."""
    count = asked.count
    if count.value >= limits.tpo_low and not find_risks(p, limits):
        return NO_RISK
    if asked.months < limits.tpo_months:
        return NOT_LASTING
    risks = find_risks(p, limits)
    limit = limits.tpo_low_with_risk if risks else limits.tpo_low
    apart = limits.span("tpo_counts_days")
    earlier = [
        c for c in p.platelets.series if c.value < limit and count.time.earliest - c.time.latest >= apart
    ]
    since = p.platelets.low_since
    unbroken = [c for c in earlier if since is None or c.time.latest >= since.earliest]
    return Candidate("TPO-01", asked.months, risks) if unbroken else NOT_LASTING


def _early(p: PatientFacts, asked: Asked, limits: Thresholds) -> Verdict:
    """TPO-02 without its gates: below 30, under 3 months, one risk, and no excluded infection."""
    if asked.count.value >= limits.tpo_low:
        return COUNT_NOT_LOW
    if asked.months >= limits.tpo_months:
        return NoAdvice(Why.OTHER_ROW)
    if _is_excluded(p, limits):
        return EXPLAINED
    acute = [i for i in p.infections.current() if not p.pathogens[i.pathogen].chronic]
    if any(i.onset is None for i in acute):
        return CannotTell(Fact.ONSET)
    if any(i.onset is not None and i.onset.since(p.as_of) <= limits.span("tpo_acute_days") for i in acute):
        return NoAdvice(Why.TOO_EARLY)
    risks = find_risks(p, limits)
    return Candidate("TPO-02", asked.months, risks) if risks else NO_RISK


def _is_excluded(p: PatientFacts, limits: Thresholds) -> bool:
    """Sepsis, DIC, dengue, malaria: also when only suspected."""
    if p.sepsis_recorded or p.dengue_current:
        return True
    malaria = p.present(*MALARIA) or p.suspected(*MALARIA)
    dic = [
        f
        for f in (*p.present(*DIC), *p.suspected(*DIC))
        if (when := f.onset or f.recorded) is None or when.since(p.as_of) <= limits.span("dic_days")
    ]
    tested = any("lab-malaria" in t.set_ids for t in positive_tests(p, limits))
    return bool(malaria or dic or tested)


# ---------------------------------------------------------------------------------------------- cards


def _discuss(p: PatientFacts, candidate: Candidate, limits: Thresholds) -> Advise | NoAdvice:
    """TPO-01 or TPO-02, unless something speaks against a TPO-RA or the infection is not yet controlled."""
    if contraindications(p, limits):
        return NoAdvice(Why.CONTRAINDICATED)
    known = [i for i in p.infections.found if not i.is_suspected_only]
    if candidate.rule == "TPO-01" and not all(is_controlled(p, i, limits) for i in known):
        return NoAdvice(Why.NOT_CONTROLLED)
    recorded = p.present(*RECORDED_AS)
    elderly = any(r.key == "age" for r in candidate.risks)
    rows = (
        *platelet_row(p),
        *_first_low_row(p),
        *(infection_row(p, i) for i in known),
        *(finding_row("thrombocytopenia recorded as immune or secondary", f) for f in recorded),
        *(row for risk in candidate.risks for row in risk.rows),
    )
    conditions = (("cataract", "risk-cataract"), ("liver", "risk-liver"))
    cautions = [f"TPO-01/caution.{key}" for key, set_id in conditions if p.present(set_id)]
    is_alone = candidate.rule == "TPO-01" and not (known or _had_infection(p))
    return Advise(
        candidate.rule,
        Indicator.INFO,
        title="title.no-infection" if is_alone else "title",
        say=("suggestion", "TPO-01/label-status", "TPO-01/agents", "TPO-01/baseline"),
        cautions=(*(f"TPO-02/risk.{r.key}" for r in candidate.risks), *cautions),
        unknown=missing_tests(p, limits),
        values={"months": candidate.months},
        inputs=rows,
        suggestions=_referral(p),
        also=("POP-04",) if elderly else (),
    )


def _first_low_row(p: PatientFacts) -> tuple[Input, ...]:
    """The count with which the unbroken low series began, where it is not the one in use."""
    current, since = p.platelets.current, p.platelets.low_since
    earlier = (c for c in p.platelets.series if current is None or c.reference != current.reference)
    first = next((c for c in earlier if since is not None and c.time == since), None)
    return () if first is None else (count_row(first, "first platelet count below 100 of the series"),)


def _infection_first(p: PatientFacts, untreated: tuple[Infection, ...]) -> Advise:
    """TPO-03."""
    return Advise(
        "TPO-03",
        Indicator.INFO,
        values={"infection": p.pathogens[untreated[0].pathogen].name},
        inputs=(*platelet_row(p), *(infection_row(p, i) for i in untreated)),
    )


def _referral(p: PatientFacts) -> tuple[Suggestion, ...]:
    count = p.platelets.current
    reasons = () if count is None else (count.reference,)
    return (
        Suggestion("refer", (Action(ActionType.CREATE, "haematology", "routine", reasons=reasons),), True),
    )


ADVICE = Advice(
    stem="tpo_ra/candidate",
    ids=IDS,
    topic=Topic.TPO_RA,
    decide=decide,
)
