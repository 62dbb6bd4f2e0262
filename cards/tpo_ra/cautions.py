"""TPO-05, TPO-06, TPO-11: the start dose of eltrombopag, the liver, and what is taken beside it or avatrombopag.

One table, two uses: ORD-18 reads it for a selected drug; a drug in use has a card of its own on patient-view, or its
words stand in the card of TPO-07 to TPO-10 and TPO-12 to TPO-14 (`cards.precedence.MERGES`).
"""

from __future__ import annotations

from decimal import Decimal

from cards.anti_infective.ordering import order
from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.outcome import Advice, Advise, Answers, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.precedence import ORDER_HOOKS
from cards.reasons import Fact, Why
from cards.record import Kind, Medication, Order, Route
from cards.rows import finding_row, infection_row, medication_row
from cards.thresholds import Thresholds

ELTROMBOPAG, AVATROMBOPAG = "med-eltrombopag", "med-avatrombopag"
CATIONS = ("med-chelating-cations", "med-bismuth")
LIVER = ("risk-liver", "risk-ascites", "risk-cirrhosis-decompensated", "risk-liver-failure")
DOSE_LIVER = ("risk-liver", "risk-cirrhosis-decompensated", "risk-liver-failure")
HCV, HCV_ID = ("inf-hcv",), "INF-HCV"
EAST_ASIAN = "east-asian"
BY_MOUTH = (None, Route.ORAL)


@dataclass(frozen=True, slots=True)
class Caution:
    """`key` names its title and its paragraph in the section of `rule`."""

    rule: str
    key: str
    rows: tuple[Input, ...]


# ------------------------------------------------------------------------------------------------------- TPO-05


@dataclass(frozen=True, slots=True)
class LowerStart:
    """The highest start dose in mg a day for this person, and what lowers it: `both` ancestry and liver."""

    limit: Decimal
    both: bool
    rows: tuple[Input, ...]


def lower_start(p: PatientFacts, limits: Thresholds) -> LowerStart | None:
    """25 mg a day with either reason, 12.5 mg with both; None where neither is recorded."""
    ancestry = EAST_ASIAN in p.person.ancestry
    liver = p.present(*DOSE_LIVER)
    if not (ancestry or liver):
        return None
    both = ancestry and bool(liver)
    told = Input("recorded ancestry", "East or Southeast Asian", None, None, p.person.reference)
    rows = (*((told,) if ancestry else ()), *(finding_row("liver disease", f) for f in liver))
    return LowerStart(limits.eltrombopag_lowest if both else limits.eltrombopag_reduced, both, rows)


def exceeds(drug: Order | Medication, limit: Decimal) -> bool:
    """By the dose of a day; without a frequency one dose is the least that a day holds."""
    if drug.dose is None or drug.dose.unit != "mg":
        return False
    return drug.dose.value * (drug.per_day or Decimal(1)) > limit


def _begun(p: PatientFacts, limits: Thresholds) -> Caution | NoAdvice | CannotTell:
    """Begun in the last weeks above the limit and still above it: later a higher dose is one that was found."""
    within = limits.span("tpo_finding_weeks")
    now = p.using(ELTROMBOPAG)
    if not now:
        return NoAdvice(Why.ALLOWED)
    taken = p.used_within(within, ELTROMBOPAG)
    dated = [(m.start.earliest, m) for m in taken if m.start is not None]
    if len(dated) < len(taken):
        return CannotTell(Fact.DRUG_START)
    first = min(dated, key=lambda one: one[0])[1]
    if first.start is None or p.as_of - first.start.latest > within:
        return NoAdvice(Why.NOT_A_START)
    if any(m.dose is None or m.dose.unit != "mg" for m in (first, *now)):
        return CannotTell(Fact.TPO_RA_DOSE)
    lower = lower_start(p, limits)
    if lower is None:
        return _unlowered(p)
    above = [m for m in now if exceeds(m, lower.limit)]
    if not above or not exceeds(first, lower.limit):
        return NoAdvice(Why.ALLOWED)
    rows = tuple(Input("dose in use", m.dose.value, "mg", m.start, m.reference) for m in above if m.dose)
    return Caution("TPO-05", "dose", (*rows, *lower.rows))


def _unlowered(p: PatientFacts) -> NoAdvice | CannotTell:
    """Is it known that nothing lowers the start dose?"""
    missing = (
        *(() if p.person.ancestry else (Fact.ANCESTRY,)),
        *(() if p.answered(Kind.CONDITIONS) else (Fact.CONDITIONS,)),
    )
    return CannotTell(*missing) if missing else NoAdvice(Why.ALLOWED)


# ------------------------------------------------------------------------------------------------------- TPO-06


def of_the_liver(p: PatientFacts) -> tuple[Caution, ...]:
    """Cirrhosis, portal hypertension, ascites; hepatitis C."""
    liver = tuple(finding_row("liver disease", f) for f in p.present(*LIVER))
    found = p.infections.current(HCV_ID, suspected=False)
    hcv = tuple(finding_row("hepatitis C", f) for f in p.present(*HCV)) or tuple(
        infection_row(p, i) for i in found
    )
    return tuple(Caution("TPO-06", key, rows) for key, rows in (("liver", liver), ("hcv", hcv)) if rows)


