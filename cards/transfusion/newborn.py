"""TRF-13: platelets for newborns (rulebook POP-01), who have limits of their own; no row of adults holds for them.

Petechiae alone are no bleeding here: at 25 to 50 platelets did harm preterm infants, and "bleeding" of the rule is read
as more than skin. A sibling with brain bleeding (FNAIT) cannot be read from a record: the card asks.
"""

from __future__ import annotations

from decimal import Decimal

from cards.anti_infective.ordering import order
from cards.facts import Bleed, PatientFacts, Site
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
from cards.reading.situation import DENGUE, has_current_dic
from cards.reasons import Fact, Why
from cards.record import Kind, Moment
from cards.rows import (
    bleeding_rows,
    count_row,
    finding_row,
    infection_row,
    measurement_row,
    platelet_rows,
    refusal_row,
)
from cards.safety.mimics import NO_PLATELETS, mimics
from cards.thresholds import Thresholds
from cards.transfusion.bleeding_risk import INVASIVE, coming_procedures
from cards.transfusion.given import PLATELETS, Given, find_given

STEP = Decimal("5")
MAJOR_SURGERY = ("proc-major-surgery", "proc-neurosurgery")
LUMBAR_PUNCTURE = "proc-lumbar-puncture"
OTHER_SURGERY = tuple(s for s in INVASIVE if s not in (*MAJOR_SURGERY, LUMBAR_PUNCTURE))
"""A lumbar puncture is no surgery: its limit (PROC-01) lies lower, and from 25 on platelets harm (PLANET2)."""
MAJOR_KINDS = frozenset({"newborn-brain", "newborn-lung"})


@dataclass(frozen=True, slots=True)
class Newborn:
    """What the decision asks: bleeding beyond the skin, reasons for a higher limit, platelets on their way."""

    p: PatientFacts
    limits: Thresholds
    bleeds: tuple[Bleed, ...]
    major: bool
    major_surgery: tuple[Input, ...]
    reasons: tuple[Input, ...]
    given: Given | None


def read_newborn(p: PatientFacts, limits: Thresholds) -> Newborn:
    """The newborn of one call."""
    bleeds = tuple(b for b in p.bleeding.active if b.site is not Site.SKIN)
    within = limits.span("procedure_days")
    surgery = coming_procedures(p, within, *MAJOR_SURGERY)
    return Newborn(
        p,
        limits,
        bleeds,
        major=any(_is_major(p, b) for b in bleeds) or bool(p.bleeding.severe),
        major_surgery=surgery,
        reasons=(*surgery, *coming_procedures(p, within, *OTHER_SURGERY), *coagulopathy(p, limits)),
        given=find_given(p, limits),
    )


def _is_major(p: PatientFacts, bleed: Bleed) -> bool:
    """Inside the skull, of the lung, of the gut with shock."""
    if bleed.site is Site.CNS or bleed.name in MAJOR_KINDS:
        return True
    gut = bleed.set_id == "bleed-gi" or bleed.name == "newborn-gut"
    return bleed.set_id == "bleed-pulmonary" or (gut and bool(p.signs.shock))


