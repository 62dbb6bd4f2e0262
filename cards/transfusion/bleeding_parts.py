"""What the cards of bleeding share: adjuncts, laboratory and drug rows, what populations are told."""

from __future__ import annotations

from cards.facts import Bleed, Blocker
from cards.outcome import Input
from cards.transfusion.adjuncts import Adjunct, immunoglobulin, may_be_immune, tranexamic_acid
from cards.transfusion.bleeding_risk import neurosurgery
from cards.transfusion.case import Case, Row
from cards.transfusion.composition import drug_rows, laboratory_rows
from cards.transfusion.populations import Asked
from cards.transfusion.steroid import steroid_dangers, steroids_in_use


def asked(case: Case, *, severe: bool = False) -> Asked:
    """For the populations: active bleeding for which platelets are advised."""
    return Asked(bleeding=True, severe=severe, platelets=True, gastrointestinal=is_gastrointestinal(case))


def is_gastrointestinal(case: Case) -> bool:
    """One of the bleeds is of the gut."""
    return any(b.set_id == "bleed-gi" for b in case.bleeds)


def adjuncts(case: Case, *, emergency: bool) -> tuple[Adjunct, ...]:
    """IVIG and a steroid where the cause may be immune, not on a count that may be clumped (A.2); tranexamic acid."""
    bleeds: tuple[Bleed, ...] = case.bleeds
    clumped = case.blocker is Blocker.CLUMPING
    immune = not clumped and may_be_immune(case.p, case.mimics, case.limits)
    dangers = steroid_dangers(case.p, case.limits) if immune or steroids_in_use(case.p) else None
    return (
        *((immunoglobulin(case.p, case.limits, emergency=emergency),) if immune else ()),
        *((dangers,) if dangers is not None else ()),
        tranexamic_acid(case.p, bleeds, case.mimics, case.limits),
    )


def extra_rows(case: Case) -> tuple[Input, ...]:
    """Laboratory values, drugs, DIC; with bleeding of the brain an operation on it."""
    found = (*laboratory_rows(case), *drug_rows(case), *case.dic_rows)
    return (*found, *(neurosurgery(case.p, case.limits) if case.row is Row.CNS else ()))


def also(case: Case) -> tuple[str, ...]:
    """TRF-09, whose words join where DIC is recorded or possible."""
    return ("TRF-09",) if case.has_dic else ()
