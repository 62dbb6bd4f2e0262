"""SAFE-12: purpura with a sign of sepsis, meningococcal until shown otherwise (rulebook A.5.4).

A finding of `bleed-skin` (or purpura fulminans) with fever, hypothermia, shock, recorded sepsis, neck stiffness or a
lactate above 2. It becomes a question where a proven or confirmed dengue, malaria or mononucleosis, or a rickettsial
infection under doxycycline, explains fever with petechiae: then blood pressure and lactate have to be known and normal,
the problem list read, and no sepsis, neck stiffness or purpura fulminans recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cards.anti_infective.ceftriaxone import Check, check_ceftriaxone, covering_therapy
from cards.anti_infective.ordering import order
from cards.facts import Activity, Bleed, PatientFacts, Sign
from cards.facts.once import once
from cards.frozen import dataclass
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
    Values,
)
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import bleeding_rows, infection_row, platelet_row, sign_row
from cards.safety.card_parts import find_population, references
from cards.safety.infections import Evidence, evidence_of
from cards.safety.silence import unless_unread
from cards.thresholds import Thresholds

PURPURA = ("bleed-skin", "bleed-purpura-fulminans")
FULMINANS = "bleed-purpura-fulminans"
EXPLAINING = ("dengue", "malaria", "ebv")
DOXYCYCLINE = "med-doxycycline"
TESTS = ("blood-culture", "meningococcus-pcr", "lactate", "coagulation")

NO_BLEEDING = NoAdvice(Why.NO_BLEEDING)

_PLACES = {fact: place for place, fact in enumerate(Fact)}

SIGNS: tuple[tuple[str, str], ...] = (
    ("fever", "temperature"),
    ("shock", "shock"),
    ("hypothermia", "temperature"),
    ("meningism", "neck stiffness"),
    ("lactate_high", "lactate"),
)
"""Signs in the order in which one leads the title, and the name of their rows."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Purpura, the signs of sepsis by their names of `SIGNS`, recorded sepsis, and what explains them."""

    purpura: tuple[Bleed, ...]
    signs: Mapping[str, tuple[Sign, ...]]
    sepsis: tuple[Input, ...]
    explained_by: Evidence | None

    @property
    def is_fulminant(self) -> bool:
        """Shock, neck stiffness, a raised lactate or purpura fulminans."""
        grave = ("shock", "meningism", "lactate_high")
        return any(b.set_id == FULMINANS for b in self.purpura) or any(key in self.signs for key in grave)


@once
def suspect(p: PatientFacts, limits: Thresholds) -> Suspicion | NoAdvice | CannotTell:
    """Whether purpura stands beside a sign of sepsis, and why not or what is missing."""
    purpura = tuple(b for b in p.bleeding.findings if b.set_id in PURPURA and _is_present(b))
    if not purpura:
        return unless_unread(p, NO_BLEEDING)
    signs = {key: found for key, _ in SIGNS if (found := getattr(p.signs, key))}
    sepsis = tuple(infection_row(p, i) for i in p.infections.current("INF-SEP"))
    if not signs and not p.sepsis_recorded:
        unknown = _in_order(p.signs.unknown)
        return CannotTell(*unknown) if unknown else NoAdvice(Why.NO_SIGNS)
    found = Suspicion(purpura, signs, sepsis, None)
    return Suspicion(purpura, signs, sepsis, _explanation(p, found, limits))


def _is_present(bleed: Bleed) -> bool:
    """Active; a suspected purpura is enough for a safety card."""
    return bleed.activity is Activity.ACTIVE or (bleed.activity is Activity.UNCLEAR and bleed.suspected)


def _explanation(p: PatientFacts, found: Suspicion, limits: Thresholds) -> Evidence | None:
    """The certain infection that explains fever with petechiae; none where anything else is or may be there."""
    if found.is_fulminant or found.sepsis or p.sepsis_recorded or set(found.signs) != {"fever"}:
        return None
    if {Fact.BLOOD_PRESSURE, Fact.LACTATE} & p.signs.unknown or not p.answered(Kind.CONDITIONS):
        return None  # a stiff neck or sepsis may stand in what was not read
    treated = ("rickettsia",) if p.using(DOXYCYCLINE) else ()
    certain = (evidence_of(p, key, limits) for key in (*EXPLAINING, *treated))
    return next((one for one in certain if one.is_certain), None)


