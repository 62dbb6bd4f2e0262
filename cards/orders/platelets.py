"""ORD-08 to ORD-11: a platelet transfusion is selected. At most one card on one draft.

ORD-08 a mimic in which platelets may harm; ORD-09 no reason for platelets is recorded; ORD-11 the count that
the order rests on is missing or doubtful; ORD-10 dose, weight and repetition, merged into the others.
"""

from __future__ import annotations

from cards.anti_infective.ordering import is_ordered
from cards.facts import PatientFacts, Site
from cards.facts.platelets import Blocker
from cards.frozen import replace
from cards.host import is_newborn
from cards.orders.platelet_dose import dose_questions
from cards.orders.platelet_need import (
    PROCEDURES,
    added_risk,
    alloimmune,
    life_threatening,
    procedure_below_limit,
)
from cards.orders.selection import (
    CountSaid,
    bleeding_now,
    none_chosen,
    not_known,
    order_rows,
    read_count,
    refer,
    references,
    removal,
    remove,
    unclear_bleeding,
)
from cards.outcome import (
    Advice,
    Advise,
    Answers,
    CannotTell,
    Indicator,
    Input,
    NoAdvice,
    Outcome,
    Suggestion,
    Topic,
)
from cards.reasons import Fact, Why
from cards.record import Kind, Order
from cards.rows import bleeding_rows, infection_row, medication_row
from cards.safety.mimics import NO_PLATELETS, mimics
from cards.thresholds import Thresholds
from cards.transfusion.bleeding_risk import coming_procedures, neurosurgery
from cards.transfusion.given import PLATELETS
from cards.transfusion.newborn import coagulopathy

ANTIPLATELETS = ("med-antiplatelet", "med-aspirin", "med-p2y12", "med-gp2b3a")
MIMIC_WORDS = {"SAFE-01": "ttp", "SAFE-02": "hit", "SAFE-04": "vitt", "SAFE-03": "hus"}


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """One card on the selected platelets, or why there is none."""
    orders = p.selected(*PLATELETS)
    if not orders:
        return dict.fromkeys(ADVICE.ids, none_chosen(p, service=True))
    said = read_count(p)
    answers: dict[str, Outcome] = {
        "ORD-08": _mimic(p, limits, orders, said),
        "ORD-09": _not_needed(p, limits, orders, said),
        "ORD-11": _count_first(p, orders, said, limits),
        "ORD-10": _dose(p, limits, orders, said),
    }
    return _one_card(answers)


def _one_card(answers: dict[str, Outcome]) -> Answers:
    """A mimic silences the others; else the first that speaks carries the questions of dose and count."""
    speaking = [a for a in answers.values() if isinstance(a, Advise)]
    if len(speaking) < 2:
        return answers
    first, others = speaking[0], speaking[1:]
    if first.rule == "ORD-08":
        return answers | {a.rule: NoAdvice(Why.SUPPRESSED) for a in others}
    joined = replace(
        first,
        say=(*first.say, *(f"{a.rule}/{key}" for a in others for key in a.say)),
        inputs=tuple(dict.fromkeys((*first.inputs, *(row for a in others for row in a.inputs)))),
        unknown=tuple(dict.fromkeys((*first.unknown, *(f for a in others for f in a.unknown)))),
        also=(*first.also, *(a.rule for a in others)),
    )
    return answers | {a.rule: NoAdvice(Why.MERGED) for a in others} | {first.rule: joined}


def _rows(orders: tuple[Order, ...], said: CountSaid, *more: Input) -> tuple[Input, ...]:
    return (*order_rows("selected platelet transfusion", orders), *said.rows, *more)


# ---------------------------------------------------------------------------------------------- ORD-08


