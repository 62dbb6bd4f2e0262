"""Whether ceftriaxone for meningococcal disease may be drafted, and at which dose (rulebook A.4, INF-GEN-06).

One source of that first dose, for SAFE-12 and for the card of the infection; its words stand with SAFE-12.

A draft needs the age, the allergy list, and in a child the weight; not the pregnancy status, which is no caution of the
drug (A.9). An allergy to a cephalosporin or to beta-lactams as a whole, a severe one to another beta-lactam, and the
first 28 days of life (calcium) leave it to the specialist.
"""

from __future__ import annotations

from decimal import Decimal

from cards.anti_infective.asked_person import allergies_known
from cards.facts import PatientFacts
from cards.frozen import dataclass, replace
from cards.outcome import Action, ActionType, Advise, Input, Suggestion
from cards.reasons import Fact
from cards.record import Allergy, Route
from cards.rows import allergy_row
from cards.thresholds import Thresholds

CEPHALOSPORINS = frozenset({"allergy-cephalosporin", "allergy-beta-lactam", "med-cephalosporin"})
OTHER_BETA_LACTAMS = frozenset(
    {"allergy-penicillin", "allergy-carbapenem", "med-penicillin", "med-aminopenicillin", "med-carbapenem"}
)
COVERING = ("med-cephalosporin", "med-penicillin", "med-carbapenem")
"""Sets whose drugs, given intravenously, are a therapy of meningococcal disease (its drugs are among them)."""

STEP = Decimal(10)


@dataclass(frozen=True, slots=True)
class Check:
    """`dosage` where the draft may be offered; cautions are words of SAFE-12; what is missing keeps it back."""

    dosage: str | None
    cautions: tuple[str, ...] = ()
    missing: tuple[Fact, ...] = ()
    rows: tuple[Input, ...] = ()


def check_ceftriaxone(p: PatientFacts, limits: Thresholds) -> Check:
    """The draft's dose, or what speaks against it, or what is not known."""
    excluded, mild = _allergies(p)
    rows = tuple(allergy_row("allergy to a beta-lactam", "recorded", a) for a in (*excluded, *mild))
    if excluded or p.person.is_neonate:
        key = "caution.allergy" if excluded else "caution.neonate"
        return Check(None, (key,), rows=rows)
    cautions = ("caution.allergy-mild",) if mild else ()
    missing = _missing(p)
    if missing:
        return Check(None, cautions, missing, rows)
    return Check(_dosage(p, limits), cautions, (), rows)


def draft_ceftriaxone(
    p: PatientFacts, card: Advise, references: tuple[str, ...], limits: Thresholds
) -> Advise:
    """The card with the first dose as its first suggestion, or with what speaks against it or is missing."""
    check = check_ceftriaxone(p, limits)
    card = replace(
        card,
        cautions=(*card.cautions, *(f"SAFE-12/{key}" for key in check.cautions)),
        unknown=tuple(dict.fromkeys((*card.unknown, *check.missing))),
        inputs=tuple(dict.fromkeys((*card.inputs, *check.rows))),
    )
    if check.dosage is None:
        return replace(card, say=(*card.say, "INF-GEN-06/withheld"))
    draft = Action(ActionType.CREATE, "ceftriaxone", "stat", reasons=references, dosage=check.dosage)
    first = Suggestion("SAFE-12/ceftriaxone", (draft,), recommended=True)
    return replace(card, say=(*card.say, "SAFE-12/draft"), suggestions=(first, *card.suggestions))


def covering_therapy(p: PatientFacts) -> tuple[str, ...]:
    """References of beta-lactams in use that are recorded as intravenous."""
    return tuple(m.reference for m in p.using(*COVERING) if m.route is Route.INTRAVENOUS)


def _allergies(p: PatientFacts) -> tuple[list[Allergy], list[Allergy]]:
    """Those that exclude it, and those that ask for care."""
    cephalosporin = [a for a in p.allergies if not CEPHALOSPORINS.isdisjoint(a.set_ids)]
    other = [
        a for a in p.allergies if not OTHER_BETA_LACTAMS.isdisjoint(a.set_ids) and a not in cephalosporin
    ]
    excluding = [a for a in cephalosporin if not a.intolerance] + [a for a in other if _is_severe(a)]
    return excluding, [a for a in (*cephalosporin, *other) if a not in excluding]


def _is_severe(allergy: Allergy) -> bool:
    return allergy.anaphylaxis or allergy.criticality == "high" or allergy.reaction_severity == "severe"


def _missing(p: PatientFacts) -> tuple[Fact, ...]:
    needs = (
        (p.person.age_years is None, Fact.AGE),
        (not allergies_known(p), Fact.ALLERGIES),
        (p.person.is_child and p.person.weight is None, Fact.WEIGHT),
    )
    return tuple(fact for is_missing, fact in needs if is_missing)


def _dosage(p: PatientFacts, limits: Thresholds) -> str:
    """The first dose; a child below 50 kg by weight, to 10 mg, never over the day's maximum."""
    weight = p.person.weight
    if not p.person.is_child or weight is None or weight.value >= limits.men_weight:
        return f"{limits.men_dose:f} g intravenously at once, then by local protocol"
    most = limits.men_daily * 1000
    low, high = (
        min(weight.value * per_kg // STEP * STEP, most)
        for per_kg in (limits.men_per_kg_low, limits.men_per_kg_high)
    )
    per_kg = f"{limits.men_per_kg_low:f} to {limits.men_per_kg_high:f} mg/kg for {weight.value:f} kg"
    first = f"{low:f} to {high:f} mg ({per_kg}) intravenously at once"
    return f"{first}, at most {limits.men_daily:f} g in a day, then by local protocol"
