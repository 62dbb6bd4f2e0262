"""Parts that the cards of the mimics share: what they hold back, the orders that they stop, whom they concern."""

from __future__ import annotations

from dataclasses import field

from cards.facts import Known, PatientFacts
from cards.finding_words import FINDING_WORDS
from cards.frozen import dataclass
from cards.host import is_newborn
from cards.outcome import Action, ActionType, Advise, Indicator, Input, Suggestion, Values
from cards.reasons import Fact
from cards.rows import bleeding_rows, platelet_rows, pregnancy_row, refusal_row
from cards.safety.recorded import RECORDED, history_rows
from cards.thresholds import Thresholds

BLOOD = frozenset({"proc-platelet-transfusion", "product-platelets"})


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What other cards would have said and the mimic suppresses (rulebook A.2): cautions that name it."""

    cautions: tuple[str, ...] = ()
    values: Values = field(default_factory=dict)
    rows: tuple[Input, ...] = ()


def hold_back(p: PatientFacts, limits: Thresholds) -> HeldBack:
    """Active bleeding with site and grade, and a count below 10: no transfusion card says them beside this one.

    Nothing is said to be held back where a card of the bleeding stays: TRF-01, TRF-15, TRF-13.
    """
    worst = p.bleeding.worst
    last = p.platelets.last_known
    very_low = last is not None and last < limits.very_low
    held = (worst is not None or very_low) and not _is_told_beside(p, limits)
    cautions: list[str] = []
    values: dict[str, str] = {}
    if worst is not None:
        graded = "graded" if worst.grade is not None else "ungraded"
        cautions.append(f"SAFE-01/caution.bleeding.{graded}")
        if held:
            cautions.append("SAFE-01/caution.held-back")
        values = {"bleeding": FINDING_WORDS.get(worst.name, worst.name), "bleeding_grade": str(worst.weight)}
    if very_low and held:
        cautions.append("SAFE-01/caution.very-low")
    return HeldBack(tuple(cautions), values, bleeding_rows(p.bleeding.active))


def _is_told_beside(p: PatientFacts, limits: Thresholds) -> bool:
    """A transfusion card stays beside the mimic: TRF-01 by bleeding and count, TRF-15 without a count, TRF-13."""
    count, bleeding = p.platelets.decisive, p.bleeding
    if is_newborn(p, limits):
        return True
    if count is None:
        return bool(bleeding.deep or bleeding.major)
    brain = bleeding.cns or any(b.posterior_eye for b in bleeding.active)
    limit = limits.cns_transfuse if brain else limits.bleeding_transfuse
    return bool(bleeding.major or (p.signs.shock and bleeding.serious)) and count.value < limit


def stop_orders(p: PatientFacts, *set_ids: str) -> tuple[Suggestion, ...]:
    """A button that removes the selected drafts of the sets; never platelets while bleeding threatens life."""
    actions = tuple(
        Action(ActionType.DELETE, order=o)
        for o in p.selected(*set_ids)
        if not (p.bleeding.major and o.is_in(*BLOOD))
    )
    return (Suggestion("SAFE-01/stop", actions, recommended=True),) if actions else ()


def merged(*groups: tuple[Input, ...]) -> tuple[Input, ...]:
    """All rows once: the same fact of the same resource keeps its first place and the fuller note."""
    found: dict[tuple[str, str | None], Input] = {}
    for row in (row for group in groups for row in group):
        key = (row.fact, row.reference)
        known = found.get(key)
        if known is None or len(row.note or "") > len(known.note or ""):
            found[key] = row
    return tuple(found.values())


def references(rows: tuple[Input, ...]) -> tuple[str, ...]:
    """The Observations and Conditions among the rows: the reasons of a draft."""
    kinds = ("Observation/", "Condition/")
    found = (row.reference for row in rows if row.reference is not None)
    return tuple(dict.fromkeys(r for r in found if r.startswith(kinds)))


@dataclass(frozen=True, slots=True)
class Population:
    """Who the patient is, as far as it changes the words: POP ids, cautions, rows."""

    ids: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    rows: tuple[Input, ...] = ()


def find_population(p: PatientFacts, without: tuple[str, ...] = (), words: str = "SAFE-01") -> Population:
    """A child, a pregnancy, a refusal of blood products: each with its caution, in the words of the rule `words`.

    `without` names those that the card says itself, or that do not concern it.
    """
    person = p.person
    age = Input("age", person.age_years or 0, "a", None, person.reference)
    found = (
        (person.is_child, "POP-02", "child", age),
        (person.pregnancy is Known.YES, "POP-03", "pregnancy", pregnancy_row(p)),
        (p.blood_refused is not None, "POP-09", "refusal", refusal_row(p)),
    )
    holding = [(rule, key, row) for holds, rule, key, row in found if holds and key not in without]
    return Population(
        tuple(rule for rule, _, _ in holding),
        tuple(f"{words}/caution.{key}" for _, key, _ in holding),
        tuple(row for _, _, row in holding),
    )


def mimic_card(
    p: PatientFacts,
    limits: Thresholds,
    rule: str,
    indicator: Indicator,
    rows: tuple[Input, ...],
    *,
    title: str = "title",
    say: tuple[str, ...] = ("suggestion",),
    cautions: tuple[str, ...] = (),
    unknown: tuple[Fact, ...] = (),
    values: Values | None = None,
    suggestions: tuple[Suggestion, ...] = (),
    without: tuple[str, ...] = (),
) -> Advise:
    """A card that shows the counts, then `rows`, and names the mimic's own history.

    Who the patient is adds its cautions and POP ids.
    """
    population = find_population(p, without)
    past = history_rows(p, rule, limits) if rule in RECORDED else ()
    return Advise(
        rule,
        indicator,
        title=title,
        say=say,
        cautions=(*cautions, *population.cautions),
        unknown=tuple(dict.fromkeys(unknown)),
        values=values or {},
        inputs=merged(platelet_rows(p), rows, past, population.rows),
        suggestions=suggestions,
        also=population.ids,
    )