def _mimic(p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], said: CountSaid) -> Outcome:
    """TTP, HIT, VITT critical, STEC-HUS a warning; with life-threatening bleeding a warning, nothing removed."""
    held = mimics(p, limits)
    keys = tuple(words for rule, words in MIMIC_WORDS.items() if rule in held)
    if not keys:
        return NoAdvice(Why.NO_MIMIC) if p.answered(Kind.CONDITIONS) else CannotTell(Fact.CONDITIONS)
    bleeding = life_threatening(p, limits)
    critical = not bleeding and not NO_PLATELETS.isdisjoint(held)
    ask = refer(("nephrology" if keys == ("hus",) else "haematology",), "stat", references(said.rows))
    buttons = (
        (Suggestion("ask", ask, True),)
        if bleeding
        else (Suggestion("remove-and-ask", (*removal(orders), *ask), True), Suggestion("ask", ask))
    )
    return Advise(
        "ORD-08",
        Indicator.CRITICAL if critical else Indicator.WARNING,
        title=said.title("title.bleeding" if bleeding else f"title.{keys[0]}"),
        say=(*(("suggestion.bleeding",) if bleeding else ()), *(f"suggestion.{k}" for k in keys)),
        cautions=said.cautions,
        unknown=not_known(p, said),
        values=said.values,
        inputs=_rows(orders, said, *bleeding),
        suggestions=buttons,
        one_of=not bleeding,
    )


# ---------------------------------------------------------------------------------------------- ORD-09


def _not_needed(p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], said: CountSaid) -> Outcome:
    """Selected without a reason that the record shows: remove the draft, and count again."""
    found = _dengue(p, limits, said) or _haemorrhage_on_antiplatelet(p, limits, said)
    verdict = found or _no_reason(p, limits, said)
    if isinstance(verdict, NoAdvice | CannotTell):
        return verdict
    key, also, rows = verdict
    count = () if is_ordered(p, "cbc") else refer(("cbc-hematocrit" if key == "dengue" else "cbc",), "urgent")
    return Advise(
        "ORD-09",
        Indicator.WARNING,
        title=said.title(f"title.{key}"),
        say=(f"suggestion.{key}", "otherwise"),
        cautions=said.cautions,
        unknown=not_known(p, said),
        values=said.values,
        inputs=_rows(orders, said, *rows),
        suggestions=(Suggestion("remove", (*removal(orders), *count), True),),
        also=also,
    )


Unneeded = tuple[str, tuple[str, ...], tuple[Input, ...]]
"""Key of the words, rules whose words or outcome stand in the card, rows."""


def _dengue(p: PatientFacts, limits: Thresholds, said: CountSaid) -> Unneeded | None:
    """TRF-08, at any count; while dengue is only suspected a bleed below 50 (TRF-02) is transfused."""
    infections = p.infections.current("INF-DEN")
    if not infections or p.bleeding.major or (p.signs.shock and p.bleeding.serious):
        return None
    suspected = not p.infections.current("INF-DEN", suspected=False)
    if suspected and p.bleeding.serious and (said.value is None or said.below(limits.bleeding_transfuse)):
        return None
    bleeds = bleeding_rows(p.bleeding.active)
    return "dengue", ("TRF-08",), (*(infection_row(p, i) for i in infections), *bleeds)


def _haemorrhage_on_antiplatelet(p: PatientFacts, limits: Thresholds, said: CountSaid) -> Unneeded | None:
    """TRF-14: intracranial bleeding on an antiplatelet drug, 100 or more, no neurosurgery."""
    drugs = p.using(*ANTIPLATELETS)
    enough = said.value is not None and said.value >= limits.cns_transfuse and not _is_doubtful(p)
    if not (p.bleeding.cns and drugs and enough) or neurosurgery(p, limits):
        return None
    rows = (
        *bleeding_rows(p.bleeding.cns),
        *(medication_row("antiplatelet drug", m) for m in drugs),
    )
    return "ich", ("TRF-14",), rows


def _is_doubtful(p: PatientFacts) -> bool:
    """No rule may decide by the count, and it is no conflict (then the lower count decides)."""
    return p.platelets.decisive is None and p.platelets.conflict is None


