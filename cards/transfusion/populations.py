"""What the transfusion cards say to particular patients (rulebook G): paragraphs and cautions by POP id."""

from __future__ import annotations

from cards.facts import Known, PatientFacts
from cards.frozen import dataclass
from cards.host import kidney_disease, transplantations
from cards.outcome import Input
from cards.reading.situation import DENGUE
from cards.rows import event_row, finding_row, pregnancy_row, refusal_row
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds
from cards.transfusion.adjuncts import may_be_immune
from cards.transfusion.steroid import steroid_dangers

MENINGOCOCCI = "INF-MEN"
LIVER, SPLEEN = ("risk-liver",), ("risk-splenomegaly",)
IRRADIATED = ("status-transplant", "mimic-lymphoma")


@dataclass(frozen=True, slots=True)
class Addition:
    """What one population adds to a card."""

    rule: str
    say: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    rows: tuple[Input, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a card is about, as far as populations answer to it."""

    bleeding: bool = False  # active, not of the skin
    severe: bool = False  # life-threatening
    platelets: bool = False  # platelets are advised or to be considered
    gastrointestinal: bool = False


def additions(p: PatientFacts, asked: Asked, limits: Thresholds) -> tuple[Addition, ...]:
    """In the order of the rulebook."""
    return (
        *_child(p, asked, limits),
        *_pregnancy(p, asked, limits),
        *_steroid(p, asked, limits),
        *_elderly(p, asked, limits),
        *_immunocompromised(p, asked),
        *_liver(p, asked),
        *_kidney(p, asked, limits),
        *_refusal(p, limits),
    )


def suits_immune_drugs(p: PatientFacts, limits: Thresholds) -> bool:
    """The paragraphs may name IVIG, a steroid or a TPO-RA: nothing recorded speaks for another cause or against them.

    In dengue WHO discourages a steroid and IVIG; in sepsis a TPO-RA is not advised, and a steroid waits (IMM-02).
    """
    against = p.infections.current(DENGUE) or p.infections.current(MENINGOCOCCI) or p.sepsis_recorded
    return not against and may_be_immune(p, mimics(p, limits), limits)


def _child(p: PatientFacts, asked: Asked, limits: Thresholds) -> tuple[Addition, ...]:
    if not p.person.is_child:
        return ()
    return (Addition("POP-02", (f"POP-02/{_child_words(p, asked, limits)}",), rows=_age(p)),)


def _child_words(p: PatientFacts, asked: Asked, limits: Thresholds) -> str:
    if asked.severe:
        return "severe"
    if not suits_immune_drugs(p, limits):
        return "other-cause"
    return "bleeding" if asked.bleeding else "no-bleeding"


def _pregnancy(p: PatientFacts, asked: Asked, limits: Thresholds) -> tuple[Addition, ...]:
    if p.person.pregnancy is not Known.YES:
        return ()
    immune = not asked.severe and suits_immune_drugs(p, limits)
    first = "severe" if asked.severe else "first"
    treated = ("POP-03/immune",) if immune else ()
    return (Addition("POP-03", (f"POP-03/{first}", *treated, "POP-03/birth"), rows=(pregnancy_row(p),)),)


def _steroid(p: PatientFacts, asked: Asked, limits: Thresholds) -> tuple[Addition, ...]:
    """IMM-02: what speaks against the steroid that these paragraphs name."""
    concerned = p.person.pregnancy is Known.YES or (p.person.is_child and asked.bleeding)
    named = concerned and not asked.severe and suits_immune_drugs(p, limits)
    dangers = steroid_dangers(p, limits) if named else None
    if dangers is None:
        return ()
    return (Addition(dangers.rule, cautions=dangers.cautions, rows=dangers.rows),)


def _elderly(p: PatientFacts, asked: Asked, limits: Thresholds) -> tuple[Addition, ...]:
    age = p.person.age_years
    if age is None or age < limits.elderly:
        return ()
    overload = ("POP-04/caution.overload",) if asked.platelets and p.blood_refused is None else ()
    return (Addition("POP-04", cautions=("POP-04/caution.age", *overload), rows=_age(p)),)


def _immunocompromised(p: PatientFacts, asked: Asked) -> tuple[Addition, ...]:
    if not asked.platelets or p.blood_refused is not None:
        return ()
    found, done = p.present(*IRRADIATED), transplantations(p)
    if not (found or done):
        return ()
    grafts = (
        *(finding_row("transplant or lymphoma", f) for f in found),
        *(event_row("transplant", e) for e in done),
    )
    return (Addition("POP-05", cautions=("POP-05/caution.irradiated",), rows=grafts),)


def _liver(p: PatientFacts, asked: Asked) -> tuple[Addition, ...]:
    cirrhosis, spleen = p.present(*LIVER), p.present(*SPLEEN)
    if not (cirrhosis or spleen):
        return ()
    varices = ("POP-06/variceal",) if cirrhosis and asked.gastrointestinal else ()
    rows = (
        *(finding_row("cirrhosis or portal hypertension", f) for f in cirrhosis),
        *(finding_row("large spleen", f) for f in spleen),
    )
    return (Addition("POP-06", varices, ("POP-06/caution.spleen",), rows),)


def _kidney(p: PatientFacts, asked: Asked, limits: Thresholds) -> tuple[Addition, ...]:
    failing = kidney_disease(p, limits) if asked.bleeding else ()
    return (Addition("POP-07", cautions=("POP-07/caution.uraemia",), rows=failing),) if failing else ()


def _refusal(p: PatientFacts, limits: Thresholds) -> tuple[Addition, ...]:
    if p.blood_refused is None:
        return ()
    return (Addition("POP-09", refusal_words(p, limits), rows=(refusal_row(p),)),)


def refusal_words(p: PatientFacts, limits: Thresholds) -> tuple[str, ...]:
    """What remains where blood is refused, and the question what the refusal covers."""
    remains = "immune" if suits_immune_drugs(p, limits) else "other-cause"
    return ("POP-09/refused", f"POP-09/remains.{remains}")


def _age(p: PatientFacts) -> tuple[Input, ...]:
    age = p.person.age_years
    return () if age is None else (Input("age", age, "a", None, p.person.reference),)
