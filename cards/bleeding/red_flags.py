"""BLD-03: signs that can be an intracranial bleed, by how low the platelets are; imaging is urgent.

A literal table: which signs speak below which count. The card also speaks on the last known count where that may not
decide, for missing data never hide it; it is silent when the head was imaged, or imaging was ordered, after the sign.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from cards.facts import PatientFacts, Sign
from cards.frozen import dataclass
from cards.host import is_newborn
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    CannotTell,
    Indicator,
    Input,
    NoAdvice,
    Outcome,
    Suggestion,
    Topic,
)
from cards.reasons import Fact, Why
from cards.record import Kind, Medication, Moment
from cards.rows import medication_row, platelet_row, refusal_row, sign_row
from cards.safety.mimics import NO_PLATELETS, mimics
from cards.thresholds import Thresholds

ANTITHROMBOTICS = ("med-anticoagulant", "med-heparin", "med-antiplatelet", "med-aspirin", "med-thrombolytic")
CT_HEAD = "order-ct-head"
DONE_OR_ORDERED = frozenset({"completed", "in-progress", "preparation", "active", "booked"})

Signed = tuple[tuple[str, Sign], ...]
"""Signs with our words for them."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One row of the table: it speaks below its limit with these signs. `key` names its title."""

    key: str
    limit: Callable[[Thresholds], Decimal]
    signs: Callable[[PatientFacts], Signed]
    indicator: Indicator = Indicator.CRITICAL
    on_antithrombotic: bool = False


def _named(word: str, signs: tuple[Sign, ...]) -> Signed:
    return tuple((word, sign) for sign in signs) if signs else ()


def _severe(p: PatientFacts) -> Signed:
    s = p.signs
    return (
        *_named("severe headache", s.severe_headache),
        *_named("altered consciousness", s.altered_consciousness),
        *_named("seizure", s.seizure),
        *_named("focal neurological sign", s.focal_neurological),
        *_named("papilloedema", s.papilloedema),
    )


def _headache(p: PatientFacts) -> Signed:
    return _named("headache", p.signs.headache)


def _injury(p: PatientFacts) -> Signed:
    return _named("head injury", p.signs.head_injury)


def _headache_and_vomiting(p: PatientFacts) -> Signed:
    if not (p.signs.headache and p.signs.vomiting):
        return ()
    return (*_headache(p), *_named("vomiting", p.signs.vomiting))


FLAGS: tuple[Flag, ...] = (
    Flag("signs", lambda limits: limits.red_flag_count, _severe),
    Flag("injury", lambda limits: limits.red_flag_injury, _injury),
    Flag("headache", lambda limits: limits.red_flag_headache, _headache),
    Flag("headache", lambda limits: limits.red_flag_count, _headache, on_antithrombotic=True),
    Flag("vomiting", lambda limits: limits.red_flag_count, _headache_and_vomiting, Indicator.WARNING),
)
"""First match speaks. A headache or vomiting alone is none, in a febrile infection either."""


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical for the severe signs; a warning for headache with vomiting alone."""
    if is_newborn(p, limits):
        return NoAdvice(Why.NOT_FOR_THIS_PERSON)
    present = [flag for flag in FLAGS if flag.signs(p)]
    if not present:
        return NoAdvice(Why.NO_SIGNS) if p.answered(Kind.CONDITIONS) else CannotTell(Fact.CONDITIONS)
    if p.bleeding.cns:
        return NoAdvice(Why.EXPLAINED)
    last = p.platelets.last_known
    if last is None:
        return CannotTell(Fact.PLATELETS)
    drugs = p.using(*ANTITHROMBOTICS)
    low = [flag for flag in present if last < flag.limit(limits)]
    flag = next((f for f in low if drugs or not f.on_antithrombotic), None)
    if flag is None:
        unknown = bool(low) and not p.answered(Kind.MEDICATIONS)
        return CannotTell(Fact.MEDICATIONS) if unknown else NoAdvice(Why.COUNT_NOT_LOW)
    signs = flag.signs(p)
    if is_imaged(p, tuple(sign.time for _, sign in signs), limits):
        return NoAdvice(Why.IMAGED)
    return _card(p, flag, signs, drugs, limits)


def is_imaged(p: PatientFacts, times: tuple[Moment | None, ...], limits: Thresholds) -> bool:
    """CT or MRI of the head was done or ordered after each of these times of signs; an undated one is never settled.

    An order of before the sign is for something else, unless it is due within the hours in which orders count (A.3).
    """
    images = [o.start or o.end for o in p.given if CT_HEAD in o.set_ids and o.status in DONE_OR_ORDERED]
    for plan in p.planned:
        if CT_HEAD in plan.set_ids and plan.status in DONE_OR_ORDERED:
            due = plan.occurrence
            soon = due is not None and due.earliest - p.as_of <= limits.span("order_in_progress")
            images += [plan.authored, due if soon else None]
    return any(image is not None and all(_follows(image, time) for time in times) for image in images)


def _follows(image: Moment, sign: Moment | None) -> bool:
    """Possibly after the sign: a date without a time of the same day counts."""
    return sign is not None and image.latest >= sign.earliest


def _card(
    p: PatientFacts, flag: Flag, signs: Signed, drugs: tuple[Medication, ...], limits: Thresholds
) -> Advise:
    certain = p.platelets.decisive is not None
    critical = flag.indicator is Indicator.CRITICAL
    rows: tuple[Input, ...] = tuple(sign_row(word, sign) for word, sign in signs)
    reasons = tuple(dict.fromkeys(sign.reference for _, sign in signs))
    title = f"title.{flag.key}"
    action = Action(ActionType.CREATE, "ct-head", "stat" if critical else "urgent", reasons=reasons)
    return Advise(
        "BLD-03",
        flag.indicator,
        title=title if certain else f"{title}.last-known",
        say=("suggestion" if critical else "suggestion.vomiting", *(() if certain else ("last-known",))),
        cautions=_cautions(p, drugs, limits),
        unknown=_unknown(p),
        inputs=(
            *rows,
            *platelet_row(p),
            *(medication_row("antithrombotic drug", drug) for drug in drugs),
            *(sign_row("fever", s) for s in p.signs.fever),
            *(sign_row("neck stiffness", s) for s in p.signs.meningism),
            *((refusal_row(p),) if p.blood_refused is not None else ()),
        ),
        suggestions=(Suggestion("ct", (action,), recommended=True),),
        also=("POP-09",) if p.blood_refused is not None else (),
    )


def _cautions(p: PatientFacts, drugs: tuple[Medication, ...], limits: Thresholds) -> tuple[str, ...]:
    """What changes the care of a possible intracranial bleed."""
    found = (
        ("caution.antithrombotic", bool(drugs)),
        ("caution.meningitis", bool(p.signs.meningism or p.signs.fever or p.sepsis_recorded)),
        ("caution.mimic", not mimics(p, limits).isdisjoint(NO_PLATELETS)),
        ("caution.refused", p.blood_refused is not None),
    )
    return tuple(key for key, applies in found if applies)


def _unknown(p: PatientFacts) -> tuple[Fact, ...]:
    missing = (
        (p.platelets.decisive is None, Fact.PLATELETS),
        (not p.answered(Kind.MEDICATIONS), Fact.MEDICATIONS),
    )
    return tuple(fact for is_missing, fact in missing if is_missing)


ADVICE = Advice(stem="bleeding/red_flags", ids=("BLD-03",), topic=Topic.SAFETY, decide=decide)