def holds(p: PatientFacts, limits: Thresholds) -> bool:
    """Whether it gates other rules."""
    return isinstance(suspect(p, limits), Suspicion)


# ---------------------------------------------------------------------------------------------- card


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical: antibiotics now; a question where an infection explains it; a check where they are under way."""
    found = suspect(p, limits)
    if not isinstance(found, Suspicion):
        return found
    therapy = covering_therapy(p)
    tick = evidence_of(p, "rickettsia", limits)
    population = find_population(p, words="SAFE-12")
    rows = (*_rows(p, found, tick), *population.rows)
    if found.explained_by is not None:
        return _question(p, found, found.explained_by, rows)
    check = check_ceftriaxone(p, limits)
    doxycycline = tick.is_recorded and not p.using(DOXYCYCLINE)
    calm = bool(therapy) and not found.is_fulminant and not found.sepsis
    return Advise(
        "SAFE-12",
        Indicator.INFO if calm else Indicator.CRITICAL,
        title="title.under-way" if therapy else _title(found),
        say=(
            "under-way" if therapy else "suggestion",
            *(() if therapy or check.dosage is None else ("draft",)),
            *(("doxycycline",) if doxycycline else ()),
            "travel",
        ),
        cautions=(*(() if therapy else check.cautions), *population.cautions),
        unknown=tuple(dict.fromkeys((*_unknown(p), *(() if therapy else check.missing)))),
        values=_values(found),
        inputs=(*rows, *check.rows),
        suggestions=(*_drug(check, rows, bool(therapy)), *order(p, "test", TESTS, references(rows), "stat")),
        also=(*(() if therapy else ("INF-MEN",)), *population.ids),
    )


def _question(p: PatientFacts, found: Suspicion, by: Evidence, rows: tuple[Input, ...]) -> Advise:
    population = find_population(p, words="SAFE-12")
    fever = found.signs["fever"][0]
    return Advise(
        "SAFE-12",
        Indicator.WARNING,
        title="title.explained" if fever.value is not None else "title.explained-recorded",
        say=("explained", "travel"),
        cautions=population.cautions,
        unknown=_unknown(p),
        values={**_values(found), "infection": by.name},
        inputs=(*rows, *by.rows),
        suggestions=order(p, "exclude", ("blood-culture", "lactate"), references(rows), "urgent"),
        also=population.ids,
    )


def _title(found: Suspicion) -> str:
    lead = next((key for key, _ in SIGNS if key in found.signs), "sepsis")
    if lead == "fever" and found.signs[lead][0].value is None:
        return "title.fever-recorded"
    return f"title.{lead.replace('_', '-')}"


def _values(found: Suspicion) -> Values:
    lead = next((found.signs[key][0] for key, _ in SIGNS if key in found.signs), None)
    recorded = next((row.time for row in found.sepsis if row.time is not None), None)
    time = recorded if lead is None else lead.time
    value = None if lead is None else lead.value
    return {"value": "" if value is None else value, "time": "no date" if time is None else time}


def _rows(p: PatientFacts, found: Suspicion, tick: Evidence) -> tuple[Input, ...]:
    signs = tuple(sign_row(name, s) for key, name in SIGNS for s in found.signs.get(key, ()))
    return (*signs, *bleeding_rows(found.purpura), *found.sepsis, *platelet_row(p), *tick.rows)


def _unknown(p: PatientFacts) -> tuple[Fact, ...]:
    return (*_in_order(p.signs.unknown), Fact.TRAVEL)


def _in_order(facts: Iterable[Fact]) -> list[Fact]:
    """As `Fact` lists them."""
    return sorted(facts, key=_PLACES.__getitem__)


def _drug(check: Check, rows: tuple[Input, ...], under_way: bool) -> tuple[Suggestion, ...]:
    if check.dosage is None or under_way:
        return ()
    draft = Action(ActionType.CREATE, "ceftriaxone", "stat", reasons=references(rows), dosage=check.dosage)
    return (Suggestion("ceftriaxone", (draft,), recommended=True),)


ADVICE = Advice(stem="safety/purpura_sepsis", ids=("SAFE-12",), topic=Topic.SAFETY, decide=decide)