# ------------------------------------------------------------------------------------------------------- TPO-11


def beside_eltrombopag(p: PatientFacts) -> tuple[Caution, ...]:
    """Cations by mouth, active or selected with it; rosuvastatin; what lowers its level; a cataract."""
    cations = (
        *(medication_row("antacid, calcium, iron or other cation", m) for m in _by_mouth(p, *CATIONS)),
        *(_selected("antacid, calcium, iron or other cation", o) for o in p.selected(*CATIONS)),
    )
    statin = _rows(p, "rosuvastatin", "med-rosuvastatin")
    lowering = (
        *_rows(p, "rifamycin or boosted ritonavir", "med-rifamycin", "med-ritonavir"),
        *_rows(p, "ciclosporin", "med-ciclosporin"),
    )
    cataract = tuple(finding_row("cataract", f) for f in p.present("risk-cataract"))
    found = (("cations", cations), ("statin", statin), ("lowering", lowering), ("cataract", cataract))
    return tuple(Caution("TPO-11", key, rows) for key, rows in found if rows)


def beside_avatrombopag(p: PatientFacts) -> tuple[Caution, ...]:
    """Fluconazole raises it, rifampicin and enzalutamide lower it; with both the dose of neither is told."""
    raising = _rows(p, "fluconazole", "med-fluconazole")
    inducing = _rows(p, "inducer of its breakdown", "med-cyp-inducer", "med-rifamycin")
    if raising and inducing:
        return (Caution("TPO-11", "both-ways", (*raising, *inducing)),)
    found = (("inhibitor", raising), ("inducer", inducing))
    return tuple(Caution("TPO-11", key, rows) for key, rows in found if rows)


def _rows(p: PatientFacts, fact: str, *sets: str) -> tuple[Input, ...]:
    return (
        *(medication_row(fact, m) for m in p.using(*sets)),
        *(_selected(fact, o) for o in p.selected(*sets)),
    )


def _selected(fact: str, order: Order) -> Input:
    return Input(fact, "selected too", None, None, order.reference)


def _by_mouth(p: PatientFacts, *sets: str) -> tuple[Medication, ...]:
    return tuple(m for m in p.using(*sets) if m.route in BY_MOUTH)


# ---------------------------------------------------------------------------------------------- a drug in use


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """One card of all that is recorded beside the drug in use; a selected one is judged by ORD-18."""
    if p.hook in ORDER_HOOKS:
        return {}
    drugs = p.using(ELTROMBOPAG, AVATROMBOPAG)
    if not drugs:
        known = p.answered(Kind.MEDICATIONS)
        none: Outcome = NoAdvice(Why.NO_TPO_RA) if known else CannotTell(Fact.MEDICATIONS)
        return dict.fromkeys(ADVICE.ids, none)
    begun = _begun(p, limits)
    found = (
        *((begun,) if isinstance(begun, Caution) else ()),
        *((*of_the_liver(p), *beside_eltrombopag(p)) if p.using(ELTROMBOPAG) else ()),
        *(beside_avatrombopag(p) if p.using(AVATROMBOPAG) else ()),
    )
    answers: dict[str, Outcome] = {rule: _silent(p, rule) for rule in ADVICE.ids}
    if not isinstance(begun, Caution):
        answers["TPO-05"] = begun
    if found:
        answers |= {c.rule: NoAdvice(Why.MERGED) for c in found}
        answers[found[0].rule] = _card(p, drugs, found)
    return answers


def _silent(p: PatientFacts, rule: str) -> NoAdvice | CannotTell:
    missing = (
        *((Fact.MEDICATIONS,) if rule == "TPO-11" and not p.answered(Kind.MEDICATIONS) else ()),
        *(() if p.answered(Kind.CONDITIONS) else (Fact.CONDITIONS,)),
    )
    return CannotTell(*missing) if missing else NoAdvice(Why.ALLOWED)


def _card(p: PatientFacts, drugs: tuple[Medication, ...], found: tuple[Caution, ...]) -> Advise:
    lead = found[0]
    asked = ("haematology", "medication-review")
    return Advise(
        lead.rule,
        Indicator.WARNING,
        title=f"title.{lead.key}.in-use",
        say=tuple(f"{c.rule}/suggestion.{c.key}" for c in found),
        unknown=() if p.answered(Kind.MEDICATIONS) else (Fact.MEDICATIONS,),
        inputs=(
            *(medication_row("TPO receptor agonist", m) for m in drugs),
            *(row for c in found for row in c.rows),
        ),
        suggestions=order(p, "review", asked, (), "urgent"),
        also=tuple(dict.fromkeys(c.rule for c in found if c.rule != lead.rule)),
    )


ADVICE = Advice(
    stem="tpo_ra/cautions",
    ids=("TPO-05", "TPO-06", "TPO-11"),
    topic=Topic.TPO_RA,
    decide=decide,
    otherwise=Why.MERGED,
)