def coagulopathy(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """A disorder of clotting by INR or fibrinogen of the day, or recorded as disseminated coagulation."""
    within = limits.span("organ_failure_hours")
    inr, fibrinogen = p.newest("obs-pt-inr", within), p.newest("obs-fibrinogen", within)
    raised = inr is not None and inr.value >= limits.inr_raised
    low = fibrinogen is not None and fibrinogen.value < limits.fibrinogen_low
    dic = p.findings("mimic-dic") if has_current_dic(p.record, limits) else ()
    return (
        *((measurement_row("INR", inr),) if inr is not None and raised else ()),
        *((measurement_row("fibrinogen", fibrinogen),) if fibrinogen is not None and low else ()),
        *(finding_row("disseminated intravascular coagulation", f) for f in dic),
    )


# ---------------------------------------------------------------------------------------------- decision


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """One card, or none from 50 on without a reason."""
    if not is_newborn(p, limits):
        return NoAdvice(Why.NOT_FOR_THIS_PERSON)
    child, count = read_newborn(p, limits), p.platelets.decisive
    if count is None:
        return _without_count(child) if child.bleeds or child.major else CannotTell(Fact.PLATELETS)
    value = count.value
    if child.major and value < limits.neonate_major:
        return _card(child, Indicator.CRITICAL, "major")
    if child.bleeds and value < limits.neonate_bleeding:
        return _card(child, Indicator.CRITICAL, "bleeding")
    if value < limits.neonate_platelets:
        return _card(child, Indicator.WARNING, "low")
    if child.major_surgery and value < limits.neonate_major:
        return _card(child, Indicator.WARNING, "surgery")
    if child.reasons and value < limits.neonate_bleeding:
        return _card(child, Indicator.WARNING, "reason")
    if value < limits.neonate_bleeding:
        return _card(child, Indicator.INFO, "wait")
    return NoAdvice(Why.COUNT_NOT_LOW)


def _without_count(child: Newborn) -> Advise:
    """Bleeding, and no count to rely on."""
    indicator = Indicator.CRITICAL if child.major else Indicator.WARNING
    current = child.p.platelets.current
    last = () if current is None else (count_row(current, "last known platelet count, not relied on"),)
    refused = child.p.blood_refused is not None
    return Advise(
        "TRF-13",
        indicator,
        title="title.no-count.refused" if refused else "title.no-count",
        say=("no-count", "refused" if refused else "prepare"),
        unknown=(Fact.PLATELETS,),
        inputs=(*last, *bleeding_rows(child.bleeds), *((refusal_row(child.p),) if refused else ())),
        suggestions=order(child.p, "count", ("cbc-film", "group-and-screen"), _references(child), "stat"),
        also=("POP-01", *(("POP-09",) if refused else ())),
    )


def _card(child: Newborn, indicator: Indicator, key: str) -> Advise:
    """`key` names title and paragraph; while platelets are on their way there is no second draft."""
    p, advises = child.p, key != "wait"
    under_way = advises and child.given is not None
    quieter = under_way and indicator is Indicator.WARNING
    refused = advises and p.blood_refused is not None
    alloimmune = (*p.present("mimic-alloimmune"), *p.suspected("mimic-alloimmune"))
    against = _against(child) if key not in ("major", "wait") else ""
    volumes = _volumes(child)
    unread = key == "wait" and not p.answered(Kind.CONDITIONS)
    say = [
        *(("unread",) if unread else ()),
        key,
        *((against,) if against else ()),
        *(("given",) if under_way else ()),
        *(("refused",) if refused else ()),
    ]
    if advises and not refused and not against:
        say += ["dose" if volumes is not None else "dose.no-weight"]
    return Advise(
        "TRF-13",
        Indicator.INFO if quieter else indicator,
        title=f"title.{against}"
        if against and not refused
        else _title(child, key, refused=refused, unread=unread, given=quieter),
        say=(*say, "causes"),
        cautions=("caution.alloimmune",) if alloimmune else (),
        unknown=(
            *((Fact.CONDITIONS,) if not p.answered(Kind.CONDITIONS) else ()),
            *((Fact.WEIGHT,) if advises and volumes is None else ()),
            *((Fact.BLOOD_FILM,) if not p.tests("obs-platelet-morphology", "obs-schistocytes") else ()),
        ),
        values=_values(child, volumes),
        inputs=(
            *_rows(child, tuple(finding_row("alloimmune thrombocytopenia", f) for f in alloimmune)),
            *((refusal_row(p),) if refused else ()),
        ),
        suggestions=_suggestions(
            child, indicator, volumes if advises and not refused and not against else None, key
        ),
        also=("POP-01", *(("POP-09",) if refused else ()), *(("TRF-11",) if under_way else ())),
    )


def _against(child: Newborn) -> str:
    """What keeps platelets for life-threatening bleeding, by the key of its words: TTP and its like, dengue."""
    if mimics(child.p, child.limits) & NO_PLATELETS:
        return "mimic"
    return "dengue" if child.p.infections.current(DENGUE) else ""


def _title(child: Newborn, key: str, *, refused: bool, unread: bool, given: bool) -> str:
    skin = key == "wait" and bool(child.p.bleeding.skin)
    found = (("refused", refused), ("unread", unread), ("given", given), ("skin", skin), (key, True))
    return f"title.{next(name for name, applies in found if applies)}"


def _suggestions(
    child: Newborn, indicator: Indicator, volumes: tuple[Decimal, ...] | None, key: str
) -> tuple[Suggestion, ...]:
    p, references = child.p, _references(child)
    urgency = "stat" if indicator is Indicator.CRITICAL else "urgent"
    asked = order(p, "refer", ("haematology", "cbc-film"), references, urgency)
    if key == "wait":
        chosen = tuple(Action(ActionType.DELETE, order=o) for o in p.selected(*PLATELETS))
        sure = chosen and p.answered(Kind.CONDITIONS)
        stop = (Suggestion("stop", chosen, recommended=True),) if sure else ()
        return (*stop, *order(p, "count", ("cbc-film",), references, "routine"))
    if volumes is None or child.given is not None or p.selected(*PLATELETS):
        return asked
    dose = Action(ActionType.CREATE, "platelets-child", urgency, (volumes[1], "mL"), reasons=references)
    after = Action(ActionType.CREATE, "cbc-after-platelets", urgency, reasons=references)
    recommended = indicator is Indicator.CRITICAL
    return (Suggestion("platelets", (dose, after), recommended), *asked)


def _volumes(child: Newborn) -> tuple[Decimal, ...] | None:
    """10, 15 and 20 mL/kg, rounded down to 5 mL (below 5 mL to 1)."""
    weight, limits = child.p.person.weight, child.limits
    if weight is None:
        return None
    doses = (limits.neonate_dose_low, limits.neonate_dose, limits.neonate_dose_high)
    return tuple(_round(weight.value * per_kg) for per_kg in doses)


def _round(volume: Decimal) -> Decimal:
    return volume // STEP * STEP or volume // 1


def _values(child: Newborn, volumes: tuple[Decimal, ...] | None) -> dict[str, str | int | Decimal | Moment]:
    values: dict[str, str | int | Decimal | Moment] = {}
    if volumes is not None:
        values |= {
            "volume_low": f"{volumes[0]:f}",
            "volume": f"{volumes[1]:f}",
            "volume_high": f"{volumes[2]:f}",
        }
    if child.given is not None:
        values["given"] = child.given.time
    return values


def _references(child: Newborn) -> tuple[str, ...]:
    count = child.p.platelets.current
    return (*(() if count is None else (count.reference,)), *(b.reference for b in child.bleeds))


def _rows(child: Newborn, alloimmune: tuple[Input, ...]) -> tuple[Input, ...]:
    p = child.p
    age = p.person.age_days
    return (
        *platelet_rows(p),
        *((Input("age", age, "d", None, p.person.reference),) if age is not None else ()),
        *bleeding_rows(child.bleeds or p.bleeding.skin),
        *child.reasons,
        *(infection_row(p, i) for i in p.infections.current()),
        *alloimmune,
        *((child.given.row,) if child.given is not None else ()),
    )


ADVICE = Advice(
    stem="transfusion/newborn",
    ids=("TRF-13",),
    topic=Topic.TRANSFUSION,
    decide=decide,
    otherwise=Why.NOT_FOR_THIS_PERSON,
)