def _no_reason(p: PatientFacts, limits: Thresholds, said: CountSaid) -> Unneeded | NoAdvice | CannotTell:
    """Nothing bleeds beyond the skin, the count is at the limit or above, and no other reason is recorded."""
    person = p.person
    if said.value is None or _is_doubtful(p):
        return CannotTell(Fact.PLATELETS)
    if not p.answered(Kind.CONDITIONS):
        return CannotTell(Fact.CONDITIONS)
    if bleeding_now(p) or p.bleeding.minor:
        return NoAdvice(Why.OTHER_ROW)
    if unclear_bleeding(p):
        return CannotTell(Fact.BLEEDING_ACTIVITY)
    if person.age_days is None and person.age_years is None:
        return CannotTell(Fact.AGE)
    newborn = is_newborn(p, limits)
    if said.below(limits.neonate_platelets if newborn else limits.very_low) or _has_reason(p, limits, said):
        return NoAdvice(Why.OTHER_ROW)
    if newborn:
        return "neonate", ("TRF-13", "POP-01"), ()
    skin = tuple(b for b in p.bleeding.active if b.site is Site.SKIN)
    also = ("POP-02",) if person.is_child else ()
    return ("skin" if skin else "none"), also, bleeding_rows(skin)


def _has_reason(p: PatientFacts, limits: Thresholds, said: CountSaid) -> bool:
    """A procedure below its limit, a risk that TRF-07, -09 or -12 name; in a newborn what raises its limit (TRF-13)."""
    if is_newborn(p, limits):
        clotting = said.below(limits.neonate_bleeding) and coagulopathy(p, limits)
        return bool(
            coming_procedures(p, limits.span("procedure_days"), *PROCEDURES) or alloimmune(p) or clotting
        )
    return procedure_below_limit(p, limits) or (said.value is not None and added_risk(p, limits, said.value))


# ---------------------------------------------------------------------------------------- ORD-10, ORD-11


def _dose(p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], said: CountSaid) -> Outcome:
    """Dose, weight and repetition; none of it matters while a bleed of WHO grade 3 or 4 goes on."""
    if p.bleeding.severe or life_threatening(p, limits):
        return NoAdvice(Why.OTHER_ROW)
    questions = dose_questions(p, limits, orders)
    if not questions:
        return NoAdvice(Why.OTHER_ROW) if p.answered(Kind.PROCEDURES) else CannotTell(Fact.PROCEDURES)
    templates = dict.fromkeys(q.template for q in questions if q.template is not None)
    asked = tuple(t for t in templates if not is_ordered(p, t))
    return Advise(
        "ORD-10",
        Indicator.WARNING,
        title=said.title(f"title.{questions[0].key}"),
        say=tuple(f"suggestion.{q.key}" for q in questions),
        cautions=said.cautions,
        unknown=tuple(dict.fromkeys((*not_known(p, said), *(f for q in questions for f in q.unknown)))),
        values=said.values,
        inputs=_rows(orders, said, *(row for q in questions for row in q.rows)),
        suggestions=(
            *((Suggestion("first", refer(asked, "urgent"), True),) if asked else ()),
            remove(orders, recommended=False),
        ),
        also=("POP-02",) if any(q.key == "weight" for q in questions) else (),
    )


def _count_first(p: PatientFacts, orders: tuple[Order, ...], said: CountSaid, limits: Thresholds) -> Outcome:
    """No usable count and nothing bleeds: a count with film first."""
    if not _is_doubtful(p):
        return NoAdvice(Why.COUNT_FRESH)
    if bleeding_now(p):
        return NoAdvice(Why.OTHER_ROW)
    clumped = p.platelets.blocker is Blocker.CLUMPING
    tests = ("citrate-count",) if clumped else ("cbc-film",)
    asked = tuple(t for t in tests if not is_ordered(p, t))
    may_remove = not said.below(limits.very_low) or clumped
    return Advise(
        "ORD-11",
        Indicator.WARNING,
        title=said.title("title.clumped" if clumped else "title"),
        say=("suggestion.clumped" if clumped else "suggestion",),
        unknown=tuple(dict.fromkeys((*not_known(p, said), Fact.PLATELETS))),
        values=said.values,
        inputs=_rows(orders, said),
        suggestions=(
            *((Suggestion("count", refer(asked, "urgent"), True),) if asked else ()),
            *((remove(orders, recommended=False),) if may_remove else ()),
        ),
    )


ADVICE = Advice(
    stem="orders/platelets",
    ids=("ORD-08", "ORD-09", "ORD-10", "ORD-11"),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)
